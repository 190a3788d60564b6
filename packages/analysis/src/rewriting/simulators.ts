/** What tells the activation of features from the text alone. */
import type { Corpus } from "../corpus/corpus.ts";
import type { SparseFeatures } from "../dictionaries/sparse-features.ts";

/**
 * Scores of one document: row = position, `features` = place in the list of rewritten features, values in (0, 1]. What is not
 * listed has score 0.
 */
export type Scores = SparseFeatures;

export interface TextSimulator {
  simulate(document: number): Promise<Scores>;
}

/** Scores from a function that gives the entries of each position. */
export function scoresOf(
  positions: number,
  entriesAt: (
    position: number,
  ) => { readonly places: ArrayLike<number>; readonly scores: ArrayLike<number> } | undefined,
): Scores {
  const starts = new Int32Array(positions + 1);
  const places: number[] = [];
  const values: number[] = [];
  for (let position = 0; position < positions; position++) {
    const found = entriesAt(position);
    for (let i = 0; i < (found?.places.length ?? 0); i++) {
      places.push(found?.places[i] ?? 0);
      values.push(found?.scores[i] ?? 0);
    }
    starts[position + 1] = places.length;
  }
  return { rows: positions, starts, features: Int32Array.from(places), values: Float32Array.from(values) };
}

/** One rule for every rewritten feature: each fires with score 1 where `fires` says so. */
export function sharedRule(
  { documents }: Corpus,
  features: number,
  fires: (document: Int32Array) => (position: number) => boolean,
): TextSimulator {
  const everywhere = {
    places: Int32Array.from({ length: features }, (_, place) => place),
    scores: new Float32Array(features).fill(1),
  };
  return {
    async simulate(document) {
      const ids = documents[document] ?? new Int32Array();
      const at = fires(ids);
      return scoresOf(ids.length, (position) => (at(position) ? everywhere : undefined));
    },
  };
}
