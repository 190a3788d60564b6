/** One prompt of a fact trace: every direct contribution at its last position, and the last layer with its switches thrown. */
import type { Engine, SiteEdit, SiteRead } from "@patchbay/transformer";
import { ensureDefined, type SiteKind, type Tensor, tensor } from "@patchbay/vocabulary";
import { metricValues } from "../metrics/metric-values.ts";
import { int64, readOut } from "../programs/readout.ts";
import { directionProgram, headsProgram, neuronsProgram, projectionProgram } from "./fact-programs.ts";
import type { ResolvedFact } from "./fact-prompts.ts";

/** Direct contributions in logits. */
export interface ToBoth {
  readonly topic: number;
  readonly answer: number;
}

export interface ObservedHead extends ToBoth {
  /** From the last position to the subject's tokens. */
  readonly attention: number;
  readonly length: number;
}

export interface ObservedLayer {
  readonly heads: readonly ObservedHead[];
  readonly attentionOut: ToBoth;
  readonly mlpOut: ToBoth;
  readonly residual: ToBoth;
  /** [neuron]: shares of the answer; empty in models without MLPs. */
  readonly neurons: Float32Array;
}

export type SwitchName = `${"attention" | "mlp" | "both"} ${"zero" | "direction"}`;

export interface ObservedFact {
  readonly layers: readonly ObservedLayer[];
  /** P(answer). */
  readonly probability: number;
  readonly rank: number;
  readonly top: { readonly id: number; readonly probability: number };
  /** P(answer) with the last layer changed at the last position. What comes after a change computes on it. */
  readonly switches: ReadonlyMap<SwitchName, number>;
  /** Rows of forward passes. */
  readonly rows: number;
}

const [TOPIC, ANSWER] = [0, 1];

/** @throws PatchbayError `cancelled` */
export async function observeFact(engine: Engine, fact: ResolvedFact, signal: AbortSignal): Promise<ObservedFact> {
  const { model } = engine;
  const { shape, architecture } = model;
  const { tokens, length } = fact.input;
  const last = [length - 1];
  const hasMlp = shape.neurons > 0;
  const kinds: (readonly [SiteKind, boolean])[] = [
    ["attn.hook_pattern", true],
    ["attn.hook_v", false],
    ["hook_attn_out", true],
    ["hook_resid_post", true],
    ...(hasMlp
      ? ([
          ["hook_mlp_out", true],
          ["mlp.hook_post", true],
        ] as const)
      : []),
  ];
  const reads = Array.from({ length: shape.layers }, (_, layer) =>
    kinds.map(([kind, atLast]): SiteRead => ({ site: { kind, layer }, ...(atLast ? { positions: last } : {}) })),
  ).flat();
  const below: SiteRead = { site: { kind: "hook_resid_pre", layer: shape.layers - 1 } };
  const pass = await engine.forward({ tokens, reads: [...reads, below], signal });
  const final = lastRow(pass.residual, length);
  const directions = await directionsOf(engine, fact, final, signal);
  const feed = tensor(["direction", "residual"], [2, shape.residualWidth], directions.scaled);
  const answerFeed = tensor(
    ["direction", "residual"],
    [1, shape.residualWidth],
    directions.scaled.subarray(shape.residualWidth),
  );

  const layers: ObservedLayer[] = [];
  const mask = Float32Array.from({ length }, (_, key) => (fact.subject.includes(key) ? 1 : 0));
  const recorded = (layer: number, kind: number) => ensureDefined(pass.reads[layer * kinds.length + kind]);
  for (let layer = 0; layer < shape.layers; layer++) {
    const feeds = {
      direction: feed,
      pattern: tensor(["head", "key"], [shape.heads, length], recorded(layer, 0).data),
      mask: tensor(["row", "key"], [1, length], mask),
      values: tensor(
        ["key", "key_value_head", "head_dimension"],
        [length, shape.keyValueHeads, shape.headWidth],
        recorded(layer, 1).data,
      ),
    };
    const found = await engine.evaluate(headsProgram(model, layer), feeds, ["attention", "length", "moved"], signal);
    const states = [recorded(layer, 2), recorded(layer, 3), ...(hasMlp ? [recorded(layer, 4)] : [])];
    const [attentionOut, residual, mlpOut = NOTHING] = await project(engine, states, feed, signal);
    const down = architecture.block(layer).mlp?.down;
    layers.push({
      heads: Array.from({ length: shape.heads }, (_, head) => ({
        attention: found.attention.data[head] ?? 0,
        length: found.length.data[head] ?? 0,
        topic: found.moved.data[TOPIC * shape.heads + head] ?? 0,
        answer: found.moved.data[ANSWER * shape.heads + head] ?? 0,
      })),
      attentionOut: ensureDefined(attentionOut),
      residual: ensureDefined(residual),
      mlpOut,
      neurons:
        down === undefined
          ? new Float32Array(0)
          : await neuronShares(engine, layer, down, answerFeed, recorded(layer, 5), signal),
    });
  }
  const readout = await readOut(engine, final, { norm: "final", top: 1, tracked: [fact.answer.id], signal });
  const logSumExp = readout.logSumExp.data[0] ?? 0;
  const switched = await throwSwitches(engine, fact, ensureDefined(pass.reads.at(-1)), directions.unit, signal);
  return {
    layers,
    probability: Math.exp((readout.trackedLogits.data[0] ?? 0) - logSumExp),
    rank: readout.trackedRanks.data[0] ?? 0,
    top: { id: readout.topTokens.data[0] ?? 0, probability: Math.exp((readout.topLogits.data[0] ?? 0) - logSumExp) },
    ...switched,
    rows: 1 + switched.rows,
  };
}

