/** Changed runs by the hundred: planned, ordered so that they share what they can, run in batches, measured. */
import type { Engine } from "@patchbay/transformer";
import { ensureDefined, type Tensor } from "@patchbay/vocabulary";
import { metricValues } from "../metrics/metric-values.ts";
import type { ResolvedMetric } from "../metrics/resolve-metric.ts";
import type { BaseRun } from "./base-run.ts";
import type { Place } from "./cells.ts";
import { climb, type Work } from "./climb.ts";
import { changesOf, type RowChanges, type RowStart, startOf } from "./rows.ts";
import type { Source } from "./sources.ts";

/** An unchanged run, what is put into it, and how it is measured. */
export interface Trial {
  readonly base: BaseRun;
  readonly source: Source;
  readonly metric: ResolvedMetric;
  /** Logits that KL is measured from. */
  readonly reference: Float32Array | undefined;
  /** The metric of `base`. */
  readonly baseline: number;
}

/** A run that differs from its trial's: the changes are made when its batch is. */
export interface Change {
  readonly trial: Trial;
  readonly make: (trial: Trial) => Promise<RowChanges>;
  readonly done: (value: number, computed: boolean) => void;
}

export interface RunOptions {
  readonly work: Work;
  readonly signal: AbortSignal;
  /** After each batch: how many of the runs are done. */
  readonly advance?: (done: number, total: number) => void;
}

/**
 * Tokens of one batch. More make nothing faster (the matrix products are large enough) and take memory: the widest temporary
 * is this many rows of MLP neurons.
 */
const BATCH_TOKENS = 2048;
/** Attention scores of one batch, bytes. */
const SCORE_BYTES = 64 * 2 ** 20;

/** What putting a source's values into places changes. */
export function placesAsChange(
  places: readonly Place[],
  trial: Trial,
  layers: number,
  signal: AbortSignal,
  done: Change["done"],
): Change {
  return { trial, make: ({ base, source }) => changesOf(places, base, source, layers, signal), done };
}

/**
 * Measures every change, all of one example. Those that can have no effect on what is read are given their trial's own value and not run.
 * @throws PatchbayError `cancelled`, within one batch
 */
export async function runChanges(engine: Engine, changes: readonly Change[], options: RunOptions): Promise<void> {
  const { shape } = engine.model;
  const buckets = new Map<string, { change: Change; start: RowStart }[]>();
  let done = 0;
  for (const change of changes) {
    const { trial } = change;
    const start = startOf(await change.make(trial), trial.base, shape, readPosition(trial.metric));
    if (start === undefined) {
      change.done(trial.baseline, false);
      done += 1;
      continue;
    }
    // Rows of one batch begin at one position, are of one length and measured alike.
    const key = JSON.stringify([start.position, trial.base.length, trial.metric]);
    const bucket = buckets.get(key);
    if (bucket === undefined) buckets.set(key, [{ change, start }]);
    else bucket.push({ change, start });
  }
  for (const bucket of buckets.values()) {
    bucket.sort((a, b) => a.start.layer - b.start.layer);
    const [{ change: first, start } = {}] = bucket;
    const { base, metric } = ensureDefined(first).trial;
    const read = shape.direction === "causal" ? readPosition(metric) : undefined;
    const keys = (read ?? base.length - 1) + 1;
    const window = keys - ensureDefined(start).position;
    const most = Math.max(
      1,
      Math.min(Math.floor(BATCH_TOKENS / window), Math.floor(SCORE_BYTES / 4 / shape.heads / window / keys)),
    );
    // Batches of equal size: a small rest would cost as much as a full one.
    const size = Math.ceil(bucket.length / Math.ceil(bucket.length / most));
    for (let from = 0; from < bucket.length; from += size) {
      const batch = bucket.slice(from, from + size);
      await runBatch(engine, batch, options);
      done += batch.length;
      options.advance?.(done, changes.length);
    }
  }
}

async function runBatch(
  engine: Engine,
  batch: readonly { change: Change; start: RowStart }[],
  { work, signal }: RunOptions,
): Promise<void> {
  const rows = [];
  for (const { change, start } of batch) {
    rows.push({ base: change.trial.base, start, changes: await change.make(change.trial) });
  }
  const { metric } = ensureDefined(batch[0]).change.trial;
  const residual = await climb(engine, rows, readPosition(metric), work, signal);
  const values = await measure(engine, residual, batch, signal);
  batch.forEach(({ change }, i) => {
    change.done(values[i] ?? Number.NaN, true);
  });
}

/** Rows of one batch are of one example: what KL is measured from is the same for all. */
async function measure(
  engine: Engine,
  residual: Tensor,
  batch: readonly { change: Change }[],
  signal: AbortSignal,
): Promise<Float32Array> {
  const { metric, reference } = ensureDefined(batch[0]).change.trial;
  const read = metric.kind === "loss" ? metric : { ...metric, position: 0 };
  const tokens = batch.map(({ change }) => change.trial.base.tokens);
  return metricValues(engine, read, { residual, tokens, ...(reference === undefined ? {} : { reference }) }, signal);
}

/** The position whose final residual stream the metric reads; undefined: all of them. */
export function readPosition(metric: ResolvedMetric): number | undefined {
  return metric.kind === "loss" ? undefined : metric.position;
}
