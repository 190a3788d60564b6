/**
 * A model is a stack of stages: embed, one block per layer, unembed. Each is a small graph over the one set of weights, in
 * three variants that compute the same thing: "readable" (hooks are outputs and cost nothing), "writable" (hooks can also
 * be edited and read in part) and "per-head" (writable, with every head's result spelled out).
 */
import { type Graph, GraphBuilder, type ValueName } from "@patchbay/onnx-graph";
import { invariant } from "@patchbay/vocabulary";
import { type ModelArchitecture, mlpWeightsOf } from "../architecture.ts";
import type { TensorSource } from "../weights/tensor-source.ts";
import { type AttentionInputs, type AttentionOptions, attention } from "./attention.ts";
import { type Hooks, NoHooks, ReadableHooks, type SiteOutput, WritableHooks } from "./hooks.ts";
import { mlp } from "./mlp.ts";
import { norm } from "./norm.ts";
import { siteKindsOfStage } from "./sites.ts";
import { biasValue, matrixValue, storedValue } from "./weight-values.ts";

export type Stage =
  | { readonly kind: "embed" }
  | { readonly kind: "block"; readonly layer: number }
  | { readonly kind: "unembed" };

export type StageVariant = "readable" | "writable" | "per-head";

export interface StageGraph {
  readonly graph: Graph;
  readonly sites: readonly SiteOutput[];
}

/** Names of the stages' inputs and of the outputs that are not sites. */
export const STAGE_VALUES = {
  tokens: "tokens",
  positions: "positions",
  residual: "residual",
  mask: "mask",
  localMask: "local_mask",
  scoreBias: "score_bias",
  pastKeys: "past_keys",
  pastValues: "past_values",
  newKeys: "new_keys",
  newValues: "new_values",
  cosines: "cosines",
  sines: "sines",
  nextResidual: "next_residual",
  top: "top",
  logits: "logits",
  logSumExp: "log_sum_exp",
  topLogits: "top_logits",
  topTokens: "top_tokens",
} as const;

const RESIDUAL_AXES = ["batch", "position", "residual"];
const CACHE_AXES = ["time", "batch", "key_value_head", "head_dimension"];

export function buildStage(
  architecture: ModelArchitecture,
  tensors: TensorSource,
  stage: Stage,
  variant: StageVariant,
): StageGraph {
  const name = stage.kind === "block" ? `block.${stage.layer}` : stage.kind;
  const g = new GraphBuilder(`${name}.${variant}`);
  const perHeadResults = variant === "per-head";
  const hooks: Hooks =
    variant === "readable"
      ? new ReadableHooks(g)
      : new WritableHooks(g, siteKindsOfStage(architecture.shape, stage.kind, perHeadResults));

  if (stage.kind === "embed") {
    g.output(embed(g, architecture, tensors, hooks), "float32", RESIDUAL_AXES, STAGE_VALUES.nextResidual);
  } else if (stage.kind === "block") {
    const residual = g.input(STAGE_VALUES.residual, "float32", ["batch", "position", architecture.shape.residualWidth]);
    const inputs = attentionInputs(g, architecture, tensors, [stage.layer]);
    const result = block(g, architecture, tensors, hooks, stage.layer, residual, inputs(stage.layer), {
      perHeadResults,
      cacheNames: { keys: STAGE_VALUES.newKeys, values: STAGE_VALUES.newValues },
      // A readable hook is the value itself; an edited one gets a name of its own below.
      ...(variant === "readable" ? { nextResidual: STAGE_VALUES.nextResidual } : {}),
    });
    if (result.residual !== STAGE_VALUES.nextResidual) {
      g.output(result.residual, "float32", RESIDUAL_AXES, STAGE_VALUES.nextResidual);
    }
    g.output(result.newKeys, "float32", CACHE_AXES, STAGE_VALUES.newKeys);
    g.output(result.newValues, "float32", CACHE_AXES, STAGE_VALUES.newValues);
  } else {
    const residual = g.input(STAGE_VALUES.residual, "float32", ["batch", "position", architecture.shape.residualWidth]);
    readLogits(g, unembed(g, architecture, tensors, hooks, residual));
  }
  return { graph: g.build(), sites: hooks.sites };
}

/** All blocks as one graph, readable: what a small model's plain passes run. */
export interface TrunkGraph {
  readonly graph: Graph;
  readonly layers: readonly {
    readonly sites: readonly SiteOutput[];
    readonly pastKeys: ValueName;
    readonly pastValues: ValueName;
    readonly newKeys: ValueName;
    readonly newValues: ValueName;
  }[];
}

