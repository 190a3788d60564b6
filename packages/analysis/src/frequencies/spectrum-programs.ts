/** The two graphs of the frequency view: a product of matrices, and the two-dimensional transform of functions of a pair. */
import { GraphBuilder } from "@patchbay/onnx-graph";
import type { Engine, Program } from "@patchbay/transformer";
import { type Tensor, tensor } from "@patchbay/vocabulary";
import { type FourierBasis, PAIR_FUNCTIONS, pairFunctions } from "./fourier-basis.ts";

/** left [row, inner] × right [inner, column]. */
export async function matrixProduct(engine: Engine, left: Tensor, right: Tensor, signal: AbortSignal): Promise<Tensor> {
  const { product } = await engine.evaluate(PRODUCT, { left, right }, ["product"], signal);
  return { ...product, axes: [left.axes[0] ?? "row", right.axes[1] ?? "column"] };
}

const PRODUCT: Program = {
  key: "frequencies.product",
  build() {
    const g = new GraphBuilder("frequencies.product");
    const product = g.matrixProduct(
      g.input("left", "float32", ["row", "inner"]),
      g.input("right", "float32", ["inner", "column"]),
    );
    g.output(product, "float32", ["row", "column"], "product");
    return g.build();
  },
};

/** Values of one piece of the transform, kept small enough for three copies of them. */
const PIECE_IN_VALUES = 2 ** 23;

/** values [pair, unit], pair = a·p + b → coefficients [frequency × 8, unit], in the order of `pairFunctions`. */
export async function pairCoefficients(
  engine: Engine,
  basis: FourierBasis,
  values: Tensor,
  signal: AbortSignal,
): Promise<Tensor> {
  const { modulus, count, transposed } = basis;
  const [pairs = 0, units = 0] = values.shape;
  const rows = count * PAIR_FUNCTIONS;
  const coefficients = new Float32Array(rows * units);
  const step = Math.max(1, Math.floor(PIECE_IN_VALUES / pairs));
  for (let first = 0; first < units; first += step) {
    const width = Math.min(step, units - first);
    const piece = columns(values, first, width);
    const found = await engine.evaluate(
      transformProgram(modulus),
      { basis: transposed, values: tensor(["a", "b", "unit"], [modulus, modulus, width], piece) },
      ["coefficients"],
      signal,
    );
    for (let row = 0; row < rows; row++) {
      coefficients.set(found.coefficients.data.subarray(row * width, (row + 1) * width), row * units + first);
    }
  }
  return tensor(["function", "unit"], [rows, units], coefficients);
}

function columns({ shape, data }: Tensor, first: number, width: number): Float32Array {
  const [rows = 0, units = 0] = shape;
  if (width === units) return data;
  const piece = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    piece.set(data.subarray(row * units + first, row * units + first + width), row * width);
  }
  return piece;
}

function transformProgram(modulus: number): Program {
  return {
    key: `frequencies.transform.${modulus}`,
    runsRarely: true,
    build() {
      const count = Math.floor(modulus / 2);
      const functions = 2 * count + 1;
      const g = new GraphBuilder("frequencies.transform");
      const basis = g.input("basis", "float32", [functions, modulus]);
      const values = g.input("values", "float32", [modulus, modulus, "unit"]);
      const alongA = g.matrixProduct(basis, g.reshape(values, [0, -1]));
      const grid = g.matrixProduct(basis, g.reshape(alongA, [functions, modulus, -1]));
      // Only the functions of one frequency: mixed ones have no place in the view.
      const kept = Array.from({ length: count }, (_, i) => pairFunctions(i + 1)).flat();
      const indices = kept.map(([a, b]) => a * functions + b);
      const coefficients = g.gather(g.reshape(grid, [functions * functions, -1]), g.int64(indices), 0);
      g.output(coefficients, "float32", [indices.length, "unit"], "coefficients");
      return g.build();
    },
  };
}
