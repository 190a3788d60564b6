/**
 * A model is a stack of stages: embed, one block per layer, unembed. Each is a small graph over the one set of weights, in
 * three variants that compute the same thing: "readable" (hooks are outputs and cost nothing), "writable" (hooks can also
 * be edited and read in part) and "per-head" (writable, with every head's result spelled out).
 */
import { type Graph, GraphBuilder, type ValueName } from "@patchbay/onnx-graph";
import type { ModelArchitecture } from "../architecture.ts";
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
    const result = block(g, architecture, tensors, hooks, stage.layer, residual, attentionInputs(g, architecture), {
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
  const shared = attentionInputs(g, architecture, false);
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
      { ...shared, pastKeys, pastValues },
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
  const shared = attentionInputs(g, architecture);
  for (let layer = 0; layer < architecture.shape.layers; layer++) {
    residual = block(g, architecture, tensors, hooks, layer, residual, shared, { perHeadResults: false }).residual;
  }
  const read = lastOnly ? g.gather(residual, g.int64([-1]), 1) : residual;
  readLogits(g, unembed(g, architecture, tensors, hooks, read));
  return g.build();
}

/** tokens [batch, position] → residual stream. */
function embed(g: GraphBuilder, architecture: ModelArchitecture, tensors: TensorSource, hooks: Hooks): ValueName {
  // Rows are gathered as stored and widened afterwards: a 16-bit table is never kept twice.
  const rows = (name: string, indices: ValueName) => {
    const { value, type } = storedValue(g, tensors, name);
    const gathered = g.gather(value, indices, 0);
    return type === "float32" ? gathered : g.cast(gathered, "float32");
  };
  const tokens = g.input(STAGE_VALUES.tokens, "int64", ["batch", "position"]);
  const embedding = hooks.at("hook_embed", rows(architecture.tokenEmbedding, tokens));
  if (architecture.positionEmbedding === undefined) return embedding;
  const positions = g.input(STAGE_VALUES.positions, "int64", ["batch", "position"]);
  return g.add(embedding, hooks.at("hook_pos_embed", rows(architecture.positionEmbedding, positions)));
}

/** Inputs that all blocks share, and those of the cache unless each block of the graph has its own. */
function attentionInputs(g: GraphBuilder, { shape }: ModelArchitecture, ownCache = true): AttentionInputs {
  const cacheShape = ["past", "batch", shape.keyValueHeads, shape.headWidth];
  const pairs = shape.headWidth / 2;
  const mask = g.input(STAGE_VALUES.mask, "float32", [1, 1, "position", "key"]);
  if (ownCache) {
    g.input(STAGE_VALUES.pastKeys, "float32", cacheShape);
    g.input(STAGE_VALUES.pastValues, "float32", cacheShape);
  }
  return {
    mask,
    pastKeys: STAGE_VALUES.pastKeys,
    pastValues: STAGE_VALUES.pastValues,
    rotary:
      shape.positions.kind === "rotary"
        ? {
            cosines: g.input(STAGE_VALUES.cosines, "float32", ["position", pairs]),
            sines: g.input(STAGE_VALUES.sines, "float32", ["position", pairs]),
          }
        : undefined,
  };
}

function block(
  g: GraphBuilder,
  { shape, block: weightsOf }: ModelArchitecture,
  tensors: TensorSource,
  hooks: Hooks,
  layer: number,
  residual: ValueName,
  inputs: AttentionInputs,
  options: AttentionOptions & { readonly nextResidual?: ValueName },
): { residual: ValueName; newKeys: ValueName; newValues: ValueName } {
  const weights = weightsOf(layer);
  const sites = (name: "ln1" | "ln2") =>
    ({ scale: `${name}.hook_scale`, normalized: `${name}.hook_normalized` }) as const;

  const before = hooks.at("hook_resid_pre", residual);
  const read = norm(g, tensors, hooks, shape.norm, before, weights.norm1, sites("ln1"));
  const attended = attention(g, tensors, hooks, shape, weights.attention, read, inputs, options);
  const attentionOut = hooks.at("hook_attn_out", attended.output);

  const parallel = shape.arrangement === "parallel";
  const middle = parallel ? before : hooks.at("hook_resid_mid", g.add(before, attentionOut));
  const mlpRead = norm(g, tensors, hooks, shape.norm, middle, weights.norm2, sites("ln2"));
  const mlpOut = hooks.at("hook_mlp_out", mlp(g, tensors, hooks, shape, weights.mlp, mlpRead));

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
