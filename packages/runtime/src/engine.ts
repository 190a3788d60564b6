/** The engine of one opened model: walks the stages, applies edits, reads sites, runs analysis graphs. */
import {
  buildStage,
  checkEdit,
  checkRead,
  type Engine,
  type ForwardRequest,
  type ForwardResult,
  type KeyValueCache,
  type Program,
  rotaryTables,
  type SiteEdit,
  type SiteRead,
  STAGE_VALUES,
  type Stage,
  type StageGraph,
  type StageVariant,
  type TransformerModel,
  type UnembedRequest,
  type UnembedResult,
} from "@patchbay/transformer";
import {
  type AxisName,
  describeSite,
  ensureDefined,
  PatchbayError,
  selectAlong,
  type Tensor,
  type TensorData,
  tensor,
} from "@patchbay/vocabulary";
import { causalMask } from "./causal-mask.ts";
import { cacheBytes, GrowingCache } from "./key-value-cache.ts";
import type { MemoryBudget } from "./memory-budget.ts";
import { float32Tensor, int64Tensor, type RuntimeTensor, toRuntime } from "./onnx-runtime.ts";
import { editFeeds, type StageKind, selectionFeeds, type Window, windowLength } from "./stage-feeds.ts";
import { type TurnQueue, throwIfCancelled } from "./turn-queue.ts";

/** A second session (a copy of the block's weights) is opened for a partial read only where it saves this much. */
const SELECTION_PAYS_OFF_IN_BYTES = 2 ** 18;
const RESIDUAL_AXES = ["batch", "position", "residual"];

export interface EngineParts {
  readonly budget: MemoryBudget;
  readonly turns: TurnQueue;
}

export function createEngine(model: TransformerModel, { budget, turns }: EngineParts): Engine {
  return new OnnxEngine(model, budget, turns);
}

class OnnxEngine implements Engine {
  readonly model: TransformerModel;
  readonly #budget: MemoryBudget;
  readonly #turns: TurnQueue;
  /** Stage graphs are small; they are kept while sessions come and go. */
  readonly #stages = new Map<string, StageGraph>();

  constructor(model: TransformerModel, budget: MemoryBudget, turns: TurnQueue) {
    this.model = model;
    this.#budget = budget;
    this.#turns = turns;
  }

  async forward(request: ForwardRequest): Promise<ForwardResult> {
    const { shape } = this.model;
    const { edits = [], reads = [], signal } = request;
    const cache = this.#ownCache(request.cache);
    const window = this.#windowOf(request, cache);
    const until = request.until ?? shape.layers;
    this.#check(request, window, until);

    const results = new Map<SiteRead, Tensor>();
    let residual: Tensor;
    if (request.from === undefined) {
      const feeds: Record<string, RuntimeTensor> = { [STAGE_VALUES.tokens]: tokenTensor(request.tokens) };
      if (shape.positions.kind === "learned") {
        const positions = request.tokens.flatMap(() => window.positions);
        feeds[STAGE_VALUES.positions] = int64Tensor(positions, [window.batch, window.positions.length]);
      }
      const outputs = await this.#runStage(
        { kind: "embed" },
        feeds,
        edits,
        reads,
        window,
        [STAGE_VALUES.nextResidual],
        results,
        signal,
      );
      residual = residualFrom(outputs);
    } else {
      residual = request.from.residual;
    }

