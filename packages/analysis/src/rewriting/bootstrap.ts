/**
 * Intervals for losses over texts: texts are drawn with replacement, and the mean over their tokens taken again each time
 * (Efron 1979, percentile interval). The same seed draws the same texts, so that differences are paired.
 */
import type { Rewrite } from "@patchbay/contract";
import type { CorpusLoss } from "../corpus/corpus-loss.ts";
import { seededRandom } from "../training/random.ts";

export type LossWithInterval = Rewrite["difference"];
type LossByDocument = CorpusLoss["byDocument"];

const DRAWS = 2000;
const COVERED = 0.95;

/** Mean over all tokens, nats, with its 95 % interval. */
export function lossInterval(losses: LossByDocument, seed: number): LossWithInterval {
  return interval([...losses.values()], seed);
}

/** a − b, text by text. */
export function differenceInterval(a: LossByDocument, b: LossByDocument, seed: number): LossWithInterval {
  const differences = [...a].map(([document, { sum, count }]) => ({ sum: sum - (b.get(document)?.sum ?? 0), count }));
  return interval(differences, seed);
}

function interval(texts: readonly { readonly sum: number; readonly count: number }[], seed: number): LossWithInterval {
  const random = seededRandom(seed);
  const means = new Float64Array(DRAWS);
  for (let draw = 0; draw < DRAWS; draw++) {
    let [sum, count] = [0, 0];
    for (let i = 0; i < texts.length; i++) {
      const text = texts[random.integer(texts.length)];
      sum += text?.sum ?? 0;
      count += text?.count ?? 0;
    }
    means[draw] = sum / count;
  }
  means.sort();
  const outside = Math.floor((DRAWS * (1 - COVERED)) / 2);
  const total = texts.reduce((all, { sum, count }) => ({ sum: all.sum + sum, count: all.count + count }), {
    sum: 0,
    count: 0,
  });
  return { mean: total.sum / total.count, low: means[outside] ?? 0, high: means[DRAWS - 1 - outside] ?? 0 };
}
