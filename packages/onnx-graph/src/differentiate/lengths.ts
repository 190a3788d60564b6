/** Lengths of axes as far as they are known before a graph runs, and how operators combine them. */
import type { Graph } from "../graph.ts";

/** A number, or a word for a length known only at run time. Equal words are equal lengths. */
export type Length = number | string;

/** Ends of slices at or beyond this mean "to the end". */
const FAR = 2 ** 31 - 1;

/** Hands out words for lengths that nothing else is known about. */
export class UnknownLengths {
  #count = 0;
  readonly #taken: ReadonlySet<Length>;

  constructor({ inputs }: Graph) {
    this.#taken = new Set(inputs.flatMap(({ shape }) => shape));
  }

  next(): string {
    let name: string;
    do name = `length.${this.#count++}`;
    while (this.#taken.has(name));
    return name;
  }

  /** `rank` unknown lengths. */
  shape(rank: number): Length[] {
    return Array.from({ length: rank }, () => this.next());
  }
}

/** Negative axes count from the end. */
export function positiveAxis(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** NumPy's broadcasting. Two different words may turn out equal, or one of them 1: the result is a third word. */
export function broadcast(a: readonly Length[], b: readonly Length[], unknown: UnknownLengths): Length[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left === right || right === 1) return left;
    if (left === 1) return right;
    if (typeof left === "number") return left;
    return typeof right === "number" ? right : unknown.next();
  });
}

/** The product, or a word: that of the only factor that is not 1, or a new one. */
export function product(lengths: readonly Length[], unknown: UnknownLengths): Length {
  const factors = lengths.filter((length) => length !== 1);
  if (factors.length === 1) return factors[0] ?? 1;
  const numbers = factors.filter((length) => typeof length === "number");
  if (numbers.includes(0)) return 0;
  return numbers.length === factors.length ? numbers.reduce((a, b) => a * b, 1) : unknown.next();
}

/** Where `wanted` holds 0 (keep) and −1 (infer), the resulting lengths. */
export function reshaped(from: readonly Length[], wanted: readonly Length[], unknown: UnknownLengths): Length[] {
  const kept = wanted.map((length, axis) => (length === 0 ? (from[axis] ?? unknown.next()) : length));
  const inferred = kept.indexOf(-1);
  if (inferred < 0) return kept;
  const remaining = [...from];
  const rest: Length[] = kept.filter((length) => length !== -1);
  // Words on both sides cancel; what is left must be one word, or numbers that divide.
  for (let i = rest.length - 1; i >= 0; i--) {
    const at = remaining.indexOf(rest[i] ?? 1);
    if (at < 0) continue;
    remaining.splice(at, 1);
    rest.splice(i, 1);
  }
  const above = product(remaining, unknown);
  const below = product(rest, unknown);
  const known = typeof above === "number" && typeof below === "number" && below > 0;
  kept[inferred] = below === 1 ? above : known ? above / below : unknown.next();
  return kept;
}

/** The length of a slice with step 1. */
export function sliced(length: Length, start: Length, end: Length, unknown: UnknownLengths): Length {
  if (typeof start !== "number" || typeof end !== "number") return unknown.next();
  if (start === 0 && end >= FAR) return length;
  if (typeof length !== "number") return unknown.next();
  const place = (at: number) => Math.min(Math.max(at < 0 ? at + length : at, 0), length);
  return Math.max(0, place(end) - place(start));
}
