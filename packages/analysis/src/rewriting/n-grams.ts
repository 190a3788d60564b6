/**
 * Labels learned as n-grams: on training texts, on which tokens does a feature fire, told from the last few tokens alone? The
 * longest n-gram that was seen often enough decides; a feature fires where it fired on at least half of its occurrences.
 */
import { ensureDefined } from "@patchbay/vocabulary";
import type { Corpus } from "../corpus/corpus.ts";
import { scoresOf, type TextSimulator } from "./simulators.ts";
import type { TrainingActivations } from "./training-activations.ts";

export interface NGramRule {
  /** Longest n-gram, the current token included; default 2. */
  readonly length?: number | undefined;
  /** Occurrences in the training texts from which on an n-gram is believed; default 3. */
  readonly minimumCount?: number | undefined;
}

const FIRES_FROM = 0.5;
/** Scores are rounded to such steps, so that calibration has several tokens for each. */
const STEPS = 20;

interface Prediction {
  readonly places: Int32Array;
  readonly scores: Float32Array;
}

export function nGramSimulator(
  { documents }: Corpus,
  { rows }: TrainingActivations,
  { length = 2, minimumCount = 3 }: NGramRule,
): TextSimulator {
  const lengths = Array.from({ length }, (_, i) => length - i);
  const keyAt = (document: number, position: number, tokens: number) => {
    const ids = ensureDefined(documents[document]);
    return position + 1 < tokens ? undefined : ids.subarray(position + 1 - tokens, position + 1).join(",");
  };
  const counts = new Map<string, number>();
  for (const { document, position } of rows) {
    for (const tokens of lengths) {
      const key = keyAt(document, position, tokens);
      if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  const believed = (key: string | undefined): key is string =>
    key !== undefined && (counts.get(key) ?? 0) >= minimumCount;
  const fired = new Map<string, Map<number, number>>();
  for (const { document, position, places } of rows) {
    for (const tokens of lengths) {
      const key = keyAt(document, position, tokens);
      if (!believed(key)) continue;
      const byPlace = fired.get(key) ?? new Map<number, number>();
      for (const place of places) byPlace.set(place, (byPlace.get(place) ?? 0) + 1);
      fired.set(key, byPlace);
    }
  }
  const predictions = new Map<string, Prediction>();
  for (const [key, byPlace] of fired) {
    const count = ensureDefined(counts.get(key));
    const chosen = [...byPlace].filter(([, times]) => times / count >= FIRES_FROM);
    predictions.set(key, {
      places: Int32Array.from(chosen, ([place]) => place),
      scores: Float32Array.from(chosen, ([, times]) => Math.round((times / count) * STEPS) / STEPS),
    });
  }
  return {
    async simulate(document) {
      return scoresOf(ensureDefined(documents[document]).length, (position) => {
        for (const tokens of lengths) {
          const key = keyAt(document, position, tokens);
          if (believed(key)) return predictions.get(key);
        }
        return undefined;
      });
    },
  };
}
