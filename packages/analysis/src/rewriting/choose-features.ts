/** Which features are rewritten: those listed, or a random share. */
import type { RewriteRequest } from "@patchbay/contract";
import { PatchbayError } from "@patchbay/vocabulary";
import { seededRandom, shuffle } from "../training/random.ts";

/**
 * Rising, without repetition. With an endpoint, the share is of the features that have a label.
 * @throws PatchbayError `invalid-request`, `unit-out-of-range`
 */
export function chooseFeatures(
  count: number,
  { simulator, features, fraction = 1, seed = 0 }: Pick<RewriteRequest, "simulator" | "features" | "fraction" | "seed">,
  labels: ReadonlyMap<number, string>,
): Int32Array {
  if (features !== undefined) {
    const wrong = features.findIndex((feature) => feature >= count);
    if (wrong < 0) return Int32Array.from(new Set(features)).sort();
    throw new PatchbayError("unit-out-of-range", `The dictionary has no feature ${features[wrong]}.`, {
      expected: `0 to ${count - 1}`,
      received: String(features[wrong]),
      at: `features/${wrong}`,
    });
  }
  if (simulator.kind === "tokens" || simulator.kind === "regex") {
    throw new PatchbayError(
      "invalid-request",
      "A list or an expression describes certain features, and none is named.",
      {
        expected: '"features": those that it describes',
        at: "features",
      },
    );
  }
  const pool =
    simulator.kind === "endpoint"
      ? Int32Array.from(labels.keys()).filter((feature) => feature < count)
      : Int32Array.from({ length: count }, (_, feature) => feature);
  if (pool.length === 0) {
    throw new PatchbayError("invalid-request", "No feature of this dictionary has a label yet.", {
      advice: "Label features on their pages, then rewrite those.",
      at: "features",
    });
  }
  const share = Math.max(1, Math.round(fraction * pool.length));
  return shuffle(pool.sort(), seededRandom(seed)).subarray(0, share).sort();
}
