/** Which features of a graph write alike: cosines of their decoder rows, for suggesting supernodes. */
import type { FeatureSimilarities, FeatureSimilaritiesRequest } from "@patchbay/contract";
import { PatchbayError, tensor } from "@patchbay/vocabulary";
import { similarityMatrix } from "../dictionary-comparison/similarity.ts";
import type { WorkContext } from "../model-service.ts";
import type { ModelParts } from "../run/model-parts.ts";
import { decoderRows } from "./weight-vectors.ts";

const DEFAULT_THRESHOLD = 0.5;

/**
 * Pairs a < b with cosine ≥ threshold, most alike first. Rows are those of a dictionary's own output site; dictionaries that write
 * to streams of different widths are never alike.
 * @throws PatchbayError `not-found` for a dictionary; `unit-out-of-range`; `cancelled`
 */
export async function featureSimilarities(
  { engine, dictionaries }: ModelParts,
  { features, threshold = DEFAULT_THRESHOLD }: FeatureSimilaritiesRequest,
  context: WorkContext,
): Promise<FeatureSimilarities> {
  const { residualWidth: width } = engine.model.shape;
  const rows = new Float32Array(features.length * width);
  const names = [...new Set(features.map(({ dictionary }) => dictionary))];
  for (const name of names) {
    const dictionary = await dictionaries.find(name);
    const { features: count, outputWidth } = dictionary.spec;
    const places = features.flatMap((feature, place) => (feature.dictionary === name ? [place] : []));
    for (const place of places) {
      const feature = features[place]?.feature ?? 0;
      if (feature < count) continue;
      throw new PatchbayError("unit-out-of-range", `"${name}" has no feature ${feature}.`, {
        expected: `0 to ${count - 1}`,
        received: String(feature),
        at: `features/${place}/feature`,
      });
    }
    // Heads' outputs and the like: another space, where a cosine with a residual direction means nothing.
    if (outputWidth !== width) continue;
    const wanted = places.map((place) => features[place]?.feature ?? 0);
    const { data } = await decoderRows(engine, { dictionary }, 0, wanted, context.signal);
    places.forEach((place, i) => {
      rows.set(unitVector(data.subarray(i * width, (i + 1) * width)), place * width);
    });
  }
  const unit = tensor(["feature", "residual"], [features.length, width], rows);
  const cosines = await similarityMatrix(engine, unit, unit, context);
  const pairs: { a: number; b: number; cosine: number }[] = [];
  for (let a = 0; a < features.length; a++) {
    for (let b = a + 1; b < features.length; b++) {
      const cosine = cosines[a * features.length + b] ?? 0;
      if (cosine >= threshold) pairs.push({ a, b, cosine });
    }
  }
  pairs.sort((x, y) => y.cosine - x.cosine || x.a - y.a || x.b - y.b);
  return {
    threshold,
    a: pairs.map(({ a }) => a),
    b: pairs.map(({ b }) => b),
    cosine: pairs.map(({ cosine }) => Math.min(1, cosine)),
  };
}

/** Zeros stay zeros: a row of nothing is like nothing. */
function unitVector(row: Float32Array): Float32Array {
  const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
  return length === 0 ? row : row.map((value) => value / length);
}
