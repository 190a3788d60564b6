/** Reading a lens result cell by cell. Rows are sites in depth order (embedding first); columns are positions. Batch row 0. */
import type { LensResult, RunResult } from "@patchbay/contract";
import { isSiteKind, parseSite } from "@patchbay/vocabulary";

export interface RankedProbability {
  readonly id: number;
  readonly text: string;
  readonly probability: number;
}

export interface LensAnswer {
  readonly rows: number;
  readonly columns: number;
  /** "embed", "L0", … */
  readonly labels: readonly string[];
  readonly sites: readonly string[];
  /** How many tokens each cell lists. */
  readonly depthOfRanking: number;
  topId(row: number, column: number, rank?: number): number;
  topText(row: number, column: number, rank?: number): string;
  topProbability(row: number, column: number, rank?: number): number;
  ranking(row: number, column: number): RankedProbability[];
  /** Probability of a token in a cell, or undefined when it is not among those listed. */
  probabilityOf(row: number, column: number, id: number): number | undefined;
  /** Nats. */
  entropy(row: number, column: number): number;
  /** KL(final ‖ this row), nats. */
  divergence(row: number, column: number): number;
  /** The row from which the final answer leads and stays the leader. */
  settledAt(column: number): number;
}

export function lensAnswer(run: RunResult): LensAnswer | undefined {
  const { lens } = run.results;
  if (lens === undefined) return undefined;
  const rows = lens.sites.length;
  const columns = lens.positions.length;
  const ranks = lens.topIds.shape[3] ?? 1;
  const at = (tensor: { readonly data: readonly (number | null)[] }, index: number) => tensor.data[index] ?? Number.NaN;
  const cell = (row: number, column: number) => row * columns + column;
  const topId = (row: number, column: number, rank = 0) => at(lens.topIds, cell(row, column) * ranks + rank);
  const topText = (row: number, column: number, rank = 0) => run.texts[String(topId(row, column, rank))] ?? "";
  const topProbability = (row: number, column: number, rank = 0) =>
    at(lens.topProbabilities, cell(row, column) * ranks + rank);
  const ranking = (row: number, column: number) =>
    Array.from({ length: ranks }, (_, rank) => ({
      id: topId(row, column, rank),
      text: topText(row, column, rank),
      probability: topProbability(row, column, rank),
    }));
  return {
    rows,
    columns,
    sites: lens.sites,
    labels: lens.sites.map(depthLabel),
    depthOfRanking: ranks,
    topId,
    topText,
    topProbability,
    ranking,
    probabilityOf: (row, column, id) => ranking(row, column).find((entry) => entry.id === id)?.probability,
    entropy: (row, column) => at(lens.entropy, cell(row, column)),
    divergence: (row, column) => at(lens.klToFinal, cell(row, column)),
    settledAt: (column) => at(lens.settledAt, column),
  };
}

/** A followed token in every cell. */
export interface TrackedToken {
  readonly id: number;
  readonly text: string;
  probability(row: number, column: number): number;
  logit(row: number, column: number): number;
  /** Number of tokens ahead of it: 0 leads. */
  rank(row: number, column: number): number;
}

export function trackedToken(lens: LensResult | undefined, index = 0): TrackedToken | undefined {
  const tracked = lens?.tracked;
  const token = tracked?.tokens[index];
  if (lens === undefined || tracked === undefined || token === undefined) return undefined;
  const columns = lens.positions.length;
  const read = (tensor: { readonly data: readonly (number | null)[] }) => (row: number, column: number) =>
    tensor.data[(row * columns + column) * tracked.tokens.length + index] ?? Number.NaN;
  return {
    id: token.id,
    text: token.text,
    probability: read(tracked.probabilities),
    logit: read(tracked.logits),
    rank: read(tracked.ranks),
  };
}

/** "embed" for what enters the first block, "L3" after block 3; other residual sites say which. */
export function depthLabel(site: string): string {
  if (isSiteKind(site)) return site === "hook_embed" ? "embed" : site;
  const { kind, layer } = parseSite(site);
  if (kind === "hook_resid_pre") return layer === 0 ? "embed" : `L${layer} pre`;
  return kind === "hook_resid_mid" ? `L${layer} mid` : `L${layer}`;
}
