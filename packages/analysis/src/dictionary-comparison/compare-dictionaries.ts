/**
 * Which features of one dictionary another has as well (Paulo & Belrose 2025, A5): matched one to one or greedily by the
 * cosine of their vectors, against a dictionary of random directions.
 */
import type { Comparison, ComparisonRequest } from "@patchbay/contract";
import { DICTIONARY_TENSORS, type Dictionary } from "@patchbay/dictionary";
import type { Engine } from "@patchbay/transformer";
import { PatchbayError, type Tensor } from "@patchbay/vocabulary";
import type { WorkContext } from "../model-service.ts";
import { seededRandom } from "../training/random.ts";
import { maximumAssignment } from "./assignment.ts";
import { checkComparable, everyFeature, randomUnitRows, sideWidths, unitRows } from "./feature-vectors.ts";
import { bestPartners, similarityMatrix } from "./similarity.ts";

export const DEFAULT_THRESHOLD = 0.7;
/** Float32 products of unit vectors: a feature and its copy are within this of 1. */
const ROUNDING = 1e-5;
/** Of the whole similarity matrix, which exact matching needs: 16,384 by 16,384 features. */
const MATRIX_LIMIT_IN_BYTES = 2 ** 30;
const RANDOM_SEED = 5;
const BINS = 40;
const CURVE_STEPS = 40;

/** Which features ever fire: 1 or 0 for each. Without it, the dictionary's density tensor says so, else all count as alive. */
export interface AliveFeatures {
  readonly aliveLeft?: Uint8Array;
  readonly aliveRight?: Uint8Array;
}

/**
 * Pairs, histogram and shares are over the left dictionary's living features; dead ones of either side take no part. A
 * feature without partner (one-to-one, fewer living features on the right) has partner −1 and similarity 0, counts as not
 * shared, and is not in the histogram.
 * @throws PatchbayError `values-do-not-fit` (widths), `request-too-large` (one-to-one), `empty-input` (all dead), `cancelled`
 */
export async function compareDictionaries(
  engine: Engine,
  left: Dictionary,
  right: Dictionary,
  request: Omit<ComparisonRequest, "model" | "left" | "right">,
  alive: AliveFeatures,
  context: WorkContext,
): Promise<Comparison> {
  const { vectors = "both", matching = "one-to-one", threshold = DEFAULT_THRESHOLD } = request;
  checkComparable(left, right, vectors);
  const ours = livingOnes(left, alive.aliveLeft ?? (await firesByDensity(left)), "left");
  const theirs = livingOnes(right, alive.aliveRight ?? (await firesByDensity(right)), "right");
  if (matching === "one-to-one") checkMatrixSize(ours.length, theirs.length);

  context.progress?.(0, "comparing every feature with every other");
  const leftRows = await unitRows(left, vectors, ours);
  const rightRows = await unitRows(right, vectors, theirs);
  const match = matching === "greedy" ? bestPartners : oneToOne;
  const found = await match(engine, leftRows, rightRows, part(context, 0, 0.7));

  context.progress?.(0.7, "the same against random directions");
  const randomRows = randomUnitRows(sideWidths(right, vectors), theirs.length, seededRandom(RANDOM_SEED));
  let random = await bestPartners(engine, leftRows, randomRows, context);
  // One-to-one partners are never better than best ones: where no best one counts, none does.
  if (matching === "one-to-one" && sharedShare(random, threshold) > 0) {
    random = await oneToOne(engine, leftRows, randomRows, part(context, 0.7, 1));
  }

  const partners = Array.from(found.partners, (place) => (place < 0 ? -1 : (theirs[place] ?? -1)));
  const similarities = Array.from(found.similarities);
  const thresholds = Array.from({ length: CURVE_STEPS + 1 }, (_, i) => i / CURVE_STEPS);
  context.progress?.(1, `${ours.length} features compared`);
  return {
    left: left.spec.name,
    right: right.spec.name,
    vectors,
    matching,
    threshold,
    pairs: { left: Array.from(ours), right: partners, similarity: similarities },
    shared: sharedShare(found, threshold),
    alive: { left: ours.length, right: theirs.length },
    curve: { thresholds, shared: thresholds.map((each) => sharedShare(found, each)) },
    histogram: histogramOf(found),
    random: sharedShare(random, threshold),
    unmatched: Array.from(ours, (feature, i) => ({ feature, similarity: similarities[i] ?? 0, i }))
      .filter(({ i }) => !isShared(found, i, threshold))
      .sort((a, b) => a.similarity - b.similarity || a.feature - b.feature)
      .map(({ feature, similarity }) => ({ feature, similarity })),
  };
}

