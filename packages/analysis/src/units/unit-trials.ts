/** Units changed at single places of the corpus: what the next-token distribution there was, and what it becomes. */
import type { RankedToken } from "@patchbay/contract";
import type { Engine, Tokenizer } from "@patchbay/transformer";
import { ensureDefined, selectAlong } from "@patchbay/vocabulary";
import type { Corpus } from "../corpus/corpus.ts";
import { takeRows } from "../corpus/harvest.ts";
import { shortFloat } from "../run/tensor-json.ts";
import { compareNextToken, type NextTokenComparison } from "./compare-next-token.ts";
import { BATCH_TOKENS, prefixBatches } from "./prefix-batches.ts";
import { activationRows, type RowActivations } from "./unit-activations.ts";
import type { UnitSource } from "./unit-context.ts";
import { unitEdits } from "./unit-edits.ts";

/** A token of the corpus that has a next one. */
export interface Place {
  readonly document: number;
  readonly peak: number;
}

/** The model as it is at a place. */
export interface ObservedPlace extends Place {
  /** Value at the source's site, [width]. */
  readonly input: Float32Array;
  readonly activations: RowActivations;
}

/** One unit becomes `to` at one place, where it is `from`. */
export interface Trial {
  readonly place: ObservedPlace;
  readonly unit: number;
  readonly from: number;
  readonly to: number;
}

export interface TrialOutcome {
  /** Cross-entropy of the true next token, nats. */
  readonly lossBefore: number;
  readonly lossAfter: number;
  /** KL(before ‖ after), nats. */
  readonly kl: number;
  /** By change of probability. */
  readonly raised: readonly RankedToken[];
  readonly lowered: readonly RankedToken[];
}

export interface TrialBench {
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  readonly corpus: Corpus;
  readonly source: UnitSource;
  readonly signal: AbortSignal;
}

const TOKENS_SHOWN = 6;

/** In the order of `places`. */
export async function observePlaces(
  { engine, corpus, source, signal }: TrialBench,
  places: readonly Place[],
): Promise<ObservedPlace[]> {
  const found = new Map<Place, ObservedPlace>();
  for (const { prefixes, tokens } of prefixBatches(corpus, places.map(prefixTo))) {
    const pass = await engine.forward({ tokens, reads: [{ site: source.site }], until: source.layer + 1, signal });
    const width = ensureDefined(tokens[0]).length;
    const values = takeRows(
      ensureDefined(pass.reads[0]),
      Int32Array.from(prefixes, ({ place }, row) => row * width + place.peak),
    );
    const peaks = prefixes.map(({ place }) => place.peak);
    const rows = await activationRows(engine, source, values, peaks, signal);
    const siteWidth = ensureDefined(values.shape[1]);
    prefixes.forEach(({ place }, row) => {
      const input = values.data.subarray(row * siteWidth, (row + 1) * siteWidth);
      found.set(place, { ...place, input, activations: ensureDefined(rows[row]) });
    });
  }
  return places.map((place) => ensureDefined(found.get(place)));
}

/**
 * Each trial beside the unchanged run of its place, in one batch, so that what differs is the intervention alone. Blocks
 * below the source run once for all trials of a batch at a place.
 * @returns in the order of `trials`
 */
export async function runTrials(bench: TrialBench, trials: readonly Trial[]): Promise<TrialOutcome[]> {
  const { engine, corpus, source, signal } = bench;
  const outcomes = new Map<Trial, TrialOutcome>();
  for (const batch of prefixBatches(corpus, trialGroups(trials))) {
    const width = ensureDefined(batch.tokens[0]).length;
    const below = await engine.forward({ tokens: batch.tokens, until: source.layer, signal });
    const rows = batch.prefixes.flatMap(({ place, trials: own }, row) => [
      { row, place, trial: undefined },
      ...own.map((trial) => ({ row, place, trial })),
    ]);
    const edits = await unitEdits(
      source,
      rows.flatMap(({ place, trial }, row) =>
        trial === undefined ? [] : [{ ...trial, row, position: place.peak, input: place.input }],
      ),
    );
    const residual = selectAlong(
      below.residual,
      "batch",
      rows.map(({ row }) => row),
    );
    const above = await engine.forward({ tokens: [], from: { layer: source.layer, residual }, edits, signal });
    const statesAt = (chosen: readonly number[]) =>
      takeRows(
        above.residual,
        Int32Array.from(chosen, (row) => row * width + ensureDefined(rows[row]).place.peak),
      ).data;
    const tried = rows.flatMap(({ trial }, after) => (trial === undefined ? [] : [{ trial, after }]));
    const before = tried.map(({ after }) => rows.findLastIndex(({ trial }, i) => i < after && trial === undefined));
    const targets = tried.map(({ trial: { place } }) =>
      ensureDefined(corpus.documents[place.document]?.[place.peak + 1], "the token after the peak"),
    );
    const compared = await compareNextToken(
      engine,
      statesAt(before),
      statesAt(tried.map(({ after }) => after)),
      Int32Array.from(targets),
      TOKENS_SHOWN,
      signal,
    );
    tried.forEach(({ trial }, row) => {
      outcomes.set(trial, outcomeOf(bench.tokenizer, compared, row));
    });
  }
  return trials.map((trial) => ensureDefined(outcomes.get(trial)));
}

function outcomeOf(tokenizer: Tokenizer, compared: NextTokenComparison, row: number): TrialOutcome {
  const ranks = compared.raised.length / compared.kl.length;
  const ranked = (tokens: Int32Array, changes: Float32Array): RankedToken[] =>
    Array.from(tokens.subarray(row * ranks, (row + 1) * ranks), (id, rank) => ({
      id,
      text: tokenizer.textOf(id),
      score: shortFloat(changes[row * ranks + rank] ?? 0),
    }));
  return {
    lossBefore: compared.lossBefore[row] ?? 0,
    lossAfter: compared.lossAfter[row] ?? 0,
    kl: compared.kl[row] ?? 0,
    // Where few tokens change, the ranks are filled up with others.
    raised: ranked(compared.raisedTokens, compared.raised).filter(({ score }) => score > 0),
    lowered: ranked(compared.loweredTokens, compared.lowered).filter(({ score }) => score < 0),
  };
}

/** The trials of each place, in groups that fit one pass beside the unchanged run. */
function trialGroups(trials: readonly Trial[]) {
  const byPlace = new Map<ObservedPlace, Trial[]>();
  for (const trial of trials) byPlace.set(trial.place, [...(byPlace.get(trial.place) ?? []), trial]);
  return [...byPlace].flatMap(([place, own]) => {
    const prefix = prefixTo(place);
    const most = Math.max(1, Math.floor(BATCH_TOKENS / prefix.length) - 1);
    const groups: Trial[][] = [];
    for (let start = 0; start < own.length; start += most) groups.push(own.slice(start, start + most));
    return groups.map((group) => ({ ...prefix, trials: group, rows: group.length + 1 }));
  });
}

/** Everything up to the peak: nothing after it can change what is predicted there. */
function prefixTo<Of extends Place>(place: Of) {
  return { place, document: place.document, length: place.peak + 1 };
}
