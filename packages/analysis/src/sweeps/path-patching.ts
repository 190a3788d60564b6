/**
 * Path patching (Wang et al. 2022, appendix B; reference notes 2.10), exact: what a sender does to the metric through the
 * inputs of chosen receivers and nothing else.
 *
 * 1. Clean and corrupted run, values kept.
 * 2. The clean run with the sender's output as in the corrupted one; every attention layer between is held at its clean
 *    output, MLPs are recomputed or held too. What the receivers would read is recorded.
 * 3. The clean run with the receivers' inputs set to that. Receiver "logits": the final residual stream of 2.
 */
import type { SweepMethod, SweepReceiver } from "@patchbay/contract";
import type { Engine, ModelShape, SiteEdit, SiteRead } from "@patchbay/transformer";
import {
  ensureDefined,
  nameOf,
  PatchbayError,
  type Site,
  type SiteKind,
  selectAlong,
  type Tensor,
  tensor,
} from "@patchbay/vocabulary";
import type { BaseRun } from "./base-run.ts";
import type { Place } from "./cells.ts";
import type { Work } from "./climb.ts";
import { layerOfPlace, type RowChanges, type RowEdit } from "./rows.ts";
import { forEachElement } from "./site-elements.ts";
import type { Source } from "./sources.ts";

export type PathMethod = Extract<SweepMethod, { kind: "path" }>;

const SENDERS: readonly SiteKind[] = ["attn.hook_z", "hook_attn_out", "hook_mlp_out"];
const ATTENTION: readonly SiteKind[] = ["attn.hook_z", "hook_attn_out"];
const RECEIVER_SITES = {
  q: "attn.hook_q",
  k: "attn.hook_k",
  v: "attn.hook_v",
  mlp_in: "ln2.hook_normalized",
} as const satisfies Record<Exclude<SweepReceiver["site"], "logits">, SiteKind>;

export interface Receivers {
  readonly places: readonly { readonly site: Site; readonly units: "all" | readonly number[] }[];
  readonly logits: boolean;
}

/** @throws PatchbayError for a receiver that the model has not */
export function resolveReceivers({ receivers }: PathMethod, shape: ModelShape): Receivers {
  const logits = receivers.some(({ site }) => site === "logits");
  if (logits && receivers.length > 1) {
    throw new PatchbayError("invalid-request", "The logits receive everything that the other receivers pass on.", {
      expected: "the receiver logits alone",
      at: "method/receivers",
    });
  }
  const places = receivers.flatMap((receiver, i) => {
    if (receiver.site === "logits") return [];
    const { site, layer, head } = receiver;
    const at = `method/receivers/${i}`;
    if (layer === undefined || layer >= shape.layers) {
      throw new PatchbayError("layer-out-of-range", `There is no layer ${layer ?? "without a number"}.`, {
        expected: `0 to ${shape.layers - 1}`,
        at: `${at}/layer`,
      });
    }
    const heads = site === "q" ? shape.heads : shape.keyValueHeads;
    if (head !== undefined && (site === "mlp_in" || head >= heads)) {
      throw new PatchbayError("unit-out-of-range", `The receiver has no head ${head}.`, {
        expected: site === "mlp_in" ? "no head" : `0 to ${heads - 1}`,
        received: String(head),
        at: `${at}/head`,
      });
    }
    return [{ site: { kind: RECEIVER_SITES[site], layer }, units: head === undefined ? ("all" as const) : [head] }];
  });
  return { places, logits };
}

/** Sites of the clean run that holding and receiving need. */
export function pathSites({ places }: Receivers, layers: number): Site[] {
  const everywhere = (kind: SiteKind) => Array.from({ length: layers }, (_, layer) => ({ kind, layer }));
  return [
    ...everywhere("hook_attn_out"),
    ...everywhere("attn.hook_z"),
    ...everywhere("hook_mlp_out"),
    ...places.map(({ site }) => site),
  ];
}

/** @throws PatchbayError `invalid-request` for cells that cannot send */
export function checkSenders(places: readonly Place[]): void {
  for (const place of places) {
    if (place.kind === "site" && SENDERS.includes(place.site.kind)) continue;
    throw new PatchbayError("invalid-request", "Paths begin at what a head or an MLP adds to the residual stream.", {
      expected: "panels of the sites z, attn_out and mlp_out",
      received: place.kind === "site" ? place.site.kind : "features",
      at: "panels",
    });
  }
}

export interface PathOptions {
  readonly clean: BaseRun;
  readonly source: Source;
  readonly receivers: Receivers;
  readonly freezeMlps: boolean;
  readonly work: Work;
  readonly signal: AbortSignal;
}

