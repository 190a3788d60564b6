/** The arithmetic of a transformer in float64 and plain loops, one position at a time. */

export type Vector = Float64Array;
/** Rows of equal length: [position][value]. */
export type Rows = readonly Vector[];
/** Stored row-major, whatever its width in bits. */
export type Matrix = ArrayLike<number>;

/** y[o] = Σ x[i] · W[o, i] + b[o] */
export function productOutputInput(x: Vector, matrix: Matrix, outputs: number, bias?: Matrix): Vector {
  const y = new Float64Array(outputs);
  for (let o = 0; o < outputs; o++) {
    let sum = bias?.[o] ?? 0;
    const row = o * x.length;
    for (let i = 0; i < x.length; i++) sum += (x[i] ?? 0) * (matrix[row + i] ?? 0);
    y[o] = sum;
  }
  return y;
}

/** y[o] = Σ x[i] · W[i, o] + b[o] */
export function productInputOutput(x: Vector, matrix: Matrix, outputs: number, bias?: Matrix): Vector {
  const y = new Float64Array(outputs);
  for (let o = 0; o < outputs; o++) y[o] = bias?.[o] ?? 0;
  for (let i = 0; i < x.length; i++) {
    for (let o = 0; o < outputs; o++) y[o] = (y[o] ?? 0) + (x[i] ?? 0) * (matrix[i * outputs + o] ?? 0);
  }
  return y;
}

export function plus(a: Vector, b: Vector): Vector {
  return a.map((value, i) => value + (b[i] ?? 0));
}

export function mean(x: Vector): number {
  let sum = 0;
  for (const value of x) sum += value;
  return sum / x.length;
}

export interface Normed {
  readonly scale: number;
  readonly normalized: Vector;
}

export function rmsNorm(x: Vector, weight: Matrix, epsilon: number): Normed {
  const scale = Math.sqrt(mean(x.map((value) => value * value)) + epsilon);
  return { scale, normalized: x.map((value, i) => (value / scale) * (weight[i] ?? 0)) };
}

export function layerNorm(x: Vector, weight: Matrix, bias: Matrix, epsilon: number): Normed {
  const centre = mean(x);
  const centred = x.map((value) => value - centre);
  const scale = Math.sqrt(mean(centred.map((value) => value * value)) + epsilon);
  return { scale, normalized: centred.map((value, i) => (value / scale) * (weight[i] ?? 0) + (bias[i] ?? 0)) };
}

export function silu(x: number): number {
  return x / (1 + Math.exp(-x));
}

/** GPT-2's approximation of GELU. */
export function geluTanh(x: number): number {
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}

/** Turns the pairs (i, i + half) of one head's vector by position · theta^(−i / half). */
export function rotate(x: Vector, position: number, theta: number): Vector {
  const half = x.length / 2;
  const y = new Float64Array(x.length);
  for (let i = 0; i < half; i++) {
    const angle = position * theta ** (-i / half);
    const [a, b] = [x[i] ?? 0, x[i + half] ?? 0];
    y[i] = a * Math.cos(angle) - b * Math.sin(angle);
    y[i + half] = b * Math.cos(angle) + a * Math.sin(angle);
  }
  return y;
}

export interface Attended {
  /** [head, query, key]; −∞ above the diagonal. */
  readonly scores: Vector;
  readonly pattern: Vector;
  /** [query][head · width] */
  readonly z: Vector[];
}

/** Causal attention. `q` is [position][head · width]; `k` and `v` have `keyValueHeads` heads. */
export function attend(q: Rows, k: Rows, v: Rows, heads: number, keyValueHeads: number): Attended {
  const count = q.length;
  const width = (q[0]?.length ?? 0) / heads;
  const scores = new Float64Array(heads * count * count).fill(Number.NEGATIVE_INFINITY);
  const pattern = new Float64Array(scores.length);
  const z = q.map(() => new Float64Array(heads * width));
  for (let head = 0; head < heads; head++) {
    const shared = Math.floor((head * keyValueHeads) / heads);
    for (let query = 0; query < count; query++) {
      const row = (head * count + query) * count;
      let largest = Number.NEGATIVE_INFINITY;
      for (let key = 0; key <= query; key++) {
        let sum = 0;
        for (let d = 0; d < width; d++)
          sum += (q[query]?.[head * width + d] ?? 0) * (k[key]?.[shared * width + d] ?? 0);
        scores[row + key] = sum / Math.sqrt(width);
        largest = Math.max(largest, sum / Math.sqrt(width));
      }
      let total = 0;
      for (let key = 0; key <= query; key++) total += Math.exp((scores[row + key] ?? 0) - largest);
      for (let key = 0; key <= query; key++) {
        const weight = Math.exp((scores[row + key] ?? 0) - largest) / total;
        pattern[row + key] = weight;
        for (let d = 0; d < width; d++) {
          const at = head * width + d;
          const target = z[query];
          if (target !== undefined) target[at] = (target[at] ?? 0) + weight * (v[key]?.[shared * width + d] ?? 0);
        }
      }
    }
  }
  return { scores, pattern, z };
}

/** [position][head · width] with `of` applied to every head's part. */
export function perHead(rows: Rows, heads: number, of: (part: Vector, position: number) => Vector): Vector[] {
  return rows.map((row, position) => {
    const width = row.length / heads;
    const result = new Float64Array(row.length);
    for (let head = 0; head < heads; head++) {
      result.set(of(row.slice(head * width, (head + 1) * width), position), head * width);
    }
    return result;
  });
}

/** Rows behind one another. */
export function flatten(rows: Rows): Vector {
  const width = rows[0]?.length ?? 0;
  const result = new Float64Array(rows.length * width);
  rows.forEach((row, i) => {
    result.set(row, i * width);
  });
  return result;
}
