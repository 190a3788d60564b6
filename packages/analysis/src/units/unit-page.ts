/** What one unit does on text: its statistics, and examples whose activations are computed anew from the model. */
import type { UnitExample, UnitPage, UnitStatistics } from "@patchbay/contract";
import type { Tokenizer } from "@patchbay/transformer";
import { ensureDefined } from "@patchbay/vocabulary";
import type { WorkContext } from "../model-service.ts";
import { shortFloat } from "../run/tensor-json.ts";
import { INTERVALS, intervalShares, PER_INTERVAL, RANDOM, type SourceIndex, TOP } from "../unit-index/source-index.ts";
import { displayHistogram, shareAbove } from "./display-histogram.ts";
import { type ExamplePlace, placesOf } from "./example-places.ts";
import { exampleWindows } from "./example-windows.ts";
import { checkUnit, findSource, indexedCorpus, type UnitContext, type UnitSource } from "./unit-context.ts";
import { labelsByUnit } from "./unit-labels.ts";
import { density, firedTokens, mean } from "./unit-rows.ts";

type Groups = UnitPage["groups"];

const DEFAULT_TOP = 10;
const DEFAULT_OTHERS = 3;
/** Pages whose examples are held; each is some tens of kilobytes. */
const HELD_PAGES = 200;

/** Examples of the pages that were asked for last. Those of an index that has been replaced are computed again. */
export class ExampleCache {
  readonly #held = new Map<string, { index: SourceIndex; groups: Groups }>();

  get(key: string, index: SourceIndex): Groups | undefined {
    const entry = this.#held.get(key);
    if (entry === undefined || entry.index !== index) return undefined;
    // Last in order is last used.
    this.#held.delete(key);
    this.#held.set(key, entry);
    return entry.groups;
  }

  set(key: string, index: SourceIndex, groups: Groups): void {
    this.#held.delete(key);
    this.#held.set(key, { index, groups });
    const [oldest] = this.#held.keys();
    if (this.#held.size > HELD_PAGES && oldest !== undefined) this.#held.delete(oldest);
  }
}

/**
 * @param examples most in each group; default 10 of the top and 3 of the others
 * @throws PatchbayError `unknown-site`, `unit-out-of-range`, `conflict`, `internal-error` (the index contradicts the model)
 */
export async function unitPage(
  context: UnitContext,
  cache: ExampleCache,
  { source: name, unit, examples }: { source: string; unit: number; examples: number | undefined },
  { signal }: WorkContext,
): Promise<UnitPage> {
  const source = await findSource(context, name);
  checkUnit(source, unit);
  const { index } = source;
  const corpus = context.index()?.corpus;
  return {
    model: context.modelName,
    source: name,
    unit,
    kind: source.kind,
    layer: source.layer,
    statistics: index === undefined ? null : statisticsOf(context.tokenizer, index, unit),
    groups: index === undefined ? [] : await groupsOf(context, cache, source, index, unit, examples, signal),
    label: (await labelsByUnit(context.labels)).get(name)?.get(unit) ?? null,
    badge: source.kind === "feature" ? await context.badge(name, unit) : null,
    corpus: index === undefined || corpus === undefined ? null : { ...corpus },
  };
}

function statisticsOf(tokenizer: Tokenizer, index: SourceIndex, unit: number): UnitStatistics {
  return {
    tokens: index.tokens,
    firing: index.firing[unit] ?? 0,
    density: shortFloat(density(index, unit)),
    mean: shortFloat(mean(index, unit)),
    maximum: shortFloat(index.maximum[unit] ?? 0),
    minimum: shortFloat(index.minimum[unit] ?? 0),
    histogram: displayHistogram(index, unit),
    topTokens: firedTokens(tokenizer, index, unit),
  };
}

async function groupsOf(
  context: UnitContext,
  cache: ExampleCache,
  source: UnitSource,
  index: SourceIndex,
  unit: number,
  examples: number | undefined,
  signal: AbortSignal,
): Promise<Groups> {
  const key = `${source.name} ${unit} ${examples ?? "default"}`;
  const held = cache.get(key, index);
  if (held !== undefined) return held;
  const planned = plannedGroups(index, unit, examples ?? DEFAULT_TOP, examples ?? DEFAULT_OTHERS);
  const places = planned.flatMap(({ places }) => places);
  const found: (UnitExample | undefined)[] =
    places.length === 0
      ? []
      : await exampleWindows(context, await indexedCorpus(context), source, unit, places, signal);
  let first = 0;
  const groups = planned.map(({ places: own, ...facts }) => {
    const windows = found.slice(first, first + own.length);
    first += own.length;
    return { ...facts, examples: windows.filter((example) => example !== undefined) };
  });
  cache.set(key, index, groups);
  return groups;
}

interface PlannedGroup {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly share: number;
  readonly places: readonly ExamplePlace[];
}

function plannedGroups(index: SourceIndex, unit: number, top: number, others: number): PlannedGroup[] {
  if ((index.firing[unit] ?? 0) === 0) return [];
  const maximum = index.maximum[unit] ?? 0;
  const minimum = Math.min(0, index.minimum[unit] ?? 0);
  const strongest = placesOf(index.top, unit * TOP, Math.min(top, TOP));
  const lowest = strongest.at(-1)?.stored ?? maximum;
  const shares = intervalShares(index, unit);
  const groups: PlannedGroup[] = [
    { name: "top", from: lowest, to: maximum, share: shareAbove(index, unit, lowest), places: strongest },
    ...Array.from({ length: INTERVALS }, (_, interval) => ({
      name: `interval ${interval + 1} of ${INTERVALS}`,
      from: interval === 0 ? minimum : (maximum * interval) / INTERVALS,
      to: (maximum * (interval + 1)) / INTERVALS,
      share: ensureDefined(shares[interval]),
      places: placesOf(index.intervals, (unit * INTERVALS + interval) * PER_INTERVAL, Math.min(others, PER_INTERVAL)),
    })),
    {
      name: "random",
      from: minimum,
      to: maximum,
      share: 1,
      places: placesOf(index.random, unit * RANDOM, Math.min(others, RANDOM)),
    },
  ];
  return groups.map((group) => ({
    ...group,
    from: shortFloat(group.from),
    to: shortFloat(group.to),
    share: shortFloat(group.share),
  }));
}
