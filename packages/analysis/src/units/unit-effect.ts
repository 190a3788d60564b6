/** The causal panel of a unit: what its own strongest places predict without it, against random units that fire there. */
import type { UnitEffect, UnitEffectRequest } from "@patchbay/contract";
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import type { WorkContext } from "../model-service.ts";
import { shortFloat } from "../run/tensor-json.ts";
import { mix } from "../unit-index/corpus-places.ts";
import { TOP } from "../unit-index/source-index.ts";
import { placesOf } from "./example-places.ts";
import { activationIn } from "./unit-activations.ts";
import {
  checkUnit,
  findSource,
  indexedCorpus,
  requireIndex,
  type UnitContext,
  type UnitSource,
} from "./unit-context.ts";
import { type ObservedPlace, observePlaces, runTrials, type Trial, type TrialOutcome } from "./unit-trials.ts";

const DEFAULT_EXAMPLES = 8;
const DEFAULT_RANDOM = 8;

/**
 * The intervention acts at the peak of each example alone, and the distribution of the token after the peak is compared; a
 * document's last token has none and is left out. `zero` sets the activation to 0, `set` to a multiple of the unit's largest
 * activation in the corpus.
 *
 * Random units: others of the source, drawn by a fixed hash among those that fire (neurons > 0, features ≠ 0) at one of the
 * places or more; each is changed wherever it fires, one at a time, and its numbers are means over those places.
 *
 * A unit that never fires has no examples: the lists are empty and the means are 0.
 *
 * @throws PatchbayError `unknown-site`, `unit-out-of-range`, `not-ready`, `conflict`, `invalid-request`, `site-not-writable`
 */
export async function unitEffect(
  context: UnitContext,
  request: UnitEffectRequest,
  { signal }: WorkContext,
): Promise<UnitEffect> {
  const { unit, op = "zero", multiple = 1 } = request;
  checkMultiple(request);
  const source = await findSource(context, request.source);
  checkUnit(source, unit);
  const index = requireIndex(source);
  const corpus = await indexedCorpus(context);
  const bench = { engine: context.engine, tokenizer: context.tokenizer, corpus, source, signal };
  const known = placesOf(index.top, unit * TOP, TOP)
    .filter(({ document, peak }) => peak + 1 < (corpus.documents[document]?.length ?? 0))
    .slice(0, request.examples ?? DEFAULT_EXAMPLES);
  const places = await observePlaces(bench, known);

  const trialOf = (place: ObservedPlace, changed: number): Trial => ({
    place,
    unit: changed,
    from: activationIn(place.activations, changed),
    to: op === "zero" ? 0 : multiple * (index.maximum[changed] ?? 0),
  });
  const own = places.map((place) => trialOf(place, unit));
  const randomUnits = unitsFiringAt(source, places, unit).slice(0, request.random ?? DEFAULT_RANDOM);
  const others = randomUnits.map((other) =>
    places
      .filter((place) => fires(source, activationIn(place.activations, other)))
      .map((place) => trialOf(place, other)),
  );
  const outcomes = await runTrials(bench, [...own, ...others.flat()]);
  let next = own.length;
  const ofOthers = others.map(({ length }) => {
    next += length;
    return outcomes.slice(next - length, next);
  });
  const ofOwn = outcomes.slice(0, own.length);
  const kls = ofOthers.map((each) => average(each.map(({ kl }) => kl)));
  return {
    examples: ofOwn.map(({ lossBefore, lossAfter, kl, raised, lowered }, i) => ({
      document: ensureDefined(places[i]).document,
      peak: ensureDefined(places[i]).peak,
      lossBefore: shortFloat(lossBefore),
      lossAfter: shortFloat(lossAfter),
      kl: shortFloat(kl),
      raised: [...raised],
      lowered: [...lowered],
    })),
    meanKl: shortFloat(average(ofOwn.map(({ kl }) => kl))),
    meanLossChange: shortFloat(average(ofOwn.map(lossChange))),
    random: {
      units: randomUnits,
      meanKl: shortFloat(average(kls)),
      meanLossChange: shortFloat(average(ofOthers.map((each) => average(each.map(lossChange))))),
      kls: kls.map(shortFloat),
    },
  };
}

function checkMultiple({ op = "zero", multiple }: UnitEffectRequest): void {
  if (multiple === undefined || op === "set") return;
  throw new PatchbayError("invalid-request", "Ablation takes no multiple.", {
    expected: '"op": "set"',
    received: `"op": "${op}"`,
    at: "multiple",
  });
}

/** Other units that fire at a place or more, in an order that follows from the unit alone. */
function unitsFiringAt(source: UnitSource, places: readonly ObservedPlace[], unit: number): number[] {
  const firing = new Set<number>();
  for (const { activations } of places) {
    activations.values.forEach((value, i) => {
      if (fires(source, value)) firing.add(activations.units[i] ?? unit);
    });
  }
  firing.delete(unit);
  const key = (other: number) => mix(mix(unit + 1) ^ other);
  return [...firing].sort((a, b) => key(a) - key(b) || a - b);
}

function fires({ kind }: UnitSource, value: number): boolean {
  return kind === "neuron" ? value > 0 : value !== 0;
}

function lossChange({ lossBefore, lossAfter }: TrialOutcome): number {
  return lossAfter - lossBefore;
}

/** 0 of none. */
function average(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
