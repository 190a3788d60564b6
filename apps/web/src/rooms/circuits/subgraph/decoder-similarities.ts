/** Which of the shown features write alike, as the suggestions of groups want to know it. */
import type { CircuitGraph } from "@patchbay/circuit-graph";
import { api } from "../../../shell/api.ts";
import { pairKey } from "../engine/circuit-tasks.ts";

/** Likenesses below it are no reason for a group. */
const THRESHOLD = 0.7;
/** Of the features shown, the most influential ones: the work grows with the square. */
const MOST_FEATURES = 400;

/**
 * Cosines by `pairKey`. Empty for a graph of another model, of features that no installed dictionary has, or where the server
 * refuses: suggestions then rest on their other reasons.
 */
export async function decoderSimilarities(
  model: string,
  { nodes }: CircuitGraph,
  shown: Iterable<number>,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, number>> {
  const places = [...shown]
    .filter((place) => nodes[place]?.kind === "feature" && nodes[place]?.dictionary !== null)
    .sort((a, b) => (nodes[a]?.influence ?? 1) - (nodes[b]?.influence ?? 1) || a - b)
    .slice(0, MOST_FEATURES);
  const similarities = new Map<number, number>();
  if (places.length < 2) return similarities;
  const features = places.map((place) => ({
    dictionary: nodes[place]?.dictionary ?? "",
    feature: nodes[place]?.unit ?? 0,
  }));
  try {
    const { a, b, cosine } = await api.featureSimilarities({ body: { model, features, threshold: THRESHOLD }, signal });
    a.forEach((first, i) => {
      const pair = pairKey(places[first] ?? 0, places[b[i] ?? 0] ?? 0);
      similarities.set(pair, cosine[i] ?? 0);
    });
  } catch {
    signal.throwIfAborted();
  }
  return similarities;
}
