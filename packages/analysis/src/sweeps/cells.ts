/**
 * The cells of a sweep as data: which part of which value each changes. Nothing here runs a model; exact sweeps and
 * gradient estimates take the same cells.
 */
import type { SweepAxis, SweepAxisValues, SweepPanel, SweepSite } from "@patchbay/contract";
import type { Dictionary } from "@patchbay/dictionary";
import type { ModelShape } from "@patchbay/transformer";
import { ensureDefined, PatchbayError, parseSite, type Site, type SiteKind } from "@patchbay/vocabulary";
import { resolvePositions } from "../run/positions.ts";

/** A part of the value at one site of the run that is changed. */
export interface SitePlace {
  readonly kind: "site";
  readonly site: Site;
  readonly positions: readonly number[];
  /** Along the site's unit axis. */
  readonly units: "all" | readonly number[];
  /** Along its detail axis; of a pattern the keys. */
  readonly dimensions: "all" | readonly number[];
}

/** Some features of one dictionary; the error stays. */
export interface FeaturePlace {
  readonly kind: "feature";
  readonly dictionary: Dictionary;
  readonly positions: readonly number[];
  readonly features: "all" | readonly number[];
}

export type Place = SitePlace | FeaturePlace;

export interface Cell {
  readonly panel: number;
  /** Place in the panel's row-major values. */
  readonly index: number;
  readonly label: string;
  /** Changed together. Empty: there is nothing to put in (positions without a partner). */
  readonly places: readonly Place[];
}

export interface PanelCells {
  readonly site: SweepSite;
  readonly axes: readonly SweepAxisValues[];
  readonly cells: readonly Cell[];
}

export interface CellContext {
  readonly shape: ModelShape;
  /** Tokens of the run that is changed. */
  readonly length: number;
  /** For labels: the text at a position. */
  readonly textAt: (position: number) => string;
  /** Whether the other run has a value for this position. */
  readonly hasSource: (position: number) => boolean;
  readonly dictionary: (name: string) => Dictionary;
}

export const SITE_KINDS_OF: Readonly<Record<Exclude<SweepSite, "features">, readonly SiteKind[]>> = {
  resid_pre: ["hook_resid_pre"],
  resid_mid: ["hook_resid_mid"],
  resid_post: ["hook_resid_post"],
  attn_out: ["hook_attn_out"],
  mlp_out: ["hook_mlp_out"],
  layer: ["hook_attn_out", "hook_mlp_out"],
  q: ["attn.hook_q"],
  k: ["attn.hook_k"],
  v: ["attn.hook_v"],
  z: ["attn.hook_z"],
  pattern: ["attn.hook_pattern"],
  neurons: ["mlp.hook_post"],
};

/** Most cells of one panel. */
const MOST_CELLS = 1_000_000;

/** Every cell of a panel, row-major over its axes. @throws PatchbayError for axes and indices that the site has not */
export function cellsOf(panel: SweepPanel, number: number, context: CellContext): PanelCells {
  checkAxes(panel);
  const axes = panel.by.map((name) => axisValues(name, panel, context));
  const total = axes.reduce((product, { values }) => product * values.length, 1);
  if (total > MOST_CELLS) {
    throw new PatchbayError("result-too-large", "The panel has too many cells.", {
      expected: `at most ${MOST_CELLS.toLocaleString("en")}`,
      received: total.toLocaleString("en"),
      advice: "List layers, heads or positions.",
    });
  }
  const cells = Array.from({ length: total }, (_, index): Cell => {
    const chosen = placeOnAxes(axes, index);
    const label = axes.map(({ labels }, axis) => labels[chosen[axis] ?? 0] ?? "").join(" · ");
    const at = (name: SweepAxis) => {
      const axis = axes.findIndex((each) => each.name === name);
      return axis < 0 ? undefined : axes[axis]?.values[chosen[axis] ?? 0];
    };
    return { panel: number, index, label: label === "" ? panel.site : label, places: placesOf(panel, at, context) };
  });
  return { site: panel.site, axes, cells };
}

/** The index on each axis. */
export function placeOnAxes(axes: readonly SweepAxisValues[], index: number): number[] {
  const result: number[] = [];
  let rest = index;
  for (let axis = axes.length - 1; axis >= 0; axis--) {
    const length = axes[axis]?.values.length ?? 1;
    result[axis] = rest % length;
    rest = Math.floor(rest / length);
  }
  return result;
}