/** The same nodes as the readable blocks, so the same numbers to the last bit, without the cost of a run per block. */
export function buildTrunk(architecture: ModelArchitecture, tensors: TensorSource): TrunkGraph {
  const g = new GraphBuilder("trunk");
  const { shape } = architecture;
  const cacheShape = ["past", "batch", shape.keyValueHeads, shape.headWidth];
  const shared = attentionInputs(g, architecture, tensors, layersOf(architecture), false);
  let residual = g.input(STAGE_VALUES.residual, "float32", ["batch", "position", shape.residualWidth]);
  const layers = Array.from({ length: shape.layers }, (_, layer) => {
    const named = (name: string) => `blocks.${layer}.${name}`;
    const hooks = new ReadableHooks(g, named(""));
    const pastKeys = g.input(named(STAGE_VALUES.pastKeys), "float32", cacheShape);
    const pastValues = g.input(named(STAGE_VALUES.pastValues), "float32", cacheShape);
    const result = block(
      g,
      architecture,
      tensors,
      hooks,
      layer,
      residual,
      { ...shared(layer), pastKeys, pastValues },
      {
        perHeadResults: false,
        cacheNames: { keys: named(STAGE_VALUES.newKeys), values: named(STAGE_VALUES.newValues) },
        ...(layer === shape.layers - 1 ? { nextResidual: STAGE_VALUES.nextResidual } : {}),
      },
    );
    residual = result.residual;
    g.output(result.newKeys, "float32", CACHE_AXES);
    g.output(result.newValues, "float32", CACHE_AXES);
    return { sites: hooks.sites, pastKeys, pastValues, newKeys: result.newKeys, newValues: result.newValues };
  });
  return { graph: g.build(), layers };
}

/**
 * The whole model as one plain graph without hooks: what the stages are measured against. `lastOnly`: logits of the last
 * position instead of all.
 */
export function buildPlainModel(
  architecture: ModelArchitecture,
  tensors: TensorSource,
  { lastOnly = false }: { lastOnly?: boolean } = {},
): Graph {
  const g = new GraphBuilder("plain");
  const hooks = new NoHooks();
  let residual = embed(g, architecture, tensors, hooks);
  const shared = attentionInputs(g, architecture, tensors, layersOf(architecture));
  for (let layer = 0; layer < architecture.shape.layers; layer++) {
    residual = block(g, architecture, tensors, hooks, layer, residual, shared(layer), {
      perHeadResults: false,
    }).residual;
  }
  const read = lastOnly ? g.gather(residual, g.int64([-1]), 1) : residual;
  readLogits(g, unembed(g, architecture, tensors, hooks, read));
  return g.build();
}

/** tokens [batch, position] → residual stream. */
function embed(g: GraphBuilder, architecture: ModelArchitecture, tensors: TensorSource, hooks: Hooks): ValueName {
  const tokens = g.input(STAGE_VALUES.tokens, "int64", ["batch", "position"]);
  const embedding = hooks.at("hook_embed", rowsOf(g, tensors, architecture.tokenEmbedding, tokens));
  if (architecture.shape.positions.kind !== "learned") return embedding;
  return g.add(embedding, hooks.at("hook_pos_embed", positionRows(g, architecture, tensors)));
}

/** Rows of a table [row, residual]. They are gathered as stored and widened afterwards: no 16-bit table is kept twice. */
function rowsOf(g: GraphBuilder, tensors: TensorSource, name: string, indices: ValueName): ValueName {
  const { value, type } = storedValue(g, tensors, name);
  const gathered = g.gather(value, indices, 0);
  return type === "float32" ? gathered : g.cast(gathered, "float32");
}

/** [batch, position, residual] of the learned position embedding; declares its input. */
function positionRows(g: GraphBuilder, { positionEmbedding }: ModelArchitecture, tensors: TensorSource): ValueName {
  invariant(positionEmbedding !== undefined, "learned positions have a tensor");
  return rowsOf(g, tensors, positionEmbedding, g.input(STAGE_VALUES.positions, "int64", ["batch", "position"]));
}

function layersOf({ shape }: ModelArchitecture): number[] {
  return Array.from({ length: shape.layers }, (_, layer) => layer);
}

/**
 * Declares what the blocks of `layers` share, and their cache unless each block of the graph has its own; returns what each
 * of them takes.
 */
function attentionInputs(
  g: GraphBuilder,
  architecture: ModelArchitecture,
  tensors: TensorSource,
  layers: readonly number[],
  ownCache = true,
): (layer: number) => AttentionInputs {
  const { shape } = architecture;
  const cacheShape = ["past", "batch", shape.keyValueHeads, shape.headWidth];
  const isLocal = (layer: number) => shape.window?.layers.includes(layer) === true;
  for (const [name, used] of [
    [STAGE_VALUES.mask, layers.some((layer) => !isLocal(layer))],
    [STAGE_VALUES.localMask, layers.some(isLocal)],
  ] as const) {
    if (used) g.input(name, "float32", [1, 1, "position", "key"]);
  }
  if (ownCache) {
    g.input(STAGE_VALUES.pastKeys, "float32", cacheShape);
    g.input(STAGE_VALUES.pastValues, "float32", cacheShape);
  }
  const places = positionInputs(g, architecture, tensors);
  return (layer) => ({
    mask: isLocal(layer) ? STAGE_VALUES.localMask : STAGE_VALUES.mask,
    pastKeys: STAGE_VALUES.pastKeys,
    pastValues: STAGE_VALUES.pastValues,
    ...places,
  });
}

