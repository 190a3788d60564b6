/** The engine of one opened model: walks the stages, applies edits, reads sites, runs analysis graphs. */
import {
  type Engine,
  type ForwardRequest,
  type ForwardResult,
  type KeyValueCache,
  type Program,
  type SiteRead,
  STAGE_VALUES,
  type TransformerModel,
  type TrunkGraph,
  type UnembedRequest,
  type UnembedResult,
} from "@patchbay/transformer";
import { ensureDefined, PatchbayError, type Tensor, type TensorData, tensor } from "@patchbay/vocabulary";
import { type AttentionFeeds, attentionFeeds, positionIndices } from "./attention-feeds.ts";
import { checkForward, checkReadIn } from "./check-forward.ts";
import { cacheBytes, GrowingCache } from "./key-value-cache.ts";
import type { MemoryBudget } from "./memory-budget.ts";
import { int64Tensor, type RuntimeTensor, toRuntime } from "./onnx-runtime.ts";
import type { Window } from "./stage-feeds.ts";
import { StageRunner } from "./stage-runner.ts";
import type { TurnQueue } from "./turn-queue.ts";

const RESIDUAL_AXES = ["batch", "position", "residual"];

export interface EngineParts {
  readonly budget: MemoryBudget;
  readonly turns: TurnQueue;
  /** See `StageRunnerOptions`; default 0. */
  readonly trunkLimitInBytes?: number;
}

export function createEngine(model: TransformerModel, parts: EngineParts): Engine {
  return new OnnxEngine(model, parts);
}

class OnnxEngine implements Engine {
  readonly model: TransformerModel;
  readonly #budget: MemoryBudget;
  readonly #runner: StageRunner;

  constructor(model: TransformerModel, { budget, turns, trunkLimitInBytes = 0 }: EngineParts) {
    this.model = model;
    this.#budget = budget;
    this.#runner = new StageRunner(model, budget, turns, { trunkLimitInBytes });
  }