function placesOf(panel: SweepPanel, at: (name: SweepAxis) => number | undefined, context: CellContext): Place[] {
  const { shape, length, hasSource } = context;
  const position = at("position");
  const asked = position === undefined ? resolvePositions(panel.positions ?? "all", length, "positions") : [position];
  const positions = [...new Set(asked)].filter(hasSource);
  if (positions.length === 0) return [];
  if (panel.groups !== undefined) return groupPlaces(panel, at("group"), positions, context);
  const layers = layersAt(panel, at("layer"), shape.layers);
  if (panel.site === "features") {
    const dictionaries = (panel.dictionaries ?? []).map(context.dictionary);
    return dictionaries
      .filter((dictionary) => layers.includes(layerOf(dictionary)))
      .flatMap((dictionary) => featurePlace(dictionary, "all", positions));
  }
  const head = at("head");
  const units = head !== undefined ? [head] : (panel.heads ?? "all");
  const key = at("key");
  const dimensions =
    panel.site !== "pattern"
      ? "all"
      : key !== undefined
        ? [key]
        : panel.keys === undefined
          ? Array.from({ length }, (_, each) => each)
          : resolvePositions(panel.keys, length, "keys");
  return layers.flatMap((layer) =>
    SITE_KINDS_OF[panel.site as Exclude<SweepSite, "features">].map(
      (kind): SitePlace => ({ kind: "site", site: { kind, layer }, positions, units, dimensions }),
    ),
  );
}

function groupPlaces(
  panel: SweepPanel,
  group: number | undefined,
  positions: readonly number[],
  { shape, dictionary }: CellContext,
): Place[] {
  const groups = panel.groups ?? [];
  const members = (group === undefined ? groups : [ensureDefined(groups[group])]).flatMap((each) => each.members);
  if (panel.site === "features") {
    return [...mergedBy(members, (member) => member.dictionary ?? "")].flatMap(([name, features]) => {
      const found = dictionary(name);
      checkUnits(features, found.spec.features, `feature of "${name}"`);
      return featurePlace(found, features, positions);
    });
  }
  return [...mergedBy(members, (member) => member.layer ?? 0)].map(([layer, units]): SitePlace => {
    checkLayer(layer, shape.layers);
    checkUnits(units, shape.neurons, "neuron");
    return { kind: "site", site: { kind: "mlp.hook_post", layer }, positions, units, dimensions: "all" };
  });
}

/** Units of the same layer or dictionary once, in rising order. */
function mergedBy<Key>(
  members: readonly NonNullable<SweepPanel["groups"]>[number]["members"][number][],
  keyOf: (member: NonNullable<SweepPanel["groups"]>[number]["members"][number]) => Key,
): Map<Key, number[]> {
  const merged = new Map<Key, number[]>();
  for (const member of members) merged.set(keyOf(member), [...(merged.get(keyOf(member)) ?? []), ...member.units]);
  for (const [key, units] of merged)
    merged.set(
      key,
      [...new Set(units)].sort((a, b) => a - b),
    );
  return merged;
}

function featurePlace(
  dictionary: Dictionary,
  features: "all" | readonly number[],
  positions: readonly number[],
): FeaturePlace[] {
  const encoded = dictionary.spec.skipsFirstPosition ? positions.filter((position) => position > 0) : positions;
  return encoded.length === 0 ? [] : [{ kind: "feature", dictionary, features, positions: encoded }];
}

/** The block in which a dictionary's features are read. */
export function layerOf({ spec }: Dictionary): number {
  const { layer } = parseSite(spec.inputSite);
  if (layer !== undefined) return layer;
  throw new PatchbayError("unsupported-model", "Dictionaries outside the blocks cannot be swept.", {
    expected: "a dictionary of a block's site",
    received: spec.inputSite,
  });
}

/** The layers that a cell takes in: its window, or all listed. */
function layersAt(panel: SweepPanel, layer: number | undefined, count: number): number[] {
  if (layer === undefined) return [...(panel.layers ?? Array.from({ length: count }, (_, each) => each))];
  const width = panel.window ?? 1;
  const first = layer - Math.floor((width - 1) / 2);
  return Array.from({ length: width }, (_, i) => first + i).filter((each) => each >= 0 && each < count);
}

