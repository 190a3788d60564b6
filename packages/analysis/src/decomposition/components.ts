/** What each head and MLP gives a target: by all paths, and directly. */
import type { DecompositionComponent } from "@patchbay/contract";
import type { Engine } from "@patchbay/transformer";
import { ensureDefined, headLabel } from "@patchbay/vocabulary";
import { dot, type FrozenRun, vectorAt } from "./frozen-run.ts";
import { outputCombination } from "./output-combination.ts";
import type { BlockGradient, StreamPlace } from "./propagate.ts";
import type { ResolvedTarget } from "./target.ts";

/** The target's direction seen from the heads' z in one layer. */
export interface DirectReading {
  /** [head × head_dimension] */
  readonly z: Float32Array;
  /** What the attention's output bias gives the target directly. */
  readonly bias: number;
}

/** Blocks whose attention lies below the place. */
export function blocksBelow({ layer, at }: StreamPlace): number {
  return at === "middle" ? layer + 1 : layer;
}

/** Whether a layer's MLP lies below the place. */
export function mlpIsBelow(layer: number, place: StreamPlace, neurons: number): boolean {
  return neurons > 0 && layer < place.layer;
}

export async function directReadings(
  engine: Engine,
  target: ResolvedTarget,
  signal: AbortSignal,
): Promise<DirectReading[]> {
  const readings: DirectReading[] = [];
  for (let layer = 0; layer < blocksBelow(target.place); layer++) {
    const { attention } = engine.model.architecture.block(layer);
    const name = `blocks.${layer}.attention-output`;
    const { direction, bias } = await outputCombination(engine, name, attention.output, target.direction, signal);
    readings.push({ z: direction, bias });
  }
  return readings;
}

export function componentsOf(
  engine: Engine,
  run: FrozenRun,
  target: ResolvedTarget,
  readings: readonly DirectReading[],
  blocks: ReadonlyMap<number, BlockGradient>,
): DecompositionComponent[] {
  const { heads, headWidth, neurons } = engine.model.shape;
  return readings.flatMap(({ z: reading }, layer) => {
    const { z, mlpOut } = ensureDefined(run.layers[layer]);
    const gradient = ensureDefined(blocks.get(layer), "gradient");
    const components: DecompositionComponent[] = Array.from({ length: heads }, (_, unit) => {
      let through = 0;
      for (let position = 0; position < run.length; position++) {
        const start = (position * heads + unit) * headWidth;
        through += dot(gradient.z.subarray(start, start + headWidth), z.data.subarray(start, start + headWidth));
      }
      const own = vectorAt(z, target.position).subarray(unit * headWidth, (unit + 1) * headWidth);
      const direct = dot(own, reading.subarray(unit * headWidth, (unit + 1) * headWidth));
      return { label: headLabel(layer, unit), kind: "head", layer, unit, through, direct };
    });
    if (mlpOut !== undefined && mlpIsBelow(layer, target.place, neurons)) {
      const through = dot(gradient.mlpOut, mlpOut.data);
      const direct = dot(target.direction, vectorAt(mlpOut, target.position));
      components.push({ label: `${layer}_mlp_out`, kind: "mlp", layer, through, direct });
    }
    return components;
  });
}
