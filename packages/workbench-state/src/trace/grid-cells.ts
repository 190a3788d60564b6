/** What each cell of the grid says, for a measure and a comparison: a number for its colour, a token, a short note. */
import type { LensAnswer, TrackedToken } from "./lens-answer.ts";
import type { Comparison, LensMeasure } from "./trace-view.ts";

export interface LensSide {
  readonly lens: LensAnswer;
  readonly tracked: TrackedToken | undefined;
}

export interface GridCells {
  readonly rows: number;
  readonly columns: number;
  /** Row-major, embedding row first; NaN where there is no value. */
  readonly values: Float32Array;
  readonly kind: "sequential" | "diverging";
  /** Ends of the colour scale; a diverging one is symmetric and this is its positive end. */
  readonly domain: readonly [number, number];
  /** What the colour means, with its unit. */
  readonly meaning: string;
  /** The leading token; in a difference, the one that leads after. */
  text(row: number, column: number): string;
  /** In a difference: another token led before. */
  leaderChanged(row: number, column: number): boolean;
  note(row: number, column: number): string;
}

export interface GridQuestion {
  readonly before: LensSide;
  readonly after: LensSide | undefined;
  readonly compare: Comparison;
  readonly measure: LensMeasure;
}

export function gridCells({ before, after, compare, measure }: GridQuestion): GridCells {
  if (compare === "difference" && after !== undefined) return differenceCells(before, after, measure);
  return plainCells(compare === "after" && after !== undefined ? after : before, measure);
}

function plainCells(side: LensSide, measure: LensMeasure): GridCells {
  const { lens, tracked } = side;
  const values = fill(lens, (row, column) => read(side, measure, row, column));
  const text = (row: number, column: number) => lens.topText(row, column);
  const shape = {
    rows: lens.rows,
    columns: lens.columns,
    values,
    kind: "sequential" as const,
    text,
    leaderChanged: () => false,
  };
  switch (measure) {
    case "probability":
      return {
        ...shape,
        domain: [0, 1],
        meaning: "probability of the leading token",
        note: (r, c) => shortProbability(lens.topProbability(r, c)),
      };
    case "rank":
      return {
        ...shape,
        // Colour is the rank on a logarithmic scale, the leader strongest.
        values: values.map((rank) => -Math.log10(rank + 1)),
        domain: [-4, 0],
        meaning: `rank of ${quote(tracked)}, 0 leads (logarithmic)`,
        note: (r, c) => shortRank(tracked?.rank(r, c)),
      };
    case "kl":
      return {
        ...shape,
        domain: [0, upper(values, 1)],
        meaning: "KL to the final distribution, nats",
        note: (r, c) => shortNumber(lens.divergence(r, c)),
      };
    case "entropy":
      return {
        ...shape,
        domain: [0, upper(values, 1)],
        meaning: "entropy, nats",
        note: (r, c) => shortNumber(lens.entropy(r, c)),
      };
  }
}

/** Smaller changes than this never fill the colour scale: log₁₀ ranks, nats. */
const LEAST_CHANGE = { rank: 0.5, kl: 0.2, entropy: 0.2 } as const;

function differenceCells(before: LensSide, after: LensSide, measure: LensMeasure): GridCells {
  const { lens } = before;
  const bound = (row: number, column: number) =>
    measure === "probability" ? latterProbability(before, after, row, column).below : undefined;
  const change = (row: number, column: number): number => {
    if (measure === "probability") return probabilityChange(before, after, row, column);
    const [old, now] = [read(before, measure, row, column), read(after, measure, row, column)];
    // Ranks compare by their logarithm: 0 → 1 matters, 5000 → 5001 does not. Up is better.
    return measure === "rank" ? Math.log10(old + 1) - Math.log10(now + 1) : now - old;
  };
  const values = fill(lens, change);
  const largest = values.reduce((most, value) => (Math.abs(value) > most ? Math.abs(value) : most), 0);
  const end =
    measure === "probability"
      ? Math.max(0.2, Math.ceil(largest * 10) / 10)
      : upper(values.map(Math.abs), LEAST_CHANGE[measure]);
  const meaning = {
    probability: anyBound(lens, bound)
      ? "change in probability of the token that led before; < where it left the list"
      : "change in probability of the token that led before",
    rank: `change in rank of ${quote(before.tracked)}, in powers of ten; up is nearer the lead`,
    kl: "change in KL to the final distribution, nats",
    entropy: "change in entropy, nats",
  }[measure];
  return {
    rows: lens.rows,
    columns: lens.columns,
    values,
    kind: "diverging",
    domain: [-end, end],
    meaning,
    text: (row, column) => after.lens.topText(row, column),
    leaderChanged: (row, column) => lens.topId(row, column) !== after.lens.topId(row, column),
    note: (row, column) =>
      measure === "rank"
        ? `${shortRank(before.tracked?.rank(row, column))}→${shortRank(after.tracked?.rank(row, column))}`
        : shortChange(change(row, column), bound(row, column)),
  };
}