    const shared = this.#sharedFeeds(window, cache);
    for (let layer = request.from?.layer ?? 0; layer < until; layer++) {
      const past = cache?.past(layer) ?? emptyPast(shape.keyValueHeads, shape.headWidth, window.batch);
      const feeds = {
        ...shared,
        [STAGE_VALUES.residual]: toRuntime(residual),
        [STAGE_VALUES.pastKeys]: toRuntime(past.keys),
        [STAGE_VALUES.pastValues]: toRuntime(past.values),
      };
      const fetches: string[] = [STAGE_VALUES.nextResidual];
      if (cache !== undefined) fetches.push(STAGE_VALUES.newKeys, STAGE_VALUES.newValues);
      const outputs = await this.#runStage(
        { kind: "block", layer },
        feeds,
        edits,
        reads,
        window,
        fetches,
        results,
        signal,
      );
      residual = residualFrom(outputs);
      cache?.append(layer, floats(outputs[STAGE_VALUES.newKeys]), floats(outputs[STAGE_VALUES.newValues]));
    }
    cache?.advance(window.positions.length);
    return { residual, reads: reads.map((read) => ensureDefined(results.get(read), `read of ${read.site.kind}`)) };
  }

  async unembed(request: UnembedRequest): Promise<UnembedResult> {
    const { edits = [], reads = [], top = 1, full = false, signal } = request;
    const [batch = 0] = request.residual.shape;
    const { vocabulary } = this.model.shape;
    const window: Window = { batch, positions: request.positions, keys: request.positions.length };
    const fetches: string[] = [STAGE_VALUES.logSumExp, STAGE_VALUES.topLogits, STAGE_VALUES.topTokens];
    if (full) fetches.push(STAGE_VALUES.logits);
    const feeds = {
      [STAGE_VALUES.residual]: toRuntime(request.residual),
      [STAGE_VALUES.top]: int64Tensor([Math.min(top, vocabulary)], [1]),
    };
    const results = new Map<SiteRead, Tensor>();
    const outputs = await this.#runStage({ kind: "unembed" }, feeds, edits, reads, window, fetches, results, signal);
    const named = (name: string, ...rest: string[]) => ({
      ...ensureDefined(outputs[name], name),
      axes: ["batch", "position", ...rest],
    });
    return {
      logSumExp: named(STAGE_VALUES.logSumExp) as Tensor,
      topLogits: named(STAGE_VALUES.topLogits, "rank") as Tensor,
      topTokens: named(STAGE_VALUES.topTokens, "rank") as Tensor<Int32Array>,
      ...(full ? { logits: named(STAGE_VALUES.logits, "token") as Tensor } : {}),
      reads: reads.map((read) => ensureDefined(results.get(read))),
    };
  }

  async evaluate<Fetched extends string>(
    program: Program,
    feeds: Readonly<Record<string, Tensor<TensorData>>>,
    fetches: readonly Fetched[],
    signal?: AbortSignal,
  ): Promise<Record<Fetched, Tensor>> {
    const lease = await this.#budget.lease(this.model.hash, `program:${program.key}`, () => program.build());
    try {
      const runtimeFeeds = Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, toRuntime(value)]));
      const outputs = await this.#turns.take(() => lease.session.run(runtimeFeeds, fetches), signal);
      return outputs as Record<Fetched, Tensor>;
    } finally {
      lease.done();
    }
  }

  newCache(batch: number, positions = this.model.shape.context): KeyValueCache {
    const { shape } = this.model;
    return new GrowingCache(shape, batch, positions, this.#budget.reserve(cacheBytes(shape, batch, positions)));
  }

  loadedBytes(): number {
    return this.#budget.usedBytes(this.model.hash);
  }

  unload(): Promise<number> {
    return this.#budget.release(this.model.hash);
  }

  /** Runs one stage in the cheapest variant that can do what is asked of it, and files the reads. */
  async #runStage(
    stage: Stage,
    feeds: Readonly<Record<string, RuntimeTensor>>,
    allEdits: readonly SiteEdit[],
    allReads: readonly SiteRead[],
    window: Window,
    fetches: readonly string[],
    results: Map<SiteRead, Tensor>,
    signal: AbortSignal | undefined,
  ): Promise<Record<string, Tensor<TensorData>>> {
    const here = ({ site }: { site: SiteRead["site"] }) =>
      describeSite(site.kind).stage === stage.kind && (stage.kind !== "block" || site.layer === stage.layer);
    const edits = allEdits.filter(here).filter((edit) => touches(edit, window));
    // A graph selects once per site: several different reads of one site share its whole value.
    const reads = allReads.filter(here);
    const selective = reads.filter(
      (read) =>
        isPartial(read) &&
        reads.filter((other) => other.site.kind === read.site.kind).length === 1 &&
        (edits.length > 0 || this.#savedBytes(read, window) >= SELECTION_PAYS_OFF_IN_BYTES),
    );

    const perHead = [...edits, ...reads].some(({ site }) => site.kind === "attn.hook_result");
    const variant: StageVariant = perHead
      ? "per-head"
      : edits.length > 0 || selective.length > 0
        ? "writable"
        : "readable";
    const key = `${stage.kind === "block" ? `block.${stage.layer}` : stage.kind}.${variant}`;
    const built = this.#stageGraph(key, stage, variant);
    const allFeeds =
      variant === "readable"
        ? feeds
        : {
            ...feeds,
            ...editFeeds(this.model.shape, stage.kind as StageKind, perHead, edits, window),
            ...selectionFeeds(this.model.shape, stage.kind as StageKind, perHead, selective, window),
          };
    const outputOf = (read: SiteRead) => {
      const site = ensureDefined(
        built.sites.find(({ kind }) => kind === read.site.kind),
        read.site.kind,
      );
      return selective.includes(read) ? ensureDefined(site.selected) : site.whole;
    };

    const lease = await this.#budget.lease(this.model.hash, key, () => built.graph);
    try {
      const wanted = [...new Set([...fetches, ...reads.map(outputOf)])];
      const outputs = await this.#turns.take(() => lease.session.run(allFeeds, wanted), signal);
      throwIfCancelled(signal);
      for (const read of reads) {
        const value = ensureDefined(outputs[outputOf(read)]) as Tensor;
        const whole = { ...value, axes: describeSite(read.site.kind).axes };
        results.set(read, selective.includes(read) ? whole : narrow(whole, read, window));
      }
      return outputs;
    } finally {
      lease.done();
    }
  }

  #stageGraph(key: string, stage: Stage, variant: StageVariant): StageGraph {
    let built = this.#stages.get(key);
    if (built === undefined) {
      built = buildStage(this.model.architecture, this.model.tensors, stage, variant);
      this.#stages.set(key, built);
    }
    return built;
  }

  /** Bytes that need not be copied when the graph selects what the read asks for. */
  #savedBytes({ site, positions, units }: SiteRead, window: Window): number {
    const { axes, positionAxis, unitAxis } = describeSite(site.kind);
    const lengths = axes.map((axis) => windowLength(this.model.shape, axis, window));
    const whole = lengths.reduce((product, length) => product * length, 4);
    const kept = (axis: AxisName, count: number | undefined) =>
      count === undefined ? 1 : count / (lengths[axes.indexOf(axis)] ?? 1);
    return whole * (1 - kept(positionAxis, positions?.length) * kept(unitAxis, units?.length));
  }

  #sharedFeeds({ positions, keys }: Window, cache: GrowingCache | undefined): Record<string, RuntimeTensor> {
    const feeds: Record<string, RuntimeTensor> = {
      [STAGE_VALUES.mask]: float32Tensor(causalMask(positions.length, cache?.length ?? 0), [
        1,
        1,
        positions.length,
        keys,
      ]),
    };
    const { positions: kind } = this.model.shape;
    if (kind.kind === "rotary") {
      const { cosines, sines } = rotaryTables(kind.rotary, positions);
      feeds[STAGE_VALUES.cosines] = toRuntime(cosines);
      feeds[STAGE_VALUES.sines] = toRuntime(sines);
    }
    return feeds;
  }

  #ownCache(cache: KeyValueCache | undefined): GrowingCache | undefined {
    if (cache === undefined || cache instanceof GrowingCache) return cache;
    throw new PatchbayError("internal-error", "The cache was not made by this engine.");
  }

  #windowOf({ tokens, from }: ForwardRequest, cache: GrowingCache | undefined): Window {
    const batch = from?.residual.shape[0] ?? tokens.length;
    const count = from?.residual.shape[1] ?? tokens[0]?.length ?? 0;
    const start = cache?.length ?? 0;
    return { batch, positions: Array.from({ length: count }, (_, i) => start + i), keys: start + count };
  }

  #check({ tokens, edits = [], reads = [], from, cache }: ForwardRequest, window: Window, until: number): void {
    const { shape } = this.model;
    checkTokens(tokens, shape.vocabulary, from !== undefined);
    if (window.keys > shape.context) {
      throw new PatchbayError("context-exceeded", "The input is longer than the model's context.", {
        expected: `at most ${shape.context} tokens`,
        received: `${window.keys} tokens`,
        advice: "Shorten the prompt.",
      });
    }
    if (until < 0 || until > shape.layers || (from !== undefined && (from.layer < 0 || from.layer > until))) {
      throw new PatchbayError("layer-out-of-range", "The range of blocks is empty or outside the model.", {
        expected: `0 ≤ from ≤ until ≤ ${shape.layers}`,
        received: `from ${from?.layer ?? 0} until ${until}`,
      });
    }
    const longest = cache === undefined ? window.keys : shape.context;
    const extent = { batch: window.batch, length: window.keys, longest };
    for (const edit of edits) checkEdit(shape, edit, extent);
    const first = from?.layer ?? -1;
    for (const read of reads) {
      checkRead(shape, read, extent);
      const stage = describeSite(read.site.kind).stage;
      const layer = stage === "embed" ? -1 : (read.site.layer ?? shape.layers);
      if (stage === "unembed" || layer < first || layer >= until) {
        throw new PatchbayError(
          "intervention-matches-nothing",
          `The read of "${read.site.kind}" lies outside the blocks that run.`,
          {
            expected: `a site between block ${Math.max(first, 0)} and block ${until - 1}`,
            received: `layer ${layer}`,
          },
        );
      }
    }
  }
}

