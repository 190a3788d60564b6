/** Runs one stage of a model: picks the variant, compiles edits and selections into its feeds, files the reads. */
import { type Graph, initializerBytes } from "@patchbay/onnx-graph";
import {
  buildStage,
  buildTrunk,
  type SiteEdit,
  type SiteRead,
  type Stage,
  type StageGraph,
  type StageVariant,
  type TransformerModel,
  type TrunkGraph,
} from "@patchbay/transformer";
import {
  type AxisName,
  describeSite,
  ensureDefined,
  selectAlong,
  type Tensor,
  type TensorData,
} from "@patchbay/vocabulary";
import type { MemoryBudget } from "./memory-budget.ts";
import type { RuntimeTensor, SessionOptions } from "./onnx-runtime.ts";
import { editFeeds, type StageKind, selectionFeeds, type Window, windowLength } from "./stage-feeds.ts";
import { type TurnQueue, throwIfCancelled } from "./turn-queue.ts";

/** A second session (a copy of the block's weights) is opened for a partial read only where it saves this much. */
const SELECTION_PAYS_OFF_IN_BYTES = 2 ** 18;

export interface StageRunnerOptions {
  /** A model whose blocks weigh no more runs its plain passes as one graph of all blocks; 0 for never. */
  readonly trunkLimitInBytes: number;
}

export class StageRunner {
  readonly #model: TransformerModel;
  readonly #budget: MemoryBudget;
  readonly #turns: TurnQueue;
  /** Stage graphs are small; they are kept while sessions come and go. */
  readonly #stages = new Map<string, StageGraph>();

  readonly #trunkLimit: number;
  #trunk: { built: TrunkGraph; bytes: number } | undefined;

  constructor(model: TransformerModel, budget: MemoryBudget, turns: TurnQueue, options: StageRunnerOptions) {
    this.#trunkLimit = options.trunkLimitInBytes;
    this.#model = model;
    this.#budget = budget;
    this.#turns = turns;
  }

  /** Runs one stage in the cheapest variant that can do what is asked of it, and files the reads. */
  async run(
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
        this.#paysOff(read, reads, window) || (edits.length > 0 && isPartial(read) && isOnlyReadOfSite(read, reads)),
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
            ...editFeeds(this.#model.shape, stage.kind as StageKind, perHead, edits, window),
            ...selectionFeeds(this.#model.shape, stage.kind as StageKind, perHead, selective, window),
          };
    const outputOf = (read: SiteRead) => {
      const site = ensureDefined(
        built.sites.find(({ kind }) => kind === read.site.kind),
        read.site.kind,
      );
      return selective.includes(read) ? ensureDefined(site.selected) : site.whole;
    };

    const wanted = [...new Set([...fetches, ...reads.map(outputOf)])];
    const outputs = await this.compute(key, () => built.graph, allFeeds, wanted, signal);
    throwIfCancelled(signal);
    for (const read of reads) {
      const value = ensureDefined(outputs[outputOf(read)]) as Tensor;
      const whole = { ...value, axes: describeSite(read.site.kind).axes };
      results.set(read, selective.includes(read) ? whole : narrow(whole, read, window));
    }
    return outputs;
  }

  /**
   * The graph of all blocks, where it can serve the pass: a small model, no edit of a block, and no read that only the
   * other variants give.
   */
  trunkFor(edits: readonly SiteEdit[], reads: readonly SiteRead[], window: Window): TrunkGraph | undefined {
    if (this.#trunkLimit === 0) return undefined;
    const needsBlocks =
      edits.some((edit) => describeSite(edit.site.kind).stage === "block" && touches(edit, window)) ||
      reads.some((read) => read.site.kind === "attn.hook_result" || this.#paysOff(read, reads, window));
    if (needsBlocks) return undefined;
    if (this.#trunk === undefined) {
      const built = buildTrunk(this.#model.architecture, this.#model.tensors);
      this.#trunk = { built, bytes: initializerBytes(built.graph) };
    }
    return this.#trunk.bytes <= this.#trunkLimit ? this.#trunk.built : undefined;
  }

  async runTrunk(
    { graph, layers }: TrunkGraph,
    feeds: Readonly<Record<string, RuntimeTensor>>,
    allReads: readonly SiteRead[],
    window: Window,
    fetches: readonly string[],
    results: Map<SiteRead, Tensor>,
    signal: AbortSignal | undefined,
  ): Promise<Record<string, Tensor<TensorData>>> {
    const reads = allReads.filter(({ site }) => describeSite(site.kind).stage === "block");
    const outputOf = ({ site }: SiteRead) =>
      ensureDefined(layers[site.layer ?? 0]?.sites.find(({ kind }) => kind === site.kind)).whole;
    const wanted = [...new Set([...fetches, ...reads.map(outputOf)])];
    const outputs = await this.compute("trunk", () => graph, feeds, wanted, signal);
    throwIfCancelled(signal);
    for (const read of reads) {
      const value = ensureDefined(outputs[outputOf(read)]) as Tensor;
      results.set(read, narrow({ ...value, axes: describeSite(read.site.kind).axes }, read, window));
    }
    return outputs;
  }

  /**
   * Runs a graph of this model in its turn. The session is held only while it runs: passes that wait for their turn keep
   * nothing from being released.
   */
  compute(
    key: string,
    build: () => Graph,
    feeds: Readonly<Record<string, RuntimeTensor>>,
    fetches: readonly string[],
    signal: AbortSignal | undefined,
    options: Partial<SessionOptions> = {},
    into?: Readonly<Record<string, RuntimeTensor>>,
  ): Promise<Record<string, Tensor<TensorData>>> {
    return this.#turns.take(async () => {
      const lease = await this.#budget.lease(this.#model.hash, key, build, options);
      try {
        return await lease.session.run(feeds, fetches, into);
      } finally {
        lease.done();
      }
    }, signal);
  }

  #stageGraph(key: string, stage: Stage, variant: StageVariant): StageGraph {
    let built = this.#stages.get(key);
    if (built === undefined) {
      built = buildStage(this.#model.architecture, this.#model.tensors, stage, variant);
      this.#stages.set(key, built);
    }
    return built;
  }

  /** Whether selecting in the graph saves enough to open the writable variant for it. */
  #paysOff(read: SiteRead, reads: readonly SiteRead[], window: Window): boolean {
    return (
      isPartial(read) && isOnlyReadOfSite(read, reads) && this.#savedBytes(read, window) >= SELECTION_PAYS_OFF_IN_BYTES
    );
  }

  /** Bytes that need not be copied when the graph selects what the read asks for. */
  #savedBytes({ site, positions, units }: SiteRead, window: Window): number {
    const { axes, positionAxis, unitAxis } = describeSite(site.kind);
    const lengths = axes.map((axis) => windowLength(this.#model.shape, axis, window));
    const whole = lengths.reduce((product, length) => product * length, 4);
    const kept = (axis: AxisName, count: number | undefined) =>
      count === undefined ? 1 : count / (lengths[axes.indexOf(axis)] ?? 1);
    return whole * (1 - kept(positionAxis, positions?.length) * kept(unitAxis, units?.length));
  }
}

function isOnlyReadOfSite({ site }: SiteRead, reads: readonly SiteRead[]): boolean {
  return reads.filter((other) => other.site.kind === site.kind && other.site.layer === site.layer).length === 1;
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
