/**
 * Predicted against measured on texts that nothing was fitted to.
 *
 * Predicted at a position: direction · norm-free stream at the positions where the path's heads attend, their patterns of the run as
 * weights (where heads look is not part of an observable). Measured: the last component's own addition to the stream there, read by
 * the observable through the final norm as it is.
 */
import type { ObservablePath } from "@patchbay/contract";
import type { Engine } from "@patchbay/transformer";
import { ensureDefined } from "@patchbay/vocabulary";
import { dot } from "../decomposition/frozen-run.ts";
import { outputCombination } from "../decomposition/output-combination.ts";
import type { Component } from "./carry-back.ts";
import { normScale } from "./norm-gradient.ts";
import { type RecordedText, rowAt } from "./reference-point.ts";

const SCATTER_POINTS = 500;

export interface ComparedPath {
  readonly components: readonly Component[];
  /** Of the stream at the first component's input, [residual]. */
  readonly direction: Float32Array;
  /** The observable behind the last component, the final norm's weight folded in, [residual]. */
  readonly observable: Float32Array;
}

export async function compareHeldOut(
  engine: Engine,
  texts: readonly { readonly recorded: RecordedText; readonly first: number }[],
  { components, direction, observable }: ComparedPath,
  signal: AbortSignal,
): Promise<NonNullable<ObservablePath["heldOut"]>> {
  const { shape, architecture } = engine.model;
  const last = ensureDefined(components.at(-1), "last component");
  const reading =
    last.kind === "mlp"
      ? undefined
      : (
          await outputCombination(
            engine,
            `blocks.${last.layer}.attention-output`,
            architecture.block(last.layer).attention.output,
            observable,
            signal,
          )
        ).direction.subarray(last.head * shape.headWidth, (last.head + 1) * shape.headWidth);
  const predicted: number[] = [];
  const measured: number[] = [];
  for (const { recorded, first } of texts) {
    const prediction = projected(recorded, components, direction, shape.heads);
    const layer = ensureDefined(recorded.layers[last.layer]);
    for (let position = first; position < recorded.length; position++) {
      const scale = normScale(rowAt(recorded.final, position), shape.norm);
      const start = last.kind === "mlp" ? 0 : last.head * shape.headWidth;
      const own =
        reading === undefined
          ? dot(rowAt(ensureDefined(layer.mlpOut), position), observable)
          : dot(rowAt(layer.z, position).subarray(start, start + shape.headWidth), reading);
      predicted.push(prediction[position] ?? 0);
      measured.push(own / scale);
    }
  }
  const step = Math.max(1, Math.ceil(predicted.length / SCATTER_POINTS));
  const thinned = (values: readonly number[]) => values.filter((_, i) => i % step === 0);
  return {
    ...regression(predicted, measured),
    points: predicted.length,
    predicted: thinned(predicted),
    measured: thinned(measured),
  };
}

/** Direction · stream at each position, carried to where the path's heads look from. */
export function projected(
  { length, layers }: RecordedText,
  components: readonly Component[],
  direction: Float32Array,
  heads: number,
): number[] {
  const first = ensureDefined(components[0], "first component");
  const recorded = ensureDefined(layers[first.layer]);
  const stream = ensureDefined(first.kind === "mlp" ? recorded.beforeMlp : recorded.before);
  let values = Array.from({ length }, (_, position) => dot(rowAt(stream, position), direction));
  for (const component of components) {
    if (component.kind === "mlp") continue;
    const { data } = ensureDefined(layers[component.layer]).pattern;
    const before = values;
    values = before.map((_, query) => {
      const row = ((component.head % heads) * length + query) * length;
      return before.reduce((sum, value, key) => sum + value * (data[row + key] ?? 0), 0);
    });
  }
  return values;
}

/** Pearson r and the slope of y on x; null where one of them does not vary. */
export function regression(x: readonly number[], y: readonly number[]) {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(x), mean(y)];
  let [covariance, squareX, squareY] = [0, 0, 0];
  for (const [i, value] of x.entries()) {
    const [dx, dy] = [value - meanX, (y[i] ?? 0) - meanY];
    covariance += dx * dy;
    squareX += dx * dx;
    squareY += dy * dy;
  }
  const varies = squareX > 0 && squareY > 0;
  return {
    correlation: varies ? covariance / Math.sqrt(squareX * squareY) : null,
    slope: squareX > 0 ? covariance / squareX : null,
  };
}