function axisValues(name: SweepAxis, panel: SweepPanel, { shape, length, textAt }: CellContext): SweepAxisValues {
  switch (name) {
    case "layer": {
      const values = panel.layers ?? Array.from({ length: shape.layers }, (_, layer) => layer);
      for (const layer of values) checkLayer(layer, shape.layers);
      return { name, values, labels: values.map((layer) => `L${layer}`) };
    }
    case "head": {
      const count = headsOf(panel.site, shape);
      const values = panel.heads ?? Array.from({ length: count }, (_, head) => head);
      return { name, values, labels: values.map((head) => `H${head}`) };
    }
    case "position":
    case "key": {
      const asked = (name === "key" ? panel.keys : panel.positions) ?? "all";
      const values = resolvePositions(asked, length, name === "key" ? "keys" : "positions");
      return { name, values, labels: values.map((position) => `${position} ${textAt(position)}`) };
    }
    case "group": {
      const groups = panel.groups ?? [];
      return {
        name,
        values: groups.map((_, group) => group),
        labels: groups.map((group, i) => group.name ?? `group ${i}`),
      };
    }
  }
}

function headsOf(site: SweepSite, { heads, keyValueHeads }: ModelShape): number {
  return site === "k" || site === "v" ? keyValueHeads : heads;
}

const HEAD_SITES: readonly SweepSite[] = ["q", "k", "v", "z", "pattern"];
const UNIT_SITES: readonly SweepSite[] = ["neurons", "features"];

/** What the site of a panel has no use for is refused: nobody should read a picture that means something else. */
function checkAxes({ site, by, layers, heads, keys, groups, dictionaries, window }: SweepPanel): void {
  const refuse = (what: string, expected: string, at: string): never => {
    throw new PatchbayError("invalid-request", what, { expected, at });
  };
  if (new Set(by).size !== by.length) refuse("An axis is named twice.", "different axes", "by");
  const hasHeads = HEAD_SITES.includes(site);
  if (!hasHeads && (by.includes("head") || heads !== undefined)) {
    refuse(`"${site}" has no heads.`, `one of ${HEAD_SITES.join(", ")}`, "by");
  }
  if (site !== "pattern" && (by.includes("key") || keys !== undefined)) {
    refuse(`"${site}" has no keys.`, "the site pattern", "by");
  }
  if (groups !== undefined && !UNIT_SITES.includes(site)) {
    refuse(`"${site}" has no groups of units.`, "the site neurons or features", "groups");
  }
  if (by.includes("group") && groups === undefined) refuse("The axis group needs groups.", "groups", "groups");
  if (groups !== undefined && (by.includes("layer") || layers !== undefined || window !== undefined)) {
    refuse("Groups name their own layers.", "neither the axis layer, nor layers, nor window", "groups");
  }
  if (site === "features" && (groups === undefined) === (dictionaries === undefined)) {
    refuse("Features need one source.", "exactly one of groups and dictionaries", "dictionaries");
  }
  if (site !== "features" && dictionaries !== undefined) {
    refuse(`"${site}" has no dictionaries.`, "the site features", "dictionaries");
  }
  for (const member of (groups ?? []).flatMap(({ members }) => members)) {
    if (site === "features" && (member.dictionary === undefined || member.layer !== undefined)) {
      refuse("A group of features names its dictionary.", "dictionary and units", "groups");
    }
    if (site === "neurons" && (member.layer === undefined || member.dictionary !== undefined)) {
      refuse("A group of neurons names its layer.", "layer and units", "groups");
    }
  }
  if (window !== undefined && !by.includes("layer")) refuse("A window runs along layers.", "the axis layer", "window");
}

/** Layers and heads of a panel that the model has not. */
export function checkPanelIndices({ site, layers = [], heads = [] }: SweepPanel, shape: ModelShape): void {
  for (const layer of layers) checkLayer(layer, shape.layers);
  checkUnits(heads, headsOf(site, shape), site === "k" || site === "v" ? "key-value head" : "head");
}

function checkLayer(layer: number, count: number): void {
  if (layer < count) return;
  throw new PatchbayError("layer-out-of-range", `There is no layer ${layer}.`, {
    expected: `0 to ${count - 1}`,
    received: String(layer),
    at: "layers",
  });
}

function checkUnits(units: readonly number[], count: number, what: string): void {
  const wrong = units.find((unit) => unit >= count);
  if (wrong === undefined) return;
  throw new PatchbayError("unit-out-of-range", `There is no ${what} ${wrong}.`, {
    expected: `0 to ${count - 1}`,
    received: String(wrong),
  });
}
