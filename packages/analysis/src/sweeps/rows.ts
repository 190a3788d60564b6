/**
 * A changed run as one row of a batch: what it does to the unchanged one, where it begins to differ, and from which layer on
 * it must be computed.
 */
import { DICTIONARY_TENSORS, type Dictionary } from "@patchbay/dictionary";
import type { ModelShape, SiteEdit } from "@patchbay/transformer";
import { ensureDefined, parseSite, type SiteKind } from "@patchbay/vocabulary";
import type { BaseRun } from "./base-run.ts";
import { ENTRY_KINDS, type EntryKind } from "./block-programs.ts";
import { type FeaturePlace, layerOf, type Place, type SitePlace } from "./cells.ts";
import { forEachElement } from "./site-elements.ts";
import { activeAt, type Source } from "./sources.ts";

/** `scale` 0 puts values in, 1 adds to what is there. Positions are listed; `offset` is one value an element. */
export interface RowEdit extends Omit<SiteEdit, "rows" | "positions" | "scale" | "offset"> {
  readonly positions: readonly number[];
  readonly scale: 0 | 1;
  readonly offset: Float32Array;
}

/** Features whose present activations depend on what the row changed below them: known when the row gets there. */
export interface PendingFeatures {
  readonly layer: number;
  readonly place: FeaturePlace;
  readonly targets: readonly ReadonlyMap<number, number>[];
}

export interface RowChanges {
  readonly edits: RowEdit[];
  readonly pending: readonly PendingFeatures[];
}

/** Where a row leaves the unchanged run. */
export interface RowStart {
  /** First position that differs. */
  readonly position: number;
  /** Number of layers: only the final residual stream differs. */
  readonly layer: number;
  /** "residual": before the block; "block": anywhere in it, so that the whole block runs with edits; else behind a site. */
  readonly at: EntryKind | "residual" | "block";
}

/** What the source's values at these places come to. Edits keep the order of the model. */
export async function changesOf(
  places: readonly Place[],
  base: BaseRun,
  source: Source,
  layers: number,
  signal: AbortSignal,
): Promise<RowChanges> {
  const edits: RowEdit[] = [];
  const pending: PendingFeatures[] = [];
  const lowest = Math.min(...places.map(layerOfPlace));
  for (const place of places) {
    if (place.kind === "site") {
      edits.push(asResidual(siteEdit(place, base, source), layers));
      continue;
    }
    const targets = await source.featuresOf(place, signal);
    const alone = layerOfPlace(place) === lowest && places.filter((each) => layerOfPlace(each) === lowest).length === 1;
    if (alone) {
      const features = await base.features(place.dictionary, signal);
      const present = place.positions.map((position) => activeAt(features, position));
      for (const edit of await featureEdits(place, targets, present)) edits.push(asResidual(edit, layers));
    } else {
      pending.push({ layer: layerOfPlace(place), place, targets });
    }
  }
  return { edits, pending };
}

function siteEdit(place: SitePlace, base: BaseRun, source: Source): RowEdit {
  const { site, positions, units, dimensions } = place;
  return { site, positions, units, dimensions, scale: 0, offset: source.valuesOf(place, base.value(site)) };
}

/** The stream after a block is the stream before the next. */
function asResidual(edit: RowEdit, layers: number): RowEdit {
  const layer = edit.site.layer ?? 0;
  if (edit.site.kind !== "hook_resid_post" || layer + 1 >= layers) return edit;
  return { ...edit, site: { kind: "hook_resid_pre", layer: layer + 1 } };
}

/** (f′ − f)·W_dec at every site that the dictionary writes to; the error stays what it is. Sums in float64. */
export async function featureEdits(
  { dictionary, positions, features }: FeaturePlace,
  targets: readonly ReadonlyMap<number, number>[],
  present: readonly ReadonlyMap<number, number>[],
): Promise<RowEdit[]> {
  const { spec } = dictionary;
  const width = spec.outputWidth;
  const decoder = await decoderOf(dictionary);
  return spec.outputSites.map((name, target) => {
    const sums = new Float64Array(positions.length * width);
    positions.forEach((_, p) => {
      const [to, from] = [targets[p] ?? new Map<number, number>(), present[p] ?? new Map<number, number>()];
      for (const feature of features === "all" ? new Set([...to.keys(), ...from.keys()]) : features) {
        const change = (to.get(feature) ?? 0) - (from.get(feature) ?? 0);
        if (change === 0) continue;
        const row = (feature * spec.outputSites.length + target) * width;
        for (let i = 0; i < width; i++)
          sums[p * width + i] = (sums[p * width + i] ?? 0) + change * (decoder[row + i] ?? 0);
      }
    });
    const site = parseSite(name);
    return { site, positions, units: "all", dimensions: "all", scale: 1, offset: Float32Array.from(sums) };
  });
}

