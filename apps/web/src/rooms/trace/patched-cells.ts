/** Which cells of the grid a patch enters: the row of its site, at the positions that it names. */
import { isDictionarySite, type Patch, type PatchSite } from "@patchbay/workbench-state";

/** Data rows: 0 is the embedding, layer l is l + 1. A site is drawn at the first row that it can change. */
export function rowOfSite(site: PatchSite, rows: number): number {
  if (isDictionarySite(site)) return Math.min(site.layer + 1, rows - 1);
  const { kind, layer } = site;
  if (layer === undefined) return kind === "hook_embed" || kind === "hook_pos_embed" ? 0 : rows - 1;
  return kind === "hook_resid_pre" ? Math.min(layer, rows - 1) : Math.min(layer + 1, rows - 1);
}

export function patchedCells(patches: readonly Patch[], rows: number, columns: number) {
  return patches
    .filter(({ muted, positions }) => !muted && positions !== "generated")
    .flatMap(({ cable, site, positions }) => {
      const all = Array.from({ length: columns }, (_, column) => column);
      const named = positions === "all" ? all : positions === "last" ? [columns - 1] : (positions as readonly number[]);
      const row = rowOfSite(site, rows);
      return named.filter((column) => column < columns).map((column) => ({ cable, row, column }));
    });
}
