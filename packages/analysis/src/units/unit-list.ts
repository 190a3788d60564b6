/** Search across neurons and features, answered from the index and the token sides alone. */
import type { UnitList, UnitListQuery } from "@patchbay/contract";
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import { resolveToken, tokenReference } from "../run/resolve-token.ts";
import { type SourceIndex, TOP_TOKENS } from "../unit-index/source-index.ts";
import { firstPlaces } from "./first-places.ts";
import type { RankedSide, TokenSides } from "./token-sides.ts";
import { requireIndex, sourceNamed, type UnitContext, type UnitSource, unitSources } from "./unit-context.ts";
import { type LabelsByUnit, labelsByUnit } from "./unit-labels.ts";
import { density, mean, unitRows } from "./unit-rows.ts";

type Sort = NonNullable<UnitListQuery["sort"]>;
type Sides = ReadonlyMap<string, TokenSides | undefined>;

const DEFAULT_LIMIT = 50;

/**
 * Relevance is the product over the tokens asked for of: for `fires`, mean activation on the token / the unit's maximum; for
 * `reads` and `writes`, the token's part of the summed positive scores of the first tokens. Each lies in 0…1, so that
 * units of different sources compare. Without such a token the default order is by maximum.
 *
 * @throws PatchbayError `unknown-site`, `not-ready`, `unknown-token`, `token-out-of-range`, `layer-out-of-range`
 */
export async function listUnits(context: UnitContext, query: UnitListQuery): Promise<UnitList> {
  const sources = await unitSources(context);
  // Blocks of attention only, and no dictionary.
  if (sources.size === 0 && query.source === undefined) {
    return { total: 0, offset: query.offset ?? 0, rows: [], sources: [] };
  }
  const chosen = chosenSources(context, sources, query);
  const needsSides = query.reads !== undefined || query.writes !== undefined || query.sort === "peakedness";
  const sides: Sides = needsSides ? await sidesOf(context, chosen) : new Map();
  const labels = await labelsByUnit(context.labels);
  const found = matches(chosen, filtersOf(context, query), sides, labels);

  const ranksTokens = query.fires !== undefined || query.reads !== undefined || query.writes !== undefined;
  const sort = query.sort ?? (ranksTokens ? "relevance" : "maximum");
  const { offset = 0, limit = DEFAULT_LIMIT, order = sort === "unit" ? "ascending" : "descending" } = query;
  const keys = sortKeys(chosen, found, sides, sort, order === "ascending" ? 1 : -1);
  const page = Array.from(firstPlaces(keys, offset + limit).subarray(offset), (at) => ({
    source: ensureDefined(chosen[found.sources[at] ?? -1]),
    unit: found.units[at] ?? 0,
    score: ranksTokens && sort === "relevance" ? (found.scores[at] ?? 0) : null,
  }));
  const shown = [...new Set(page.map(({ source }) => source))];
  return {
    total: found.count,
    offset,
    rows: await unitRows(context, page, needsSides ? sides : await sidesOf(context, shown), labels),
    sources: [...sources.values()].filter(({ index }) => index !== undefined).map(({ name }) => name),
  };
}

function chosenSources(
  context: UnitContext,
  sources: ReadonlyMap<string, UnitSource>,
  { source: names, kind, layer }: UnitListQuery,
): UnitSource[] {
  const { layers } = context.engine.model.shape;
  if (layer !== undefined && layer >= layers) {
    throw new PatchbayError("layer-out-of-range", `There is no layer ${layer}.`, {
      expected: `0 to ${layers - 1}`,
      received: String(layer),
      at: "layer",
    });
  }
  const wanted = names
    ?.split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "")
    .map((name) => sourceNamed(sources, name));
  for (const source of wanted ?? []) requireIndex(source);
  const indexed = wanted ?? [...sources.values()].filter(({ index }) => index !== undefined);
  const [first] = sources.values();
  if (indexed.length === 0) requireIndex(ensureDefined(first, "a source of units"));
  return indexed.filter(
    (source) => (kind === undefined || source.kind === kind) && (layer === undefined || source.layer === layer),
  );
}

async function sidesOf(context: UnitContext, sources: readonly UnitSource[]): Promise<Sides> {
  return new Map(await Promise.all(sources.map(async ({ name }) => [name, await context.tokenSides(name)] as const)));
}

interface Filters {
  readonly units: ReadonlySet<number> | undefined;
  readonly reads: number | undefined;
  readonly writes: number | undefined;
  readonly fires: number | undefined;
  readonly label: string | undefined;
  readonly minimumDensity: number;
  readonly maximumDensity: number;
  readonly dead: NonNullable<UnitListQuery["dead"]>;
}