/**
 * Step 2 for several senders as rows. Each row's changes of step 3; for the receiver "logits" those of the final residual
 * stream.
 */
export async function receivedBy(
  engine: Engine,
  senders: readonly (readonly Place[])[],
  { clean, source, receivers, freezeMlps, work, signal }: PathOptions,
): Promise<RowChanges[]> {
  const { layers } = engine.model.shape;
  const top = receivers.logits
    ? layers
    : Math.max(...receivers.places.map(({ site }) => ensureDefined(site.layer))) + 1;
  const lowest = Math.min(...senders.flatMap((places) => places.map(layerOfPlace)));
  const nothing = (): RowChanges => ({ edits: [], pending: [] });
  if (lowest >= top) return senders.map(nothing);
  const held = senders.flatMap((places, row) =>
    heldEdits(places, row, { clean, source, freezeMlps, from: lowest, until: top }),
  );
  const start = clean.value({ kind: "hook_resid_pre", layer: lowest });
  const pass = await engine.forward({
    tokens: [],
    from: {
      layer: lowest,
      residual: selectAlong(
        start,
        "batch",
        senders.map(() => 0),
      ),
    },
    edits: held,
    reads: receivers.places
      .filter(({ site }) => ensureDefined(site.layer) >= lowest)
      .map(({ site }): SiteRead => ({ site })),
    until: top,
    signal,
  });
  work.passes += 1;
  work.blockTokens += senders.length * clean.length * (top - lowest);
  const positions = Array.from({ length: clean.length }, (_, position) => position);
  const rowOf = (value: Tensor, row: number) => {
    const size = value.data.length / senders.length;
    return tensor(value.axes, [1, ...value.shape.slice(1)], value.data.slice(row * size, (row + 1) * size));
  };
  if (receivers.logits) {
    return senders.map((_, row) => ({
      edits: [wholeEdit({ kind: "hook_resid_post", layer: layers - 1 }, "all", positions, rowOf(pass.residual, row))],
      pending: [],
    }));
  }
  const reached = receivers.places.filter(({ site }) => ensureDefined(site.layer) >= lowest);
  return senders.map((places, row) => ({
    edits: reached.flatMap(({ site, units }, i) =>
      // A sender above the receiver leaves it as it is; rounding must not look like an effect.
      places.some((place) => sendsTo(place, site))
        ? [wholeEdit(site, units, positions, rowOf(ensureDefined(pass.reads[i], nameOf(site)), row))]
        : [],
    ),
    pending: [],
  }));
}

/** Whether what a place adds can be read at a receiver. */
function sendsTo(place: Place, { kind, layer = 0 }: Site): boolean {
  const own = layerOfPlace(place);
  const sameBlock = kind === "ln2.hook_normalized" && place.kind === "site" && ATTENTION.includes(place.site.kind);
  return own < layer || (own === layer && sameBlock);
}

/** Attention, and MLPs where they are frozen, at their clean values in every layer, with the sender's own put in. */
function heldEdits(
  places: readonly Place[],
  row: number,
  {
    clean,
    source,
    freezeMlps,
    from,
    until,
  }: Pick<PathOptions, "clean" | "source" | "freezeMlps"> & { from: number; until: number },
): SiteEdit[] {
  const edits: SiteEdit[] = [];
  const positions = Array.from({ length: clean.length }, (_, position) => position);
  const hold = (kind: SiteKind, layer: number) => {
    const site = { kind, layer };
    edits.push({ ...wholeEdit(site, "all", positions, clean.value(site)), rows: [row] });
  };
  for (let layer = from; layer < until; layer++) {
    const own = places.flatMap((place) => (place.kind === "site" && place.site.layer === layer ? [place] : []));
    hold(own.some(({ site }) => site.kind === "attn.hook_z") ? "attn.hook_z" : "hook_attn_out", layer);
    if (freezeMlps) hold("hook_mlp_out", layer);
    for (const { site, units, dimensions, positions: changed, kind } of own) {
      const offset = source.valuesOf({ kind, site, units, dimensions, positions: changed }, clean.value(site));
      edits.push({ site, units, dimensions, positions: changed, rows: [row], scale: 0, offset });
    }
  }
  return edits;
}

/** Sets these units of a site at every position. */
function wholeEdit(site: Site, units: "all" | readonly number[], positions: readonly number[], value: Tensor): RowEdit {
  const values: number[] = [];
  const place = { site, positions, units, dimensions: "all" } as const;
  forEachElement(place, value, 0, (offset) => values.push(value.data[offset] ?? 0));
  return { ...place, scale: 0, offset: Float32Array.from(values) };
}
