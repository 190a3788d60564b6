/** Matrix products. */
import type { ValueName } from "../../graph.ts";
import type { Length } from "../lengths.ts";
import type { NodeDifferentiation, Rule } from "../rule.ts";

/**
 * Y = A·B: dA = C·Bᵀ, dB = Aᵀ·C, batch axes summed where they were broadcast. A matrix B under a batched A (a weight) is
 * one product over all rows: the transposition happens inside Gemm, without a copy of the weight and without a product for
 * each member of the batch.
 */
const matrixProduct: Rule = (d) => {
  const { g, cotangent: c } = d;
  const [a, b] = [d.input(0), d.input(1)];
  const [shapeA, shapeB] = [d.shape(a), d.shape(b)];
  if (shapeA.length > 1 && shapeB.length === 2) {
    const columns = g.concat([g.int64([-1]), d.whole.lengthValue(b, 1)], 0);
    const rows = g.concat([g.int64([-1]), d.whole.lengthValue(b, 0)], 0);
    const flatC = shapeA.length === 2 ? c : g.reshapeTo(c, columns);
    return d.each(
      () => {
        const flat = g.generalProduct(flatC, b, { transposeB: true });
        return shapeA.length === 2 ? flat : d.reshapeLike(flat, a);
      },
      () => g.generalProduct(shapeA.length === 2 ? a : g.reshapeTo(a, rows), flatC, { transposeA: true }),
    );
  }
  return batched(d, a, b, shapeA, shapeB);
};

/** A list of axes is a matrix with one row (left) or one column (right), which the product drops again. */
function batched(
  d: NodeDifferentiation,
  a: ValueName,
  b: ValueName,
  shapeA: readonly Length[],
  shapeB: readonly Length[],
): (ValueName | undefined)[] {
  const { g } = d;
  const row = shapeA.length === 1;
  const column = shapeB.length === 1;
  const left = row ? g.unsqueeze(a, [0]) : a;
  const right = column ? g.unsqueeze(b, [1]) : b;
  const fullA = row ? [1, ...shapeA] : shapeA;
  const fullB = column ? [...shapeB, 1] : shapeB;
  let c = d.cotangent;
  if (column) c = g.unsqueeze(c, [-1]);
  if (row) c = g.unsqueeze(c, [-2]);
  const batch = d.shape(d.output).slice(0, d.shape(d.output).length - (row ? 0 : 1) - (column ? 0 : 1));
  return d.each(
    () => sumBatch(d, g.matrixProduct(c, swapped(d, right, fullB.length)), batch, a, fullA, row ? [0] : []),
    () => sumBatch(d, g.matrixProduct(swapped(d, left, fullA.length), c), batch, b, fullB, column ? [1] : []),
  );
}

function swapped({ g }: NodeDifferentiation, matrix: ValueName, rank: number): ValueName {
  const order = Array.from({ length: rank }, (_, axis) => axis);
  return g.transpose(matrix, [...order.slice(0, -2), rank - 1, rank - 2]);
}

function sumBatch(
  d: NodeDifferentiation,
  cotangent: ValueName,
  batch: readonly Length[],
  target: ValueName,
  full: readonly Length[],
  added: readonly number[],
): ValueName {
  if (added.length === 0) return d.whole.sumTo(cotangent, [...batch, ...full.slice(-2)], target, full);
  // A list has no batch axes of its own: all are summed.
  const summed = batch.length === 0 ? cotangent : d.g.sum(cotangent, [...batch.keys()]);
  return d.g.squeeze(summed, added);
}

/** Y = α·A′·B′ + β·C, where ′ transposes if the attribute says so. */
const gemm: Rule = (d) => {
  const { g, cotangent: c } = d;
  const [a, b] = [d.input(0), d.input(1)];
  const transposedA = d.int("transA", 0) === 1;
  const transposedB = d.int("transB", 0) === 1;
  const float = (name: string) => {
    const value = d.node.attributes[name];
    return value !== undefined && "float" in value ? value.float : 1;
  };
  const scale = float("alpha");
  const beta = float("beta");
  return d.each(
    () =>
      transposedA
        ? g.generalProduct(b, c, { transposeA: transposedB, transposeB: true, scale })
        : g.generalProduct(c, b, { transposeB: !transposedB, scale }),
    () =>
      transposedB
        ? g.generalProduct(c, a, { transposeA: true, transposeB: transposedA, scale })
        : g.generalProduct(a, c, { transposeA: !transposedA, scale }),
    () => d.unbroadcast(beta === 1 ? c : g.multiply(c, d.scalar(beta)), 2),
  );
};

export const PRODUCT_RULES: Readonly<Record<string, Rule>> = { MatMul: matrixProduct, Gemm: gemm };