function filtersOf({ tokenizer }: UnitContext, query: UnitListQuery): Filters {
  const token = (field: "reads" | "writes" | "fires") => {
    const text = query[field];
    return text === undefined ? undefined : resolveToken(tokenizer, tokenReference(text), field).id;
  };
  return {
    units: query.units === undefined ? undefined : new Set(query.units.split(",").map(Number)),
    reads: token("reads"),
    writes: token("writes"),
    fires: token("fires"),
    label: query.label?.toLowerCase(),
    minimumDensity: query.minimumDensity ?? 0,
    maximumDensity: query.maximumDensity ?? 1,
    dead: query.dead ?? "exclude",
  };
}

/** Units found, in parallel columns. */
interface Found {
  count: number;
  /** Place in the list of sources searched. */
  readonly sources: Uint16Array;
  readonly units: Int32Array;
  /** Relevance, see `listUnits`. */
  readonly scores: Float64Array;
}

function matches(
  sources: readonly UnitSource[],
  { units, reads, writes, fires, label, minimumDensity, maximumDensity, dead }: Filters,
  sides: Sides,
  labels: LabelsByUnit,
): Found {
  const all = sources.reduce((sum, { units }) => sum + units, 0);
  const found = { count: 0, sources: new Uint16Array(all), units: new Int32Array(all), scores: new Float64Array(all) };
  for (const [s, source] of sources.entries()) {
    const index = requireIndex(source);
    const own = sides.get(source.name);
    const named = labels.get(source.name);
    for (let unit = 0; unit < source.units; unit++) {
      if (units !== undefined && !units.has(unit)) continue;
      const firing = index.firing[unit] ?? 0;
      if (dead !== "include" && (firing === 0) !== (dead === "only")) continue;
      const share = density(index, unit);
      if (share < minimumDensity || share > maximumDensity) continue;
      if (label !== undefined && !(named?.get(unit)?.toLowerCase().includes(label) ?? false)) continue;
      let score = 1;
      if (fires !== undefined) score *= firedShare(index, unit, fires);
      if (score > 0 && reads !== undefined) score *= scoreShare(own?.reads, own?.perSide ?? 0, unit, reads);
      if (score > 0 && writes !== undefined) score *= scoreShare(own?.writes, own?.perSide ?? 0, unit, writes);
      if (score <= 0) continue;
      found.sources[found.count] = s;
      found.units[found.count] = unit;
      found.scores[found.count++] = score;
    }
  }
  return found;
}

/** Mean activation on the token / maximum where the token is one of the unit's strongest, else 0. */
function firedShare({ topTokens, topTokenMeans, maximum }: SourceIndex, unit: number, token: number): number {
  for (let i = unit * TOP_TOKENS; i < (unit + 1) * TOP_TOKENS; i++) {
    if (topTokens[i] === token) return (topTokenMeans[i] ?? 0) / (maximum[unit] ?? 1);
  }
  return 0;
}

/** The token's score / the sum of the unit's first positive scores, where the token is one of them; else 0. */
function scoreShare(side: RankedSide | undefined, perSide: number, unit: number, token: number): number {
  if (side === undefined) return 0;
  let own = 0;
  let sum = 0;
  for (let i = unit * perSide; i < (unit + 1) * perSide; i++) {
    const score = Math.max(0, side.scores[i] ?? 0);
    sum += score;
    if (side.tokens[i] === token) own = score;
  }
  return sum === 0 ? 0 : own / sum;
}

/** Of each unit found; the smallest comes first. */
function sortKeys(
  sources: readonly UnitSource[],
  { count, sources: sourceOf, units, scores }: Found,
  sides: Sides,
  sort: Sort,
  sign: 1 | -1,
): Float64Array {
  const keys = new Float64Array(count);
  const keyOf =
    sort === "relevance" || sort === "unit"
      ? []
      : sources.map((source) => sortKey(source, sides.get(source.name), sort));
  for (let at = 0; at < count; at++) {
    if (sort === "relevance") keys[at] = sign * (scores[at] ?? 0);
    // Sources and their units were walked in order.
    else if (sort === "unit") keys[at] = sign * at;
    else keys[at] = sign * (keyOf[sourceOf[at] ?? 0]?.(units[at] ?? 0) ?? 0);
  }
  return keys;
}

function sortKey(
  source: UnitSource,
  sides: TokenSides | undefined,
  sort: Exclude<Sort, "relevance" | "unit">,
): (unit: number) => number {
  const index = requireIndex(source);
  switch (sort) {
    case "density":
      return (unit) => density(index, unit);
    case "maximum":
      return (unit) => index.maximum[unit] ?? 0;
    case "mean":
      return (unit) => mean(index, unit);
    case "peakedness":
      return (unit) => sides?.peakedness[unit] ?? 0;
  }
}