const NOTHING: ToBoth = { topic: 0, answer: 0 };

/** `scaled` [2 × residual] reads shares of the demeaned logits; `unit` is the answer's, of length 1. */
async function directionsOf(engine: Engine, { topic, answer }: ResolvedFact, final: Tensor, signal: AbortSignal) {
  const { norm } = engine.model.shape;
  const weights = new Float32Array(2 * (topic.length + 1)).fill(1 / topic.length, 0, topic.length);
  weights[weights.length - 1] = 1;
  const { direction } = await engine.evaluate(
    directionProgram(engine.model),
    {
      tokens: int64([...topic.map(({ id }) => id), answer.id]),
      weights: tensor(["direction", "token"], [2, topic.length + 1], weights),
    },
    ["direction"],
    signal,
  );
  let scale = 1;
  if (norm.kind !== "none") {
    const reads = [{ site: { kind: "ln_final.hook_scale" as const } }];
    const head = await engine.unembed({ residual: final, positions: [0], reads, signal });
    scale = ensureDefined(head.reads[0]?.data[0], "final scale");
  }
  const own = direction.data.subarray(direction.data.length / 2);
  const length = Math.hypot(...own);
  return { scaled: direction.data.map((value) => value / scale), unit: own.map((value) => value / length) };
}

async function project(
  engine: Engine,
  states: readonly Tensor[],
  direction: Tensor,
  signal: AbortSignal,
): Promise<ToBoth[]> {
  const width = engine.model.shape.residualWidth;
  const rows = new Float32Array(states.length * width);
  for (const [i, { data }] of states.entries()) rows.set(data, i * width);
  const feeds = { states: tensor(["state", "residual"], [states.length, width], rows), direction };
  const { share } = await engine.evaluate(projectionProgram(engine.model), feeds, ["share"], signal);
  return states.map((_, i) => ({ topic: share.data[2 * i + TOPIC] ?? 0, answer: share.data[2 * i + ANSWER] ?? 0 }));
}

async function neuronShares(
  engine: Engine,
  layer: number,
  down: Parameters<typeof neuronsProgram>[2],
  direction: Tensor,
  post: Tensor,
  signal: AbortSignal,
): Promise<Float32Array> {
  const feeds = { direction, post: tensor(["neuron"], [engine.model.shape.neurons], post.data) };
  return (await engine.evaluate(neuronsProgram(engine.model, layer, down), feeds, ["share"], signal)).share.data;
}