interface Pairing {
  /** Places in the right's rows; −1: none. */
  readonly partners: Int32Array;
  readonly similarities: Float32Array;
}

/** The assignment with the largest sum of similarities. */
async function oneToOne(engine: Engine, left: Tensor, right: Tensor, context: WorkContext): Promise<Pairing> {
  const [leftCount = 0] = left.shape;
  const [rightCount = 0] = right.shape;
  const swapped = leftCount > rightCount;
  const [rows, columns] = swapped ? [right, left] : [left, right];
  const weights = await similarityMatrix(engine, rows, columns, context);
  const width = Math.max(leftCount, rightCount);
  const columnOf = await maximumAssignment({ weights, rows: Math.min(leftCount, rightCount), columns: width }, context);
  const partners = new Int32Array(leftCount).fill(-1);
  const similarities = new Float32Array(leftCount);
  for (const [row, column] of columnOf.entries()) {
    const [ours, theirs] = swapped ? [column, row] : [row, column];
    partners[ours] = theirs;
    similarities[ours] = weights[row * width + column] ?? 0;
  }
  return { partners, similarities };
}

function isShared({ partners, similarities }: Pairing, i: number, threshold: number): boolean {
  return (partners[i] ?? -1) >= 0 && (similarities[i] ?? 0) >= threshold - ROUNDING;
}

function sharedShare(pairing: Pairing, threshold: number): number {
  let count = 0;
  for (let i = 0; i < pairing.partners.length; i++) if (isShared(pairing, i, threshold)) count += 1;
  return count / pairing.partners.length;
}

/** Over −1 … 1. */
function histogramOf({ partners, similarities }: Pairing): Comparison["histogram"] {
  const counts = new Array<number>(BINS).fill(0);
  for (const [i, similarity] of similarities.entries()) {
    if ((partners[i] ?? -1) < 0) continue;
    const bin = Math.min(BINS - 1, Math.max(0, Math.floor(((similarity + 1) / 2) * BINS)));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { edges: Array.from({ length: BINS + 1 }, (_, i) => (2 * i) / BINS - 1), counts };
}

/** 1 where the dictionary's own density tensor is above 0; undefined where it has none. */
export async function firesByDensity(dictionary: Dictionary): Promise<Uint8Array | undefined> {
  if (!dictionary.has(DICTIONARY_TENSORS.density)) return undefined;
  const { data } = await dictionary.read(DICTIONARY_TENSORS.density);
  return Uint8Array.from(data, (share) => (share > 0 ? 1 : 0));
}

function livingOnes({ spec }: Dictionary, alive: Uint8Array | undefined, at: string): Int32Array {
  const all = everyFeature(spec.features);
  const living = alive === undefined ? all : all.filter((feature) => alive[feature] === 1);
  if (living.length > 0) return living;
  throw new PatchbayError("empty-input", `No feature of "${spec.name}" ever fired.`, {
    expected: "a dictionary with a living feature",
    at,
  });
}

function checkMatrixSize(left: number, right: number): void {
  if (left * right * 4 <= MATRIX_LIMIT_IN_BYTES) return;
  throw new PatchbayError("request-too-large", "One-to-one matching would hold too many similarities at once.", {
    expected: `at most ${MATRIX_LIMIT_IN_BYTES / 4} pairs of living features`,
    received: `${left} × ${right}`,
    advice: 'Use matching "greedy", which holds one block at a time.',
    at: "matching",
  });
}

/** A stretch of the whole work's progress. */
function part({ signal, progress }: WorkContext, from: number, to: number): WorkContext {
  if (progress === undefined) return { signal };
  return { signal, progress: (fraction, message) => progress(from + fraction * (to - from), message) };
}
