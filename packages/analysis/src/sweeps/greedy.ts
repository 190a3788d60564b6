/** Removing unit after unit: each step tries every cell that is left, together with those that are gone. */
import type { SweepGreedyStep, SweepMethod } from "@patchbay/contract";
import type { Engine } from "@patchbay/transformer";
import { ensureDefined } from "@patchbay/vocabulary";
import type { Cell } from "./cells.ts";
import type { PreparedExample } from "./examples.ts";
import { placesAsChange, type RunOptions, runChanges } from "./run-changes.ts";
import { mean } from "./statistics.ts";

export type Greedy = NonNullable<Extract<SweepMethod, { kind: "ablation" }>["greedy"]>;

export interface GreedyExample {
  readonly prepared: PreparedExample;
  /** The same cells in every example, in the same order. */
  readonly cells: readonly Cell[];
}

export interface GreedyOptions extends RunOptions {
  readonly onStep: (step: SweepGreedyStep) => void;
  /** Called for every changed run, with the tokens that it would send through blocks from scratch. */
  readonly onRun: (blockTokens: number) => void;
}

/**
 * `singles`: the metric with one cell removed, one a cell, which is the first step. Change is counted from the clean metric,
 * with everything gone that was chosen before.
 */
export async function removeGreedily(
  engine: Engine,
  examples: readonly GreedyExample[],
  singles: readonly (number | null)[],
  { steps, order = "least" }: Greedy,
  options: GreedyOptions,
): Promise<SweepGreedyStep[]> {
  const [first] = examples;
  const cells = first?.cells ?? [];
  const clean = mean(examples.map(({ prepared }) => prepared.baselines.clean));
  const gone: number[] = [];
  const taken: SweepGreedyStep[] = [];
  let values = new Map(singles.flatMap((value, cell) => (value === null ? [] : [[cell, value] as const])));
  while (values.size > 0) {
    const change = ([, value]: readonly [number, number]) => Math.abs(value - clean);
    const ranked = [...values].sort(
      (a, b) => (order === "least" ? change(a) - change(b) : change(b) - change(a)) || a[0] - b[0],
    );
    const [chosen, raw] = ensureDefined(ranked[0]);
    const cell = ensureDefined(cells[chosen]);
    const step: SweepGreedyStep = {
      kind: "step",
      step: taken.length,
      panel: cell.panel,
      index: cell.index,
      label: cell.label,
      raw,
    };
    taken.push(step);
    options.onStep(step);
    gone.push(chosen);
    values.delete(chosen);
    if (taken.length >= steps) break;
    values = await withoutAlso(engine, examples, gone, [...values.keys()], options);
  }
  return taken;
}

/** The metric with each of `left` removed beside those that are gone: mean over samples, then over examples. */
async function withoutAlso(
  engine: Engine,
  examples: readonly GreedyExample[],
  gone: readonly number[],
  left: readonly number[],
  options: GreedyOptions,
): Promise<Map<number, number>> {
  const { layers } = engine.model.shape;
  const byCell = new Map(left.map((cell) => [cell, [] as number[]]));
  for (const { prepared, cells } of examples) {
    const placesOf = (cell: number) => cells[cell]?.places ?? [];
    const before = gone.flatMap(placesOf);
    const samples = new Map(left.map((cell) => [cell, [] as number[]]));
    const changes = left.flatMap((cell) =>
      prepared.trials.map((trial) =>
        placesAsChange([...before, ...placesOf(cell)], trial, layers, options.signal, (value) => {
          samples.get(cell)?.push(value);
          options.onRun(trial.base.length * layers);
        }),
      ),
    );
    await runChanges(engine, changes, { work: options.work, signal: options.signal });
    for (const [cell, values] of samples) byCell.get(cell)?.push(mean(values));
  }
  return new Map([...byCell].map(([cell, values]) => [cell, mean(values)]));
}
