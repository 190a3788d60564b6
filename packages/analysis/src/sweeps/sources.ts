/** What is put in: zeros, a mean, or the values of another run. */
import { describeSite, nameOf, PatchbayError, type Site, type Tensor } from "@patchbay/vocabulary";
import type { SparseFeatures } from "../dictionaries/sparse-features.ts";
import type { BaseRun } from "./base-run.ts";
import type { FeaturePlace, SitePlace } from "./cells.ts";
import { countElements, forEachElement } from "./site-elements.ts";

export interface Source {
  /** Position × unit × dimension, row-major. `like`: the value at the place's site in the run that is changed. */
  valuesOf(place: SitePlace, like: Tensor): Float32Array;
  /** One a position: what the place's features become; those left out become 0. */
  featuresOf(place: FeaturePlace, signal: AbortSignal): Promise<ReadonlyMap<number, number>[]>;
}

export const ZERO: Source = {
  valuesOf: (place, like) => new Float32Array(countElements(place, like)),
  featuresOf: async ({ positions }) => positions.map(() => new Map()),
};

/** Values of another run; `partnerOf` says which of its positions stands for which of ours. */
export function fromRun(run: BaseRun, partnerOf: (position: number) => number | undefined): Source {
  const partner = (position: number) => {
    const found = partnerOf(position);
    if (found !== undefined) return found;
    throw new PatchbayError("values-do-not-fit", `Position ${position} has no partner in the other run.`, {
      expected: "a position of the alignment",
    });
  };
  return {
    valuesOf(place, like) {
      const value = run.value(place.site);
      const values = new Float32Array(countElements(place, like));
      // Both runs have the same units; a pattern's keys line up because its runs are of equal length.
      forEachElement({ ...place, positions: place.positions.map(partner) }, value, 0, (offset, element) => {
        values[element] = value.data[offset] ?? 0;
      });
      return values;
    },
    async featuresOf({ dictionary, positions }, signal) {
      const features = await run.features(dictionary, signal);
      return positions.map((position) => activeAt(features, partner(position)));
    },
  };
}

/** The mean over all positions after BOS of several runs: the same for every position. */
export class MeanSource implements Source {
  readonly #sums = new Map<string, { sum: Float64Array; shape: readonly number[]; axes: readonly string[] }>();
  readonly #features = new Map<string, Map<number, number>>();
  #count = 0;

  /** Adds one run's positions from `first` on. */
  async add(
    run: BaseRun,
    first: number,
    sites: readonly Site[],
    dictionaries: readonly FeaturePlace["dictionary"][],
    signal: AbortSignal,
  ): Promise<void> {
    for (const site of sites) this.#addSite(run.value(site), site, first);
    for (const dictionary of dictionaries) {
      const features = await run.features(dictionary, signal);
      const sums = this.#features.get(dictionary.hash) ?? new Map<number, number>();
      this.#features.set(dictionary.hash, sums);
      for (let i = features.starts[first] ?? 0; i < features.values.length; i++) {
        const feature = features.features[i] ?? 0;
        sums.set(feature, (sums.get(feature) ?? 0) + (features.values[i] ?? 0));
      }
    }
    this.#count += run.length - first;
  }

  valuesOf(place: SitePlace, like: Tensor): Float32Array {
    const { sum, shape, axes } = this.#sums.get(nameOf(place.site)) ?? {
      sum: new Float64Array(0),
      shape: [],
      axes: [],
    };
    const mean: Tensor = { axes, shape, data: Float32Array.from(sum, (each) => each / this.#count) };
    const values = new Float32Array(countElements(place, like));
    forEachElement({ ...place, positions: place.positions.map(() => 0) }, mean, 0, (offset, element) => {
      values[element] = mean.data[offset] ?? 0;
    });
    return values;
  }

  async featuresOf({ dictionary, positions }: FeaturePlace): Promise<ReadonlyMap<number, number>[]> {
    const means = new Map<number, number>();
    for (const [feature, sum] of this.#features.get(dictionary.hash) ?? []) means.set(feature, sum / this.#count);
    return positions.map(() => means);
  }

  /** [1, position, …]: position is the axis behind the batch at every site that has a mean. */
  #addSite(value: Tensor, site: Site, first: number): void {
    if (describeSite(site.kind).positionAxis !== "position") {
      throw new PatchbayError("invalid-request", `A mean over positions is not defined at "${nameOf(site)}".`, {
        expected: "zero, or resample over texts of the prompt's length",
      });
    }
    const width = value.shape.slice(2).reduce((product, length) => product * length, 1);
    const held = this.#sums.get(nameOf(site));
    const sum = held?.sum ?? new Float64Array(width);
    if (held === undefined) {
      this.#sums.set(nameOf(site), { sum, shape: [1, 1, ...value.shape.slice(2)], axes: value.axes });
    }
    for (let i = first * width; i < value.data.length; i++)
      sum[i % width] = (sum[i % width] ?? 0) + (value.data[i] ?? 0);
  }
}

/** Features ≠ 0 in one row. */
export function activeAt({ starts, features, values }: SparseFeatures, row: number): Map<number, number> {
  const active = new Map<number, number>();
  for (let i = starts[row] ?? 0; i < (starts[row + 1] ?? 0); i++) active.set(features[i] ?? 0, values[i] ?? 0);
  return active;
}