function anyBound({ rows, columns }: LensAnswer, bound: (row: number, column: number) => number | undefined): boolean {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) if ((bound(row, column) ?? 0) >= VISIBLE_BOUND) return true;
  }
  return false;
}

/** A bound smaller than this does not change a number of two places. */
const VISIBLE_BOUND = 0.005;

/**
 * What became of the token that led before. Exact where it is listed or followed after; below the list it has less than
 * the last one listed and less than all that the list leaves, and this bound is taken: it never overstates a fall.
 */
function latterProbability(
  { lens }: LensSide,
  after: LensSide,
  row: number,
  column: number,
): { readonly value: number; readonly below: number | undefined } {
  const id = lens.topId(row, column);
  const listed = after.lens.probabilityOf(row, column, id);
  if (listed !== undefined) return { value: listed, below: undefined };
  if (after.tracked?.id === id) return { value: after.tracked.probability(row, column), below: undefined };
  const ranking = after.lens.ranking(row, column).map(({ probability }) => probability);
  const left = 1 - ranking.reduce((sum, probability) => sum + probability, 0);
  const below = Math.max(0, Math.min(ranking.at(-1) ?? 1, left));
  return { value: below, below };
}

function probabilityChange(before: LensSide, after: LensSide, row: number, column: number): number {
  return latterProbability(before, after, row, column).value - before.lens.topProbability(row, column);
}

function read({ lens, tracked }: LensSide, measure: LensMeasure, row: number, column: number): number {
  switch (measure) {
    case "probability":
      return lens.topProbability(row, column);
    case "rank":
      return tracked?.rank(row, column) ?? Number.NaN;
    case "kl":
      return lens.divergence(row, column);
    case "entropy":
      return lens.entropy(row, column);
  }
}

function fill({ rows, columns }: LensAnswer, value: (row: number, column: number) => number): Float32Array {
  const values = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) values[row * columns + column] = value(row, column);
  }
  return values;
}

/** The 98th percentile, so that one outlier does not wash out the rest. */
function upper(values: Float32Array, least: number): number {
  const sorted = values.filter((value) => Number.isFinite(value)).toSorted();
  return Math.max(least, sorted[Math.floor(sorted.length * 0.98)] ?? least, least);
}

/** Two places without the zero: ".98", "1.00". */
export function shortProbability(value: number): string {
  if (Number.isNaN(value)) return "";
  return value >= 0.995 ? "1.0" : value < 0.005 ? "0" : value.toFixed(2).slice(1);
}

function shortNumber(value: number): string {
  if (Number.isNaN(value)) return "";
  return value >= 9.95 ? String(Math.round(value)) : value.toFixed(1);
}

function shortSigned(value: number): string {
  if (Number.isNaN(value) || Math.abs(value) < 0.005) return Number.isNaN(value) ? "" : "0";
  const size = Math.abs(value) >= 9.95 ? String(Math.round(Math.abs(value))) : Math.abs(value).toFixed(2);
  return `${value < 0 ? "−" : "+"}${size.replace(/^0\./, ".")}`;
}

/** "<" where the change is only known to be below this, by more than the rounding hides. */
function shortChange(value: number, bound: number | undefined): string {
  return `${bound !== undefined && bound >= VISIBLE_BOUND ? "<" : ""}${shortSigned(value)}`;
}

function shortRank(rank: number | undefined): string {
  if (rank === undefined || Number.isNaN(rank)) return "";
  if (rank < 1000) return String(rank);
  return rank < 9950 ? `${(rank / 1000).toFixed(1)}k` : `${Math.round(rank / 1000)}k`;
}

function quote(tracked: TrackedToken | undefined): string {
  return tracked === undefined ? "the pinned token" : `“${tracked.text.replaceAll(" ", "·")}”`;
}
