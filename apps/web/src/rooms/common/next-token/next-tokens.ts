/** The next-token distribution with and without the clamp, side by side. */
import type { Run } from "../wire.ts";

export interface NextToken {
  readonly id: number;
  readonly text: string;
  /** undefined: not among the tokens that the run lists, so less than `below`. */
  readonly before: number | undefined;
  readonly after: number | undefined;
  /** The smallest probability that each run lists. */
  readonly below: { readonly before: number; readonly after: number };
  readonly followed: boolean;
}

/** The leaders of both runs and every followed token, by the larger of the two probabilities. */
export function nextTokens(before: Run, after: Run, leaders: number): NextToken[] {
  const [old, now] = [probabilitiesOf(before), probabilitiesOf(after)];
  const followed = new Set((before.results.logits?.tracked?.tokens ?? []).map(({ id }) => id));
  const below = { before: smallestOf(before), after: smallestOf(after) };
  const ids = new Set([...leadersOf(before, leaders), ...leadersOf(after, leaders), ...followed]);
  return [...ids]
    .map((id) => ({
      id,
      text: before.texts[id] ?? after.texts[id] ?? trackedText(before, id) ?? `#${id}`,
      before: old.get(id),
      after: now.get(id),
      below,
      followed: followed.has(id),
    }))
    .sort((a, b) => Math.max(b.before ?? 0, b.after ?? 0) - Math.max(a.before ?? 0, a.after ?? 0));
}

/** Row 0, the last position listed. */
function probabilitiesOf({ results }: Run): Map<number, number> {
  const found = new Map<number, number>();
  const { logits } = results;
  if (logits === undefined) return found;
  for (const [i, id] of lastCells(logits.topIds).entries()) found.set(id, lastCells(logits.topProbabilities)[i] ?? 0);
  const probabilities = logits.tracked === undefined ? [] : lastCells(logits.tracked.probabilities);
  for (const [i, { id }] of (logits.tracked?.tokens ?? []).entries()) found.set(id, probabilities[i] ?? 0);
  return found;
}

function leadersOf({ results }: Run, count: number): number[] {
  return results.logits === undefined ? [] : lastCells(results.logits.topIds).slice(0, count);
}

function smallestOf({ results }: Run): number {
  return results.logits === undefined ? 0 : (lastCells(results.logits.topProbabilities).at(-1) ?? 0);
}

function lastCells({
  shape,
  data,
}: {
  readonly shape: readonly number[];
  readonly data: readonly (number | null)[];
}): number[] {
  const width = shape.at(-1) ?? 0;
  const positions = shape.at(-2) ?? 1;
  return data.slice((positions - 1) * width, positions * width).map((value) => value ?? 0);
}

function trackedText({ results }: Run, id: number): string | undefined {
  return results.logits?.tracked?.tokens.find((token) => token.id === id)?.text;
}
