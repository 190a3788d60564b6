/** Sums in float64 over many rows. */

/** Pearson's correlation of two series, in two passes; null where either does not vary. */
export function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number | null {
  const count = a.length;
  const meanOf = (values: ArrayLike<number>) => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += values[i] ?? 0;
    return sum / count;
  };
  const [meanA, meanB] = [meanOf(a), meanOf(b)];
  let [products, squaresA, squaresB] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const [x, y] = [(a[i] ?? 0) - meanA, (b[i] ?? 0) - meanB];
    products += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  const scale = Math.sqrt(squaresA * squaresB);
  return scale > 0 ? products / scale : null;
}

export function sumOfSquares(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] ?? 0) ** 2;
  return sum;
}

export function addTo(sums: Float64Array, values: ArrayLike<number>): void {
  for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) + (values[i] ?? 0);
}
