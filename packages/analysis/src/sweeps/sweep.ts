/** One sweep: resolved, planned, run, with what it found told as it comes. */
import type {
  Recipe,
  SweepBaselines,
  SweepCells,
  SweepGreedyStep,
  SweepPanel,
  SweepRequest,
  SweepResult,
  SweepStart,
} from "@patchbay/contract";
import type { Dictionary } from "@patchbay/dictionary";
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import { describeMetric } from "../metrics/resolve-metric.ts";
import type { WorkContext } from "../model-service.ts";
import type { ModelParts } from "../run/model-parts.ts";
import { makeRecipe } from "../run/recipe.ts";
import { type Cell, placeOnAxes } from "./cells.ts";
import { type Example, type PreparedExample, prepareExample, questionsOf, resolveExample } from "./examples.ts";
import { type GreedyExample, removeGreedily } from "./greedy.ts";
import { checkSenders, pathSites, receivedBy, resolveReceivers } from "./path-patching.ts";
import { ReferenceRuns } from "./reference-runs.ts";
import { type Change, placesAsChange, runChanges } from "./run-changes.ts";
import { Tally } from "./tally.ts";

export interface SweepParts extends ModelParts {
  /** What means and resamples are taken from where the request names no texts. */
  readonly referenceTexts: () => Promise<readonly string[]>;
}

/** Senders of one batch of path patching. */
const SENDERS_AT_ONCE = 16;

/**
 * Reports `SweepStart`, `SweepCells` and `SweepGreedyStep` as the details of progress.
 * @throws PatchbayError for whatever does not fit the model or the prompts, before anything runs; `not-finite`; `cancelled`
 */
export async function sweep(parts: SweepParts, request: SweepRequest, context: WorkContext): Promise<SweepResult> {
  return new Sweep(parts, request, context).run();
}

class Sweep {
  readonly #parts: SweepParts;
  readonly #request: SweepRequest;
  readonly #context: WorkContext;
  readonly #work = { rows: 0, passes: 0, blockTokens: 0 };
  #unchanged = 0;
  #scratch = 0;
  #done = 0;

  constructor(parts: SweepParts, request: SweepRequest, context: WorkContext) {
    this.#parts = parts;
    this.#request = request;
    this.#context = context;
  }