const decoders = new WeakMap<Dictionary, Promise<Float32Array>>();

/** [feature, output site, output], kept while the dictionary is. */
function decoderOf(dictionary: Dictionary): Promise<Float32Array> {
  const known = decoders.get(dictionary);
  if (known !== undefined) return known;
  const reading = dictionary.read(DICTIONARY_TENSORS.decoder).then(({ data }) => data);
  reading.catch(() => decoders.delete(dictionary));
  decoders.set(dictionary, reading);
  return reading;
}

export function layerOfPlace(place: Place): number {
  return place.kind === "site" ? (place.site.layer ?? 0) : layerOf(place.dictionary);
}

/** Sites of which one position's value reaches the block's output at that position only. */
const REACH_OTHER_POSITIONS: readonly SiteKind[] = ["hook_resid_pre", "attn.hook_k", "attn.hook_v"];

/**
 * Where the row begins; undefined where nothing that is read can differ. `read`: the position whose final residual stream is
 * read, or undefined where all are.
 */
export function startOf(
  { edits, pending }: RowChanges,
  base: BaseRun,
  { layers, direction }: Pick<ModelShape, "layers" | "direction">,
  read: number | undefined,
): RowStart | undefined {
  const causal = direction === "causal";
  const end = (causal ? read : undefined) ?? base.length - 1;
  const firsts = edits.flatMap((edit) => firstChange(edit, base, 0) ?? []);
  const waiting = pending.flatMap(({ place }) => place.positions);
  const first = Math.min(...firsts, ...waiting);
  if (first > end) return undefined;
  const position = causal ? first : 0;
  const layer = Math.min(
    ...edits.map(({ site }) => (site.kind === "hook_resid_post" ? layers : (site.layer ?? 0))),
    ...pending.map((each) => each.layer),
  );
  const own = edits.filter(({ site }) => (site.layer ?? 0) === layer);
  const kinds = new Set(own.map(({ site }) => site.kind));
  // In the last block only the position that is read matters, at sites whose positions do not meet again.
  const meets = own.some(({ site }) => REACH_OTHER_POSITIONS.includes(site.kind)) || pending.length > 0;
  if (causal && layer >= layers - 1 && !meets && read !== undefined) {
    if (!edits.some((edit) => firstChange(edit, base, read) === read)) return undefined;
    return { position: read, layer, at: layer === layers ? "residual" : entryOf(kinds, pending, layer) };
  }
  return { position, layer, at: layer === layers ? "residual" : entryOf(kinds, pending, layer) };
}

function entryOf(kinds: ReadonlySet<SiteKind>, pending: readonly PendingFeatures[], layer: number): RowStart["at"] {
  const [kind] = kinds;
  if (kinds.size !== 1 || pending.some((each) => each.layer === layer)) return "block";
  if (kind === "hook_resid_pre") return "residual";
  return ENTRY_KINDS.find((each) => each === kind) ?? "block";
}

/** The first position, from `from` on, at which an edit differs from the unchanged run. */
function firstChange(edit: RowEdit, base: BaseRun, from: number): number | undefined {
  let first = Number.POSITIVE_INFINITY;
  const value = valueBefore(edit, base);
  forEachElement(edit, value, 0, (offset, element, p) => {
    const position = edit.positions[p] ?? 0;
    if (position < from || position >= first) return;
    const changed = edit.offset[element] ?? 0;
    if (edit.scale === 1 ? changed !== 0 : changed !== (value.data[offset] ?? 0)) first = position;
  });
  return Number.isFinite(first) ? first : undefined;
}

function valueBefore({ site }: RowEdit, base: BaseRun) {
  return site.kind === "hook_resid_post" ? base.final : base.value(site);
}

/** Applies an edit to one row's values at its site; `firstPosition` is where their position axis begins. */
export function applyEdit(
  edit: RowEdit,
  like: Parameters<typeof forEachElement>[1],
  row: Float32Array,
  firstPosition: number,
) {
  forEachElement(edit, like, firstPosition, (offset, element) => {
    const value = edit.offset[element] ?? 0;
    row[offset] = edit.scale === 1 ? (row[offset] ?? 0) + value : value;
  });
}

/** How edits of one layer are found again as the row climbs. */
export function editsAt({ edits }: RowChanges, layer: number, layers: number): RowEdit[] {
  return edits.filter(
    ({ site }) =>
      (site.kind === "hook_resid_post" && ensureDefined(site.layer) === layers - 1 ? layers : (site.layer ?? 0)) ===
      layer,
  );
}
