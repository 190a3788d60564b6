import type { RunResult } from "@patchbay/contract";

/** An answer about other tokens than those on the screen is of an older prompt. */
export function sameTokens(answer: RunResult | undefined, shown: RunResult | undefined): RunResult | undefined {
  if (answer === undefined || shown === undefined) return undefined;
  const [ours, theirs] = [answer.recipe.tokens[0] ?? [], shown.recipe.tokens[0] ?? []];
  return ours.length === theirs.length && ours.every((id, i) => id === theirs[i]) ? answer : undefined;
}