  async run(): Promise<SweepResult> {
    const started = performance.now();
    const { method, panels } = this.#request;
    const { engine, tokenizer } = this.#parts;
    const { signal } = this.#context;
    const dictionaries = await this.#dictionaries(panels);
    const questions = questionsOf(this.#request);
    const examples = questions.map((question, i) => {
      try {
        return resolveExample(this.#parts, question, method, panels, dictionaries);
      } catch (error) {
        throw i > 0 && error instanceof PatchbayError ? error.at(question.at) : error;
      }
    });
    const first = ensureDefined(examples[0]);
    checkThatExamplesMatch(examples, panels);
    const chosen = this.#chosenCells(first);
    const receivers = method.kind === "path" ? resolveReceivers(method, engine.model.shape) : undefined;
    if (receivers !== undefined) {
      for (const { cells } of first.panels) for (const { places } of cells) checkSenders(places);
    }
    const moreSites = receivers === undefined ? [] : pathSites(receivers, engine.model.shape.layers);
    const reference = await this.#reference(dictionaries.values());

    const tally = new Tally(first.panels, method);
    const greedyExamples: GreedyExample[] = [];
    for (const [i, example] of examples.entries()) {
      const prepared = await prepareExample(this.#parts, example, method, moreSites, reference, signal);
      tally.addExample(prepared.baselines);
      if (i === 0) this.#announce(first, prepared.baselines);
      const cells = example.panels.flatMap((panel) => panel.cells).filter(chosen);
      await this.#runExample(cells, prepared, { tally, example: i, examples: examples.length, receivers });
      if (method.kind === "ablation" && method.greedy !== undefined) greedyExamples.push({ prepared, cells });
    }
    const greedy = await this.#greedy(greedyExamples, tally);
    const noisy = first.corrupted?.kind === "noise" || (method.kind === "ablation" && method.how === "resample");
    return {
      panels: tally.results(),
      baselines: tally.baselines,
      metric: describeMetric(tokenizer, first.metric),
      ...describePrompts(first),
      examples: examples.length,
      samples: noisy ? this.#samples : 1,
      reference: reference === undefined ? null : [...reference.texts],
      greedy,
      warnings: this.#warnings(first, tally),
      cost: {
        cells: first.panels.reduce((sum, { cells }) => sum + cells.filter(chosen).length, 0),
        unchanged: this.#unchanged,
        ...this.#work,
        blockTokensFromScratch: this.#scratch,
        seconds: (performance.now() - started) / 1000,
      },
      recipe: this.#recipe(first, dictionaries),
    };
  }

  #samples = 1;

  async #runExample(
    cells: readonly Cell[],
    prepared: PreparedExample,
    options: {
      readonly tally: Tally;
      readonly example: number;
      readonly examples: number;
      readonly receivers: ReturnType<typeof resolveReceivers> | undefined;
    },
  ): Promise<void> {
    const { tally, example, examples, receivers } = options;
    const { engine } = this.#parts;
    const { signal } = this.#context;
    const { layers } = engine.model.shape;
    this.#samples = prepared.trials.length;
    const fresh = new Map<number, Set<number>>();
    const filled = cells.filter(({ places }) => places.length > 0);
    const doneOf =
      ({ panel, index }: Cell, trial: PreparedExample["trials"][number]) =>
      (value: number, computed: boolean) => {
        tally.add(panel, index, example, value);
        if (!computed) this.#unchanged += 1;
        this.#scratch += trial.base.length * layers;
        const held = fresh.get(panel) ?? new Set<number>();
        fresh.set(panel, held.add(index));
      };
    const advance = (done: number, total: number) => {
      const fraction = (this.#shareOfSingles * (example + done / Math.max(1, total))) / examples;
      this.#tellCells(fresh, tally, fraction, `${done.toLocaleString("en")} of ${total.toLocaleString("en")} runs`);
      fresh.clear();
    };
    const run = { work: this.#work, signal, advance };
    if (receivers === undefined) {
      const changes = prepared.trials.flatMap((trial) =>
        filled.map((cell) => placesAsChange(cell.places, trial, layers, signal, doneOf(cell, trial))),
      );
      await runChanges(engine, changes, run);
    } else {
      await this.#runPaths(filled, prepared, receivers, doneOf, advance);
    }
    advance(1, 1);
  }

  async #runPaths(
    cells: readonly Cell[],
    { clean, trials }: PreparedExample,
    receivers: ReturnType<typeof resolveReceivers>,
    doneOf: (cell: Cell, trial: PreparedExample["trials"][number]) => (value: number, computed: boolean) => void,
    advance: (done: number, total: number) => void,
  ): Promise<void> {
    const { method } = this.#request;
    const { signal } = this.#context;
    const freezeMlps = method.kind === "path" && method.mlps === "freeze";
    const total = cells.length * trials.length;
    let done = 0;
    for (const trial of trials) {
      for (let start = 0; start < cells.length; start += SENDERS_AT_ONCE) {
        const batch = cells.slice(start, start + SENDERS_AT_ONCE);
        const received = await receivedBy(
          this.#parts.engine,
          batch.map(({ places }) => places),
          { clean, source: trial.source, receivers, freezeMlps, work: this.#work, signal },
        );
        const changes = batch.map((cell, i): Change => {
          const { edits, pending } = ensureDefined(received[i]);
          return { trial, make: async () => ({ edits: [...edits], pending }), done: doneOf(cell, trial) };
        });
        await runChanges(this.#parts.engine, changes, { work: this.#work, signal });
        done += batch.length;
        advance(done, total);
      }
    }
  }

  #recipe({ clean }: Example, dictionaries: ReadonlyMap<string, Dictionary>): Recipe {
    const { name, engine, runtimeVersion } = this.#parts;
    const hashes = Object.fromEntries([...dictionaries].map(([each, { hash }]) => [each, hash]));
    return makeRecipe({
      model: name,
      modelHash: engine.model.hash,
      runtime: runtimeVersion,
      tokens: clean.tokens,
      bosPrepended: clean.bosPrepended,
      normalisation: "final norm",
      ...(dictionaries.size === 0 ? {} : { dictionaries: hashes }),
      request: { ...this.#request, input: { tokens: clean.tokens } },
    });
  }

  /** Greedy removal goes on where the sweep of single cells, its first step, ends. */
  get #shareOfSingles(): number {
    const { method } = this.#request;
    return method.kind === "ablation" && method.greedy !== undefined ? 1 / method.greedy.steps : 1;
  }

  async #greedy(examples: readonly GreedyExample[], tally: Tally): Promise<SweepGreedyStep[] | null> {
    const { method } = this.#request;
    if (method.kind !== "ablation" || method.greedy === undefined) return null;
    const { steps } = method.greedy;
    const singles = ensureDefined(examples[0]).cells.map(({ panel, index }) => tally.raw(panel, index));
    return removeGreedily(this.#parts.engine, examples, singles, method.greedy, {
      work: this.#work,
      signal: this.#context.signal,
      onRun: (blockTokens) => {
        this.#scratch += blockTokens;
      },
      onStep: (step) => this.#tell((step.step + 1) / steps, `Removed ${step.label}`, step),
    });
  }

  async #dictionaries(panels: readonly SweepPanel[]): Promise<Map<string, Dictionary>> {
    const names = panels.flatMap(({ dictionaries = [], groups = [] }) => [
      ...dictionaries,
      ...groups.flatMap(({ members }) => members.flatMap(({ dictionary }) => dictionary ?? [])),
    ]);
    const found = new Map<string, Dictionary>();
    for (const name of new Set(names)) found.set(name, await this.#parts.dictionaries.find(name));
    return found;
  }

  async #reference(dictionaries: Iterable<Dictionary>): Promise<ReferenceRuns | undefined> {
    const { method } = this.#request;
    if (method.kind !== "ablation") return undefined;
    const texts = method.how === "zero" ? [] : (method.reference?.texts ?? (await this.#parts.referenceTexts()));
    return new ReferenceRuns(this.#parts, texts, dictionaries, this.#context.signal);
  }

  /** @throws PatchbayError `invalid-request` for a cell that no panel has */
  #chosenCells({ panels }: Example): (cell: Cell) => boolean {
    const { cells } = this.#request;
    if (cells === undefined) return () => true;
    const keys = new Set<string>();
    cells.forEach(({ panel, indices }, i) => {
      const axes = panels[panel]?.axes;
      const lengths = axes?.map(({ values }) => values.length) ?? [];
      if (
        axes === undefined ||
        indices.length !== axes.length ||
        indices.some((index, axis) => index >= (lengths[axis] ?? 0))
      ) {
        throw new PatchbayError("invalid-request", "There is no such cell.", {
          expected: axes === undefined ? `a panel below ${panels.length}` : `indices below ${lengths.join(", ")}`,
          received: `panel ${panel}, [${indices.join(", ")}]`,
          at: `cells/${i}`,
        });
      }
      keys.add(`${panel}.${indices.join(".")}`);
    });
    return ({ panel, index }) => keys.has(`${panel}.${placeOnAxes(panels[panel]?.axes ?? [], index).join(".")}`);
  }

  #warnings({ panels, corrupted }: Example, tally: Tally): string[] {
    const warnings: string[] = [];
    const lonely = panels.reduce((sum, { cells }) => sum + cells.filter(({ places }) => places.length === 0).length, 0);
    if (lonely > 0)
      warnings.push(`${lonely} cells have nothing to put in: their positions have no partner in the other prompt.`);
    if (tally.broken > 0) warnings.push(`${tally.broken} runs gave no number and are left out.`);
    const { baselines } = tally;
    if (corrupted !== undefined && baselines.corrupted !== null && tally.normalised(baselines.clean) === null) {
      warnings.push("Clean and corrupted run do not differ in the metric: there is nothing to normalise by.");
    }
    return warnings;
  }

  #announce(example: Example, baselines: SweepBaselines): void {
    const start: SweepStart = {
      kind: "start",
      panels: example.panels.map(({ site, axes }) => ({ site, axes: [...axes] })),
      baselines,
      metric: describeMetric(this.#parts.tokenizer, example.metric),
      ...describePrompts(example),
    };
    this.#tell(0, "Runs are planned", start);
  }

  #tellCells(fresh: ReadonlyMap<number, ReadonlySet<number>>, tally: Tally, fraction: number, message: string): void {
    for (const [panel, held] of fresh) {
      const indices = [...held].filter((index) => tally.raw(panel, index) !== null);
      const raw = indices.map((index) => tally.raw(panel, index) ?? 0);
      const cells: SweepCells = {
        kind: "cells",
        panel,
        indices,
        raw,
        normalised: raw.map((value) => tally.normalised(value)),
      };
      this.#tell(fraction, message, cells);
    }
  }

  #tell(fraction: number, message: string, details: SweepStart | SweepCells | SweepGreedyStep): void {
    // Progress never steps back.
    this.#done = Math.max(this.#done, Math.min(1, fraction));
    this.#context.progress?.(this.#done, message, details);
  }
}