/**
 * The last block again, from the stream below it, with its outputs at the last position scaled to 0 or freed of their component
 * along the answer. The MLP's own component is that of the run with the attention already changed.
 */
async function throwSwitches(
  engine: Engine,
  { input: { tokens, length }, answer }: ResolvedFact,
  below: Tensor,
  unit: Float32Array,
  signal: AbortSignal,
): Promise<{ switches: Map<SwitchName, number>; rows: number }> {
  const layer = engine.model.shape.layers - 1;
  const hasMlp = engine.model.shape.neurons > 0;
  const place = { positions: [length - 1], units: "all", dimensions: "all" } as const;
  const attention = { kind: "hook_attn_out", layer } as const;
  const mlp = { kind: "hook_mlp_out", layer } as const;
  const zero = (site: typeof attention | typeof mlp, row: number): SiteEdit => ({
    ...place,
    site,
    rows: [row],
    scale: 0,
    offset: 0,
  });
  const freed = (site: typeof attention | typeof mlp, row: number, value: Float32Array): SiteEdit => {
    const along = value.reduce((sum, each, i) => sum + each * (unit[i] ?? 0), 0);
    return { ...place, site, rows: [row], scale: 1, offset: unit.map((each) => -along * each) };
  };
  const run = (rows: number, edits: readonly SiteEdit[]) =>
    engine.forward({
      tokens: [],
      from: { layer, residual: repeatRow(below, rows) },
      edits,
      reads: [{ site: attention }, ...(hasMlp ? [{ site: mlp }] : [])].map((read) => ({
        ...read,
        positions: [length - 1],
      })),
      signal,
    });
  const probabilities = async (residual: Tensor) => {
    const metric = { kind: "probability", token: answer.id, position: length - 1 } as const;
    return metricValues(engine, metric, { residual, tokens }, signal);
  };
  const recordedAt = (reads: readonly Tensor[], read: number, row: number) => {
    const width = unit.length;
    return ensureDefined(reads[read]).data.subarray(row * width, (row + 1) * width);
  };
  const plain = await run(1, []);
  const first = await run(2, [zero(attention, 0), freed(attention, 1, recordedAt(plain.reads, 0, 0))]);
  const [attentionZero = 0, attentionDirection = 0] = await probabilities(first.residual);
  const switches = new Map<SwitchName, number>([
    ["attention zero", attentionZero],
    ["attention direction", attentionDirection],
  ]);
  if (!hasMlp) return { switches, rows: 3 };
  const attentionEdits = [zero(attention, 2), freed(attention, 3, recordedAt(plain.reads, 0, 0))];
  const second = await run(4, [
    ...attentionEdits,
    zero(mlp, 0),
    freed(mlp, 1, recordedAt(plain.reads, 1, 0)),
    zero(mlp, 2),
    freed(mlp, 3, recordedAt(first.reads, 1, 1)),
  ]);
  const names: SwitchName[] = ["mlp zero", "mlp direction", "both zero", "both direction"];
  const values = await probabilities(second.residual);
  for (const [row, name] of names.entries()) switches.set(name, values[row] ?? 0);
  return { switches, rows: 7 };
}

/** [1, position, residual] → [rows, position, residual] */
function repeatRow({ axes, shape, data }: Tensor, rows: number): Tensor {
  const repeated = new Float32Array(rows * data.length);
  for (let row = 0; row < rows; row++) repeated.set(data, row * data.length);
  return tensor(axes, [rows, ...shape.slice(1)], repeated);
}

/** [1, 1, residual] */
function lastRow({ axes, shape, data }: Tensor, length: number): Tensor {
  const width = shape[2] ?? 0;
  return tensor(axes, [1, 1, width], data.slice((length - 1) * width, length * width));
}
