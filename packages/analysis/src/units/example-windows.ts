/** Examples as people read them: the tokens around a peak, with the unit's activation on each, computed from the whole text before. */
import type { UnitExample } from "@patchbay/contract";
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import type { Corpus } from "../corpus/corpus.ts";
import { takeRows } from "../corpus/harvest.ts";
import { shortFloat } from "../run/tensor-json.ts";
import type { ExamplePlace } from "./example-places.ts";
import { prefixBatches } from "./prefix-batches.ts";
import { activationsOfUnit } from "./unit-activations.ts";
import type { UnitContext, UnitSource } from "./unit-context.ts";

/** Tokens shown before and after the peak. */
export const SHOWN_BEFORE = 10;
export const SHOWN_AFTER = 5;

/**
 * How far a recomputed activation may be from the stored one: the error of the compact index (half a step of a hundredth,
 * ../unit-index/quantise.ts), and the rounding of a pass whose batches are cut otherwise, relative to the unit's maximum.
 */
const QUANTISATION = 0.005;
const ROUNDING = 1e-4;

/**
 * One example for each place, in the given order. A feature that the selection of a dictionary (top-k, threshold) keeps by
 * less than float32's rounding may recompute as 0; one such example is left out, more are an error.
 * @throws PatchbayError `internal-error` where the model does not say what the index says
 */
export async function exampleWindows(
  { engine, tokenizer }: Pick<UnitContext, "engine" | "tokenizer">,
  corpus: Corpus,
  source: UnitSource,
  unit: number,
  places: readonly ExamplePlace[],
  signal: AbortSignal,
): Promise<(UnitExample | undefined)[]> {
  const windows = places.map((place) => {
    const tokens = ensureDefined(corpus.documents[place.document], `document ${place.document}`);
    return {
      place,
      start: Math.max(corpus.skip, place.peak - SHOWN_BEFORE),
      end: Math.min(tokens.length, place.peak + SHOWN_AFTER + 1),
    };
  });
  const lengths = new Map<number, number>();
  for (const { place, end } of windows) {
    lengths.set(place.document, Math.max(end, lengths.get(place.document) ?? 0));
  }
  const prefixes = [...lengths].map(([document, length]) => ({ document, length }));
  const found = new Map<(typeof windows)[number], Float32Array>();
  for (const batch of prefixBatches(corpus, prefixes)) {
    const width = batch.tokens[0]?.length ?? 0;
    const wanted = batch.prefixes.flatMap(({ document }, row) =>
      windows.filter(({ place }) => place.document === document).map((window) => ({ row, window })),
    );
    const positions = wanted.flatMap(({ window: { start, end } }) =>
      Array.from({ length: end - start }, (_, i) => start + i),
    );
    const rows = wanted.flatMap(({ row, window: { start, end } }) =>
      Array.from({ length: end - start }, (_, i) => row * width + start + i),
    );
    const pass = await engine.forward({
      tokens: batch.tokens,
      reads: [{ site: source.site }],
      until: source.layer + 1,
      signal,
    });
    const values = takeRows(ensureDefined(pass.reads[0]), Int32Array.from(rows));
    const activations = await activationsOfUnit(engine, source, unit, values, positions, signal);
    let first = 0;
    for (const { window } of wanted) {
      found.set(window, activations.subarray(first, first + window.end - window.start));
      first += window.end - window.start;
    }
  }
  const examples = windows.map((window): UnitExample | undefined => {
    const { place, start, end } = window;
    const activations = ensureDefined(found.get(window));
    const peakActivation = activations[place.peak - start] ?? Number.NaN;
    if (!agrees(source, unit, place.stored, peakActivation)) {
      if (peakActivation === 0 && source.kind === "feature") return undefined;
      throw disagreement(source, unit, place, peakActivation);
    }
    const ids = Array.from(ensureDefined(corpus.documents[place.document]).subarray(start, end));
    return {
      document: place.document,
      peak: place.peak,
      peakActivation: shortFloat(peakActivation),
      start,
      tokens: ids.map((id) => ({ id, text: tokenizer.textOf(id) })),
      activations: Array.from(activations, shortFloat),
    };
  });
  const [first, second] = windows.filter((_, i) => examples[i] === undefined);
  if (first !== undefined && second !== undefined) throw disagreement(source, unit, first.place, 0);
  return examples;
}

function agrees({ index }: UnitSource, unit: number, stored: number, recomputed: number): boolean {
  const largest = Math.max(Math.abs(index?.maximum[unit] ?? 0), Math.abs(stored));
  return Math.abs(recomputed - stored) <= QUANTISATION * Math.abs(stored) + ROUNDING * largest;
}

function disagreement(source: UnitSource, unit: number, place: ExamplePlace, recomputed: number): PatchbayError {
  return new PatchbayError(
    "internal-error",
    `The index does not describe unit ${unit} of ${source.name} as the model computes it.`,
    {
      expected: `activation ${shortFloat(place.stored)} in text ${place.document} at position ${place.peak}`,
      received: String(shortFloat(recomputed)),
      advice: 'Make the index anew: POST /api/v1/jobs with kind "unit-index".',
    },
  );
}
