import type { LensSide } from "@patchbay/workbench-state";
import { formatProbability } from "../../shell/ui/format-number.ts";
import { visibleToken } from "../../shell/ui/token-text.ts";
import type { VisibleToken } from "./visible-tokens.ts";

/** One sentence about a cell, for those who hear the grid instead of seeing it. */
export function describeCell({
  before,
  after,
  tokens,
  row,
  column,
}: {
  readonly before: LensSide;
  readonly after: LensSide | undefined;
  readonly tokens: readonly VisibleToken[];
  readonly row: number;
  readonly column: number;
}): string {
  const say = ({ lens }: LensSide) =>
    lens
      .ranking(row, column)
      .slice(0, 3)
      .map(({ text, probability }) => `${visibleToken(text)} ${formatProbability(probability)}`)
      .join(", ");
  const place = `${before.lens.labels[row]}, position ${column} ${tokens[column]?.text ?? ""}`;
  return after === undefined ? `${place}: ${say(before)}` : `${place}: before ${say(before)}; after ${say(after)}`;
}