export function describePrompts({ clean, corrupted }: Example): Pick<SweepResult, "tokens" | "alignment"> {
  return {
    tokens: {
      clean: clean.described[0] ?? [],
      corrupted:
        corrupted === undefined
          ? null
          : corrupted.kind === "prompt"
            ? (corrupted.input.described[0] ?? [])
            : (clean.described[0] ?? []),
    },
    alignment:
      corrupted === undefined
        ? null
        : corrupted.kind === "prompt"
          ? corrupted.alignment.map(([a, b]): [number, number] => [a, b])
          : (clean.described[0]?.map((_, position): [number, number] => [position, position]) ?? []),
  };
}

/** Means over examples need axes that mean the same in each. */
function checkThatExamplesMatch(examples: readonly Example[], panels: readonly SweepPanel[]): void {
  const length = examples[0]?.changedLength;
  if (examples.every(({ changedLength }) => changedLength === length)) return;
  panels.forEach(({ by, positions, keys }, i) => {
    for (const [axis, listed] of [
      ["position", positions],
      ["key", keys],
    ] as const) {
      const fromEnd = Array.isArray(listed) && listed.every((position) => position < 0);
      if (!by.includes(axis) || listed === "last" || fromEnd) continue;
      throw new PatchbayError(
        "values-do-not-fit",
        `The examples differ in length, so that the axis ${axis} has no meaning.`,
        {
          expected: "prompts of equal length, positions counted from the end, or no such axis",
          received: [...new Set(examples.map(({ changedLength }) => changedLength))].join(", "),
          at: `panels/${i}/by`,
        },
      );
    }
  });
}
