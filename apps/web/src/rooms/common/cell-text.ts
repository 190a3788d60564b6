import type { GridCells } from "@patchbay/workbench-state";
import { visibleToken } from "../../shell/ui/token-text.ts";

/** A cell's token. The arrow of a difference says that this leader is new; who led before stands in its description. */
export function cellText(cells: GridCells, row: number, column: number): string {
  return `${cells.leaderChanged(row, column) ? "→" : ""}${visibleToken(cells.text(row, column))}`;
}
