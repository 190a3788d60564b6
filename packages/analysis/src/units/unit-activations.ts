/** From the values at a source's site to its units' activations. */
import type { Engine } from "@patchbay/transformer";
import { ensureDefined, type Tensor } from "@patchbay/vocabulary";
import { encodeFeatures } from "../dictionaries/encode-features.ts";
import type { UnitSource } from "./unit-context.ts";

/** One row's units that are not 0, in no particular order; neurons' rows are whole. */
export interface RowActivations {
  readonly units: ArrayLike<number>;
  readonly values: Float32Array;
}

/**
 * @param values [row, width] at the source's site
 * @param positions of each row in its text: some dictionaries leave the first one out
 */
export async function activationRows(
  engine: Engine,
  source: UnitSource,
  values: Tensor,
  positions: readonly number[],
  signal: AbortSignal,
): Promise<RowActivations[]> {
  if (source.kind === "neuron") {
    const units = Int32Array.from({ length: source.units }, (_, unit) => unit);
    return positions.map((_, row) => ({
      units,
      values: values.data.subarray(row * source.units, (row + 1) * source.units),
    }));
  }
  const dictionary = ensureDefined(source.dictionary, source.name);
  const { starts, features, values: found } = await encodeFeatures(engine, dictionary, values, signal);
  const none = { units: [], values: new Float32Array(0) };
  return positions.map((position, row) => {
    if (position === 0 && dictionary.spec.skipsFirstPosition) return none;
    const [start, end] = [starts[row], starts[row + 1]];
    return { units: features.subarray(start, end), values: found.subarray(start, end) };
  });
}

/** [row] of one unit; see `activationRows`. */
export async function activationsOfUnit(
  engine: Engine,
  source: UnitSource,
  unit: number,
  values: Tensor,
  positions: readonly number[],
  signal: AbortSignal,
): Promise<Float32Array> {
  const rows = await activationRows(engine, source, values, positions, signal);
  return Float32Array.from(rows, (row) => activationIn(row, unit));
}

export function activationIn({ units, values }: RowActivations, unit: number): number {
  for (let i = 0; i < units.length; i++) if (units[i] === unit) return values[i] ?? 0;
  return 0;
}
