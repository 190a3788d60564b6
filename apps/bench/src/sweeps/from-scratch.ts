/** The same cells, each a run of its own over the whole model: what a sweep saves is measured against this. */
import type { Engine, SiteEdit } from "@patchbay/transformer";
import { ensureDefined, selectAlong } from "@patchbay/vocabulary";
import type { Pair, SweepKind } from "./questions.ts";

export async function everyCellFromScratch(engine: Engine, kind: SweepKind, pair: Pair): Promise<number[]> {
  const { layers, heads } = engine.model.shape;
  const length = pair.clean.length;
  const site = (layer: number) => ({ kind: kind === "heads" ? "attn.hook_z" : "hook_resid_pre", layer }) as const;
  const clean = await engine.forward({
    tokens: [pair.clean],
    reads: Array.from({ length: layers }, (_, layer) => ({ site: site(layer) })),
  });
  const positions = pair.clean.map((_, position) => position);
  const values: number[] = [];
  for (let layer = 0; layer < layers; layer++) {
    const value = ensureDefined(clean.reads[layer]);
    for (let cell = 0; cell < (kind === "heads" ? heads : length); cell++) {
      const place =
        kind === "heads"
          ? { positions, units: [cell], offset: selectAlong(value, "head", [cell]).data }
          : { positions: [cell], units: "all" as const, offset: selectAlong(value, "position", [cell]).data };
      const edit: SiteEdit = { ...place, site: site(layer), rows: "all", dimensions: "all", scale: 0 };
      const { residual } = await engine.forward({ tokens: [pair.corrupted], edits: [edit] });
      const last = selectAlong(residual, "position", [length - 1]);
      const { logits } = await engine.unembed({ residual: last, positions: [length - 1], full: true });
      values.push((logits?.data[pair.token] ?? 0) - (logits?.data[pair.minus] ?? 0));
    }
  }
  return values;
}
