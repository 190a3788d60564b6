/** Units that fire on a given text more than elsewhere, over all sources, in one pass. */
import type { UnitTextSearch, UnitTextSearchRequest } from "@patchbay/contract";
import { ensureDefined, nameOf, PatchbayError } from "@patchbay/vocabulary";
import { asRows } from "../dictionaries/encode-features.ts";
import type { WorkContext } from "../model-service.ts";
import { resolvePosition } from "../run/positions.ts";
import { shortFloat } from "../run/tensor-json.ts";
import { activationIn, activationRows, type RowActivations } from "./unit-activations.ts";
import { requireIndex, sourceNamed, type UnitContext, type UnitSource, unitSources } from "./unit-context.ts";
import { labelsByUnit } from "./unit-labels.ts";
import { mean, unitRows } from "./unit-rows.ts";

const DEFAULT_LIMIT = 50;

interface Candidate {
  readonly source: UnitSource;
  readonly unit: number;
  readonly score: number;
}

/**
 * score = (mean activation at the chosen positions − mean in the corpus) / maximum in the corpus. Where the corpus never made
 * the unit fire, its largest activation here stands for the maximum. Units without a firing (neurons > 0, features ≠ 0) at
 * the chosen positions are left out.
 *
 * @throws PatchbayError `unknown-site`, `not-ready`, `empty-input`, `context-exceeded`, `position-out-of-range`
 */
export async function searchByText(
  context: UnitContext,
  request: UnitTextSearchRequest,
  { signal }: WorkContext,
): Promise<UnitTextSearch> {
  const { engine, tokenizer, prependBos } = context;
  const all = await unitSources(context);
  const sources = searchedSources(all, request.sources);
  const tokens = tokenizer.encode(request.text, { prependBos });
  const positions = chosenPositions(request, tokens.length, prependBos ? 1 : 0);
  checkLength(tokens.length, engine.model.shape.context);

  if (all.size === 0) return { tokens, rows: [] };

  const sites = new Map(sources.map(({ site }) => [nameOf(site), site]));
  const pass = await engine.forward({
    tokens: [tokens.map(({ id }) => id)],
    reads: [...sites.values()].map((site) => ({ site })),
    until: Math.max(...sources.map(({ layer }) => layer)) + 1,
    signal,
  });
  const read = new Map([...sites.keys()].map((name, i) => [name, ensureDefined(pass.reads[i])]));

  const everywhere = tokens.map((_, position) => position);
  const rowsOf = new Map<UnitSource, RowActivations[]>();
  const candidates: Candidate[] = [];
  for (const source of sources) {
    const values = asRows(ensureDefined(read.get(nameOf(source.site))));
    const rows = await activationRows(engine, source, values, everywhere, signal);
    rowsOf.set(source, rows);
    for (const candidate of scored(source, rows, positions)) candidates.push(candidate);
  }
  candidates.sort((a, b) => b.score - a.score);
  const best = candidates.slice(0, request.limit ?? DEFAULT_LIMIT);

  const shown = [...new Set(best.map(({ source }) => source.name))];
  const sides = new Map(await Promise.all(shown.map(async (name) => [name, await context.tokenSides(name)] as const)));
  const rows = await unitRows(context, best, sides, await labelsByUnit(context.labels));
  return {
    tokens,
    rows: rows.map((row, i) => {
      const { source, unit } = ensureDefined(best[i]);
      const activations = ensureDefined(rowsOf.get(source)).map((each) => shortFloat(activationIn(each, unit)));
      const peak = positions.reduce((a, b) => ((activations[b] ?? 0) > (activations[a] ?? 0) ? b : a));
      return { ...row, activations, peak };
    }),
  };
}

function searchedSources(all: ReadonlyMap<string, UnitSource>, names: readonly string[] | undefined): UnitSource[] {
  const named = [...new Set(names ?? [])].map((name) => sourceNamed(all, name));
  for (const source of named) requireIndex(source);
  const sources = names === undefined ? [...all.values()].filter(({ index }) => index !== undefined) : named;
  const [any] = all.values();
  if (sources.length === 0 && any !== undefined) requireIndex(any);
  return sources;
}

function chosenPositions({ positions }: UnitTextSearchRequest, length: number, first: number): number[] {
  if (length <= first) {
    throw new PatchbayError("empty-input", "The text has no token.", { expected: "at least one token", at: "text" });
  }
  if (positions === undefined) return Array.from({ length: length - first }, (_, i) => first + i);
  return [...new Set(positions.map((position, i) => resolvePosition(position, length, `positions/${i}`)))];
}

function checkLength(length: number, context: number): void {
  if (length <= context) return;
  throw new PatchbayError("context-exceeded", "The text is longer than the model's context.", {
    expected: `at most ${context} tokens`,
    received: `${length} tokens`,
    advice: "Shorten it.",
    at: "text",
  });
}

function* scored(source: UnitSource, rows: readonly RowActivations[], positions: readonly number[]) {
  const index = requireIndex(source);
  const sums = new Float64Array(source.units);
  const largest = new Float64Array(source.units);
  const fires = new Uint8Array(source.units);
  for (const position of positions) {
    const { units, values } = ensureDefined(rows[position]);
    for (let i = 0; i < units.length; i++) {
      const [unit = 0, value = 0] = [units[i], values[i]];
      sums[unit] = (sums[unit] ?? 0) + value;
      if (value > (largest[unit] ?? 0)) largest[unit] = value;
      if (source.kind === "neuron" ? value > 0 : value !== 0) fires[unit] = 1;
    }
  }
  for (let unit = 0; unit < source.units; unit++) {
    if (fires[unit] === 0) continue;
    const known = index.maximum[unit] ?? 0;
    const maximum = known > 0 ? known : (largest[unit] ?? 0);
    // Only negative activations, which circuit-tracer's top-k lets through: nothing to be measured against.
    if (maximum <= 0) continue;
    const score = ((sums[unit] ?? 0) / positions.length - mean(index, unit)) / maximum;
    yield { source, unit, score };
  }
}
