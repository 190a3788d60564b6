/** A dictionary's answer as lists: what fires at a position, and the error that stands beside it. */
import type { FeatureResult } from "@patchbay/contract";

export interface FiringFeature {
  readonly feature: number;
  readonly activation: number;
  /** |activation| × length of the decoder vector: what it adds. */
  readonly norm: number;
}

export interface FeaturesAt {
  readonly position: number;
  /** By falling |activation|, as the answer lists them. */
  readonly firing: readonly FiringFeature[];
  /** How many fire, listed or not (L0). */
  readonly active: number;
  readonly errorNorm: number;
  readonly outputNorm: number;
}

/** Row 0 of the batch at a position of the prompt; undefined where the answer does not hold it. */
export function featuresAt(result: FeatureResult, position: number): FeaturesAt | undefined {
  const place = result.positions.indexOf(position);
  if (place < 0) return undefined;
  const ranks = result.topFeatures.shape.at(-1) ?? 0;
  const firing = Array.from({ length: ranks }, (_, rank) => ({
    feature: result.topFeatures.data[place * ranks + rank] ?? -1,
    activation: result.topActivations.data[place * ranks + rank] ?? 0,
    norm: result.topNorms.data[place * ranks + rank] ?? 0,
  })).filter(({ feature }) => feature >= 0);
  return {
    position,
    firing,
    active: result.active.data[place] ?? 0,
    errorNorm: result.errorNorm.data[place] ?? 0,
    outputNorm: result.outputNorm.data[place] ?? 0,
  };
}

/** A chosen feature's activation at every position of row 0; undefined where it was not asked for. */
export function activationsOf(result: FeatureResult | undefined, feature: number): number[] | undefined {
  const chosen = result?.chosen;
  const column = chosen?.features.indexOf(feature) ?? -1;
  if (chosen === undefined || column < 0) return undefined;
  const width = chosen.features.length;
  const positions = chosen.activations.shape.at(-2) ?? 0;
  return Array.from({ length: positions }, (_, position) => chosen.activations.data[position * width + column] ?? 0);
}
