/** What a dictionary's output becomes when some features have other activations: y + (f′ − f)·W_dec. */
import { DICTIONARY_TENSORS, type Dictionary, type DictionarySpec } from "@patchbay/dictionary";
import { GraphBuilder } from "@patchbay/onnx-graph";
import type { Engine, Program } from "@patchbay/transformer";
import { type Tensor, tensor } from "@patchbay/vocabulary";

/** Bytes of the dense differences [row, place] alive at once. */
const PIECE_IN_BYTES = 48 * 2 ** 20;

const PROGRAM: Program = {
  key: "rewriting.output-difference",
  build() {
    const g = new GraphBuilder("rewriting.output-difference");
    const base = g.input("base", "float32", ["row", "output"]);
    const difference = g.input("difference", "float32", ["row", "place"]);
    const decoder = g.input("decoder", "float32", ["place", "output"]);
    const scale = g.input("scale", "float32", ["row", 1]);
    const change = g.multiply(g.matrixProduct(difference, decoder), scale);
    g.output(g.add(base, change), "float32", ["row", "output"], "changed");
    return g.build();
  },
};

/** Decoder rows of the given features, [place, output]. */
export async function decoderRows(dictionary: Dictionary, features: Int32Array): Promise<Tensor> {
  const { outputWidth } = dictionary.spec;
  const { data } = await dictionary.read(DICTIONARY_TENSORS.decoder);
  const rows = new Float32Array(features.length * outputWidth);
  for (const [place, feature] of features.entries()) {
    rows.set(data.subarray(feature * outputWidth, (feature + 1) * outputWidth), place * outputWidth);
  }
  return tensor(["place", "output"], [features.length, outputWidth], rows);
}

/**
 * `write` adds f′ − f of a row to the zeros that it is given, [place]. Where nothing is added, `base` comes back bit by bit.
 */
export async function changeOutput(
  engine: Engine,
  base: Tensor,
  decoder: Tensor,
  scales: Float32Array,
  write: (row: number, difference: Float32Array) => void,
  signal: AbortSignal,
): Promise<Float32Array> {
  const [rows = 0, width = 0] = base.shape;
  const places = decoder.shape[0] ?? 0;
  const size = Math.max(1, Math.floor(PIECE_IN_BYTES / 4 / Math.max(1, places)));
  const changed = new Float32Array(rows * width);
  for (let start = 0; start < rows; start += size) {
    const count = Math.min(size, rows - start);
    const difference = new Float32Array(count * places);
    for (let row = 0; row < count; row++) {
      write(start + row, difference.subarray(row * places, (row + 1) * places));
    }
    const feeds = {
      base: tensor(["row", "output"], [count, width], base.data.subarray(start * width, (start + count) * width)),
      difference: tensor(["row", "place"], [count, places], difference),
      decoder,
      scale: tensor(["row", "one"], [count, 1], scales.subarray(start, start + count)),
    };
    changed.set((await engine.evaluate(PROGRAM, feeds, ["changed"], signal)).changed.data, start * width);
  }
  return changed;
}

/** By what each row's decoded sum is multiplied: an SAE that normalises its input brings its output back to that scale. */
export function outputScales({ kind, inputNormalisation }: DictionarySpec, { shape, data }: Tensor): Float32Array {
  const [rows = 0, width = 0] = shape;
  const scales = new Float32Array(rows).fill(1);
  if (kind !== "sae" || inputNormalisation === "none") return scales;
  return scales.map((_, row) => {
    const values = data.subarray(row * width, (row + 1) * width);
    if (inputNormalisation === "constant-norm") return Math.sqrt(squaresAbout(values, 0) / width);
    const mean = values.reduce((sum, value) => sum + value, 0) / width;
    // As in the dictionary's graph: the sample standard deviation, plus SAELens' 1e-5.
    return Math.sqrt(squaresAbout(values, mean) / (width - 1)) + 1e-5;
  });
}

function squaresAbout(values: Float32Array, centre: number): number {
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
}
