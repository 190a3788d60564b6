/** How well simulated activations agree with true ones, feature by feature, over all tokens seen. Sums are float64. */
import type { Rewrite } from "@patchbay/contract";

const SUMS = ["truth", "truthSquares", "made", "madeSquares", "products", "fires", "told", "both"] as const;
type SumName = (typeof SUMS)[number];

/** Below this share of its mean square a variance is rounding. */
const NO_VARIANCE = 1e-12;

export class Agreement {
  readonly #sums: Readonly<Record<SumName, Float64Array>>;
  #tokens = 0;

  constructor(places: number) {
    this.#sums = Object.fromEntries(SUMS.map((name) => [name, new Float64Array(places)])) as Record<
      SumName,
      Float64Array
    >;
  }

  /** One token is over. */
  endToken(): void {
    this.#tokens += 1;
  }

  /** A feature's true activation and simulated one at this token; `told`: the simulator's score was above 0. */
  add(place: number, truth: number, made: number, told: boolean): void {
    const add = (name: SumName, value: number) => {
      const sums = this.#sums[name];
      sums[place] = (sums[place] ?? 0) + value;
    };
    add("truth", truth);
    add("truthSquares", truth * truth);
    add("made", made);
    add("madeSquares", made * made);
    add("products", truth * made);
    if (truth !== 0) add("fires", 1);
    if (told) add("told", 1);
    if (truth !== 0 && told) add("both", 1);
  }

  /** null where undefined: no variance, never told, never firing. */
  report(features: Int32Array): Rewrite["perFeature"] {
    return Array.from(features, (feature, place) => {
      const sum = (name: SumName) => this.#sums[name][place] ?? 0;
      const mean = (name: SumName) => sum(name) / this.#tokens;
      const variance = (squares: number, average: number) => {
        const value = squares - average * average;
        return value > NO_VARIANCE * squares ? value : 0;
      };
      const scale = Math.sqrt(
        variance(mean("truthSquares"), mean("truth")) * variance(mean("madeSquares"), mean("made")),
      );
      const covariance = mean("products") - mean("truth") * mean("made");
      return {
        feature,
        correlation: scale > 0 ? Math.max(-1, Math.min(1, covariance / scale)) : null,
        precision: sum("told") > 0 ? sum("both") / sum("told") : null,
        recall: sum("fires") > 0 ? sum("both") / sum("fires") : null,
      };
    });
  }
}