function checkTokens(tokens: readonly (readonly number[])[], vocabulary: number, optional: boolean): void {
  if (optional && tokens.length === 0) return;
  const length = tokens[0]?.length ?? 0;
  if (length === 0) {
    throw new PatchbayError("empty-input", "There are no tokens to run.", { expected: "at least one token" });
  }
  tokens.forEach((row, r) => {
    if (row.length !== length) {
      throw new PatchbayError("invalid-request", "The rows of the batch differ in length.", {
        expected: `${length} tokens in every row`,
        received: `${row.length} tokens in row ${r}`,
        advice: "Send rows of different length as separate runs.",
      });
    }
    const wrong = row.find((token) => !Number.isInteger(token) || token < 0 || token >= vocabulary);
    if (wrong !== undefined) {
      throw new PatchbayError("token-out-of-range", `There is no token ${wrong}.`, {
        expected: `0 to ${vocabulary - 1}`,
        received: `${wrong} in row ${r}`,
      });
    }
  });
}

function tokenTensor(tokens: readonly (readonly number[])[]): RuntimeTensor {
  return int64Tensor(tokens.flat(), [tokens.length, tokens[0]?.length ?? 0]);
}

function emptyPast(heads: number, width: number, batch: number): { keys: Tensor; values: Tensor } {
  const empty = tensor(
    ["time", "batch", "key_value_head", "head_dimension"],
    [0, batch, heads, width],
    new Float32Array(0),
  );
  return { keys: empty, values: empty };
}

function residualFrom(outputs: Record<string, Tensor<TensorData>>): Tensor {
  return { ...(ensureDefined(outputs[STAGE_VALUES.nextResidual]) as Tensor), axes: RESIDUAL_AXES };
}

function floats(value: Tensor<TensorData> | undefined): Float32Array {
  return ensureDefined(value).data as Float32Array;
}

function isPartial(read: SiteRead): boolean {
  return read.positions !== undefined || read.units !== undefined;
}

/** Whether the edit falls into the window at all; a stage without edits stays in its cheap variant. */
function touches({ positions }: SiteEdit, window: Window): boolean {
  if (positions === "all") return true;
  if ("from" in positions) return window.positions.some((position) => position >= positions.from);
  return positions.some((position) => window.positions.includes(position));
}

/** Several reads of one site share its whole value; each is then cut out here. */
function narrow(value: Tensor, { site, positions, units }: SiteRead, window: Window): Tensor {
  const { positionAxis, unitAxis } = describeSite(site.kind);
  let result = value;
  if (positions !== undefined) {
    result = selectAlong(
      result,
      positionAxis,
      positions.map((position) => window.positions.indexOf(position)),
    );
  }
  return units === undefined ? result : selectAlong(result, unitAxis, units);
}