/** How blocks know where a position stands, where the stream itself does not say. */
function positionInputs(
  g: GraphBuilder,
  architecture: ModelArchitecture,
  tensors: TensorSource,
): Pick<AttentionInputs, "rotary" | "scoreBias" | "positionEmbedding"> {
  const { positions, heads } = architecture.shape;
  switch (positions.kind) {
    case "learned":
      return { rotary: undefined };
    case "rotary": {
      const pairs = positions.rotary.frequencies.length;
      const cosines = g.input(STAGE_VALUES.cosines, "float32", ["position", pairs]);
      const sines = g.input(STAGE_VALUES.sines, "float32", ["position", pairs]);
      return { rotary: { cosines, sines } };
    }
    case "shortformer":
      return { rotary: undefined, positionEmbedding: positionRows(g, architecture, tensors) };
    case "alibi":
      return {
        rotary: undefined,
        scoreBias: g.input(STAGE_VALUES.scoreBias, "float32", [1, heads, "position", "key"]),
      };
  }
}

function block(
  g: GraphBuilder,
  architecture: ModelArchitecture,
  tensors: TensorSource,
  hooks: Hooks,
  layer: number,
  residual: ValueName,
  inputs: AttentionInputs,
  options: AttentionOptions & { readonly nextResidual?: ValueName },
): { residual: ValueName; newKeys: ValueName; newValues: ValueName } {
  const { shape } = architecture;
  const weights = architecture.block(layer);
  const sites = (name: "ln1" | "ln2") =>
    ({ scale: `${name}.hook_scale`, normalized: `${name}.hook_normalized` }) as const;

  const before = hooks.at("hook_resid_pre", residual);
  const read = norm(g, tensors, hooks, shape.norm, before, weights.norm1, sites("ln1"));
  const attended = attention(g, tensors, hooks, shape, layer, weights.attention, read, inputs, options);
  const attentionOut = hooks.at("hook_attn_out", attended.output);

  const { norm2 } = weights;
  if (norm2 === undefined) {
    const after = hooks.at("hook_resid_post", g.add(before, attentionOut, options.nextResidual));
    return { residual: after, newKeys: attended.newKeys, newValues: attended.newValues };
  }

  const parallel = shape.arrangement === "parallel";
  const middle = parallel ? before : hooks.at("hook_resid_mid", g.add(before, attentionOut));
  const mlpRead = norm(g, tensors, hooks, shape.norm, middle, norm2, sites("ln2"));
  const mlpWeights = mlpWeightsOf(architecture, layer);
  const mlpOut = hooks.at("hook_mlp_out", mlp(g, tensors, hooks, shape, mlpWeights, mlpRead));

  const base = parallel ? g.add(before, attentionOut) : middle;
  const after = hooks.at("hook_resid_post", g.add(base, mlpOut, options.nextResidual));
  return { residual: after, newKeys: attended.newKeys, newValues: attended.newValues };
}

/** residual [batch, position, residual] → logits [batch, position, token]. */
function unembed(
  g: GraphBuilder,
  architecture: ModelArchitecture,
  tensors: TensorSource,
  hooks: Hooks,
  residual: ValueName,
): ValueName {
  const normalized = norm(g, tensors, hooks, architecture.shape.norm, residual, architecture.finalNorm, {
    scale: "ln_final.hook_scale",
    normalized: "ln_final.hook_normalized",
  });
  const logits = g.matrixProduct(normalized, matrixValue(g, tensors, architecture.unembedding));
  const bias = biasValue(g, tensors, architecture.unembedding);
  return bias === undefined ? logits : g.add(logits, bias);
}

/** The logits, and what most callers want of them, so that the whole row need not travel. */
function readLogits(g: GraphBuilder, logits: ValueName): void {
  const axes = ["batch", "position"];
  g.output(logits, "float32", [...axes, "token"], STAGE_VALUES.logits);
  g.output(logSumExpOf(g, logits, g.softmax(logits, -1)), "float32", axes, STAGE_VALUES.logSumExp);
  const top = g.topK(logits, g.input(STAGE_VALUES.top, "int64", [1]));
  g.output(top.values, "float32", [...axes, "rank"], STAGE_VALUES.topLogits);
  g.output(g.cast(top.indices, "int32"), "int32", [...axes, "rank"], STAGE_VALUES.topTokens);
}

/**
 * log Σ exp over the last axis, from the softmax: the maximum minus the log of its probability. The runtime's Softmax sums
 * in many lanes; ReduceLogSumExp and ReduceSum over a large vocabulary lose the small terms and with them four digits.
 */
export function logSumExpOf(g: GraphBuilder, logits: ValueName, probabilities: ValueName): ValueName {
  return g.subtract(g.maximum(logits, [-1]), g.logarithm(g.maximum(probabilities, [-1])));
}
