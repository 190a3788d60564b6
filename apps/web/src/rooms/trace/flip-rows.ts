/** Depth goes up on the screen: the last row first. */
export function flipRows(values: Float32Array, rows: number, columns: number): Float32Array {
  const flipped = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    flipped.set(values.subarray(row * columns, (row + 1) * columns), (rows - 1 - row) * columns);
  }
  return flipped;
}