  async forward(request: ForwardRequest): Promise<ForwardResult> {
    const { shape } = this.model;
    const { edits = [], reads = [], signal } = request;
    const cache = this.#ownCache(request.cache);
    const window = this.#windowOf(request, cache);
    const until = request.until ?? shape.layers;
    checkForward(shape, request, window, until);

    const results = new Map<SiteRead, Tensor>();
    let residual: Tensor;
    if (request.from === undefined) {
      const feeds: Record<string, RuntimeTensor> = { [STAGE_VALUES.tokens]: tokenTensor(request.tokens) };
      if (shape.positions.kind === "learned") {
        feeds[STAGE_VALUES.positions] = positionIndices(window);
      }
      const outputs = await this.#runner.run(
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

    const shared = attentionFeeds(shape, window);
    const first = request.from?.layer ?? 0;
    const whole = first === 0 && until === shape.layers;
    const trunk = whole ? this.#runner.trunkFor(edits, reads, window) : undefined;
    if (trunk === undefined) {
      for (let layer = first; layer < until; layer++) {
        residual = await this.#passBlock(layer, residual, shared, request, window, cache, results);
      }
    } else {
      residual = await this.#passTrunk(trunk, residual, shared, request, window, cache, results);
    }
    cache?.advance(window.positions.length);
    return { residual, reads: reads.map((read) => ensureDefined(results.get(read), `read of ${read.site.kind}`)) };
  }

  async #passBlock(
    layer: number,
    residual: Tensor,
    shared: AttentionFeeds,
    { edits = [], reads = [], signal }: ForwardRequest,
    window: Window,
    cache: GrowingCache | undefined,
    results: Map<SiteRead, Tensor>,
  ): Promise<Tensor> {
    const past = this.#pastOf(layer, window, cache);
    const feeds = {
      ...shared.of(layer),
      [STAGE_VALUES.residual]: toRuntime(residual),
      [STAGE_VALUES.pastKeys]: toRuntime(past.keys),
      [STAGE_VALUES.pastValues]: toRuntime(past.values),
    };
    const fetches: string[] = [STAGE_VALUES.nextResidual];
    if (cache !== undefined) fetches.push(STAGE_VALUES.newKeys, STAGE_VALUES.newValues);
    const outputs = await this.#runner.run(
      { kind: "block", layer },
      feeds,
      edits,
      reads,
      window,
      fetches,
      results,
      signal,
    );
    cache?.append(layer, floats(outputs[STAGE_VALUES.newKeys]), floats(outputs[STAGE_VALUES.newValues]));
    return residualFrom(outputs);
  }

  async #passTrunk(
    trunk: TrunkGraph,
    residual: Tensor,
    shared: AttentionFeeds,
    { reads = [], signal }: ForwardRequest,
    window: Window,
    cache: GrowingCache | undefined,
    results: Map<SiteRead, Tensor>,
  ): Promise<Tensor> {
    const feeds: Record<string, RuntimeTensor> = { ...shared.ofAll(), [STAGE_VALUES.residual]: toRuntime(residual) };
    const fetches: string[] = [STAGE_VALUES.nextResidual];
    trunk.layers.forEach(({ pastKeys, pastValues, newKeys, newValues }, layer) => {
      const past = this.#pastOf(layer, window, cache);
      feeds[pastKeys] = toRuntime(past.keys);
      feeds[pastValues] = toRuntime(past.values);
      if (cache !== undefined) fetches.push(newKeys, newValues);
    });
    const outputs = await this.#runner.runTrunk(trunk, feeds, reads, window, fetches, results, signal);
    trunk.layers.forEach(({ newKeys, newValues }, layer) => {
      cache?.append(layer, floats(outputs[newKeys]), floats(outputs[newValues]));
    });
    return residualFrom(outputs);
  }

  #pastOf(layer: number, { batch }: Window, cache: GrowingCache | undefined): { keys: Tensor; values: Tensor } {
    const { keyValueHeads, headWidth } = this.model.shape;
    return cache?.past(layer) ?? emptyPast(keyValueHeads, headWidth, batch);
  }

  async unembed(request: UnembedRequest): Promise<UnembedResult> {
    const { edits = [], reads = [], top = 1, full = false, signal } = request;
    const [batch = 0] = request.residual.shape;
    const { outputVocabulary } = this.model.shape;
    const window: Window = { batch, positions: request.positions, keys: request.positions.length };
    for (const read of reads) checkReadIn(this.model.shape, read, window, "unembed");
    const fetches: string[] = [STAGE_VALUES.logSumExp, STAGE_VALUES.topLogits, STAGE_VALUES.topTokens];
    if (full) fetches.push(STAGE_VALUES.logits);
    const feeds = {
      [STAGE_VALUES.residual]: toRuntime(request.residual),
      [STAGE_VALUES.top]: int64Tensor([Math.min(top, outputVocabulary)], [1]),
    };
    const results = new Map<SiteRead, Tensor>();
    const outputs = await this.#runner.run({ kind: "unembed" }, feeds, edits, reads, window, fetches, results, signal);
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
    into?: Readonly<Record<string, Tensor<TensorData>>>,
  ): Promise<Record<Fetched, Tensor>> {
    const runtimeFeeds = Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, toRuntime(value)]));
    const outputs = await this.#runner.compute(
      `program:${program.key}`,
      () => program.build(),
      runtimeFeeds,
      fetches,
      signal,
      { keepsTemporaries: program.runsRarely !== true, ...(program.inOneThread === true ? { threads: 1 } : {}) },
      into && Object.fromEntries(Object.entries(into).map(([name, value]) => [name, toRuntime(value)])),
    );
    return outputs as Record<Fetched, Tensor>;
  }

  newCache(batch: number, positions = this.model.shape.context): KeyValueCache {
    const { shape } = this.model;
    if (shape.direction === "bidirectional") {
      throw new PatchbayError("unsupported-model", "A bidirectional model cannot continue a text.", {
        expected: "a model whose positions do not look ahead",
        received: "a model in which every position looks at all others, those yet to come included",
        advice: "Run whole prompts instead.",
      });
    }
    return new GrowingCache(shape, batch, positions, this.#budget.reserve(cacheBytes(shape, batch, positions)));
  }

  loadedBytes(): number {
    return this.#budget.usedBytes(this.model.hash);
  }

  unload(): Promise<number> {
    return this.#budget.release(this.model.hash);
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
