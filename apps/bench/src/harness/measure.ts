/**
 * Interleaved timing: every round runs each variant once, in rotating order, so that whatever slows the machine for a while
 * slows all of them. Ratios are taken within a round and summarised by their median and quartiles.
 */
export interface Variant {
  readonly name: string;
  run(): Promise<unknown>;
}

export interface Timing {
  readonly name: string;
  /** One per round, in milliseconds. */
  readonly samples: readonly number[];
}

export interface Summary {
  readonly median: number;
  readonly lowerQuartile: number;
  readonly upperQuartile: number;
}

export interface RoundsOptions {
  /** At least this many rounds, */
  readonly rounds: number;
  /** and more until this much time has passed. */
  readonly seconds?: number;
  /** Rounds that are run and not counted. */
  readonly warmUp?: number;
}

export async function measureInterleaved(
  variants: readonly Variant[],
  { rounds, seconds = 0, warmUp = 2 }: RoundsOptions,
): Promise<Timing[]> {
  const samples = variants.map((): number[] => []);
  const end = performance.now() + 1000 * seconds;
  for (let round = -warmUp; round < rounds || performance.now() < end; round++) {
    for (let turn = 0; turn < variants.length; turn++) {
      const index = (turn + Math.max(0, round)) % variants.length;
      const started = performance.now();
      await variants[index]?.run();
      const elapsed = performance.now() - started;
      if (round >= 0) samples[index]?.push(elapsed);
    }
  }
  return variants.map(({ name }, i) => ({ name, samples: samples[i] ?? [] }));
}

export function summarise(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    lowerQuartile: quantile(sorted, 0.25),
    upperQuartile: quantile(sorted, 0.75),
  };
}

/** value / reference, round by round. */
export function ratioOf(value: Timing, reference: Timing): Summary {
  return summarise(value.samples.map((sample, round) => sample / (reference.samples[round] ?? Number.NaN)));
}

/** Fastest round / fastest round: where other work disturbs most rounds, these are the least disturbed. */
export function ratioOfFastest(value: Timing, reference: Timing): number {
  return Math.min(...value.samples) / Math.min(...reference.samples);
}

/** Linear interpolation between the two nearest entries. */
function quantile(sorted: readonly number[], fraction: number): number {
  const place = fraction * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}
