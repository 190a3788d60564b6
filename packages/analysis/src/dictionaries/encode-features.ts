/** A dictionary's features and outputs for rows of activations, on the runtime, in pieces of bounded memory. */
import {
  buildEncodeGraph,
  buildReconstructGraph,
  DICTIONARY_VALUES,
  type Dictionary,
  keepsFixedNumber,
} from "@patchbay/dictionary";
import type { Engine } from "@patchbay/transformer";
import { concatenateAlong, ensureDefined, type Tensor, tensor } from "@patchbay/vocabulary";
import { joinSparse, type SparseFeatures, sparseFromOutputs } from "./sparse-features.ts";

/**
 * Bytes of the largest temporary: pre-activations [row, feature], or gathered decoder rows [row, kept, output]. Small enough
 * that what the product wrote is still in the processor's cache when the selection reads it.
 */
const PIECE_IN_BYTES = 8 * 2 ** 20;

export interface Reconstruction {
  readonly features: SparseFeatures;
  /** One for each output site: [row, output]. */
  readonly outputs: readonly Tensor[];
}

/** `input` is [row, input], the value at the dictionary's input site. */
export async function encodeFeatures(
  engine: Engine,
  dictionary: Dictionary,
  input: Tensor,
  signal?: AbortSignal,
): Promise<SparseFeatures> {
  const program = { key: `dictionary.${dictionary.hash}.encode`, build: () => buildEncodeGraph(dictionary) };
  const parts: SparseFeatures[] = [];
  for (const piece of pieces(input, dictionary.spec.features)) {
    const outputs = await engine.evaluate(
      program,
      { [DICTIONARY_VALUES.input]: piece },
      sparseOutputs(dictionary),
      signal,
    );
    parts.push(sparseFromOutputs(outputs, piece.shape[0] ?? 0));
  }
  return joinSparse(parts);
}

/** Features together with what the dictionary makes of them. */
export async function reconstruct(
  engine: Engine,
  dictionary: Dictionary,
  input: Tensor,
  signal?: AbortSignal,
): Promise<Reconstruction> {
  const { spec } = dictionary;
  const program = { key: `dictionary.${dictionary.hash}.reconstruct`, build: () => buildReconstructGraph(dictionary) };
  const kept = keepsFixedNumber(dictionary) && "k" in spec.activation ? spec.activation.k : 0;
  const names = spec.outputSites.map((_, target) => DICTIONARY_VALUES.output(target));
  const parts: SparseFeatures[] = [];
  const outputs: Tensor[][] = names.map(() => []);
  for (const piece of pieces(input, Math.max(spec.features, kept * spec.outputWidth))) {
    const found = await engine.evaluate(
      program,
      { [DICTIONARY_VALUES.input]: piece },
      [...sparseOutputs(dictionary), ...names],
      signal,
    );
    parts.push(sparseFromOutputs(found, piece.shape[0] ?? 0));
    names.forEach((name, target) => {
      outputs[target]?.push({ ...ensureDefined(found[name]), axes: ["row", "output"] });
    });
  }
  const joined = (each: readonly Tensor[]) =>
    each.length === 0
      ? tensor(["row", "output"], [0, spec.outputWidth], new Float32Array(0))
      : concatenateAlong(each, "row");
  return { features: joinSparse(parts), outputs: outputs.map(joined) };
}

function sparseOutputs(dictionary: Dictionary): string[] {
  return keepsFixedNumber(dictionary)
    ? [DICTIONARY_VALUES.keptValues, DICTIONARY_VALUES.keptPlaces]
    : [DICTIONARY_VALUES.firingPlaces, DICTIONARY_VALUES.firingValues];
}

/** Views, not copies. None of no rows: the runtime's matrix product dies of a division by zero there. */
function* pieces(input: Tensor, widestRow: number): Generator<Tensor> {
  const [rows = 0, width = 0] = input.shape;
  const size = rowsPerPiece(widestRow);
  for (let start = 0; start < rows; start += size) {
    const end = Math.min(rows, start + size);
    yield tensor(["row", "input"], [end - start, width], input.data.subarray(start * width, end * width));
  }
}

/** Rows in a piece whose largest temporary is `widestRow` float32 values a row. */
export function rowsPerPiece(widestRow: number): number {
  return Math.max(1, Math.floor(PIECE_IN_BYTES / 4 / widestRow));
}

/** Any activation [batch, position, …] as rows [batch·position, width]: a head's dimensions join their heads. */
export function asRows(value: Tensor): Tensor {
  const [batch = 0, positions = 0, ...rest] = value.shape;
  const width = rest.reduce((product, length) => product * length, 1);
  return tensor(["row", "input"], [batch * positions, width], value.data);
}
