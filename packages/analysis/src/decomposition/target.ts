/** From a target as people write it to a linear functional of the residual stream at one place of the frozen run. */
import type { DecompositionTarget } from "@patchbay/contract";
import type { Dictionary } from "@patchbay/dictionary";
import type { Engine, NormWeight, TransformerModel } from "@patchbay/transformer";
import { ensureDefined, headLabel, neuronLabel, PatchbayError, parseSite, type Site } from "@patchbay/vocabulary";
import { featureVector } from "../features/realise-feature-edits.ts";
import type { ModelParts } from "../run/model-parts.ts";
import { resolvePosition } from "../run/positions.ts";
import { resolveToken } from "../run/resolve-token.ts";
import { dot, type FrozenRun, vectorAt } from "./frozen-run.ts";
import { outputCombination } from "./output-combination.ts";
import type { StreamPlace } from "./propagate.ts";

/** target = direction · stream[position] + Σ constants, with the norm's scale held at the run's value. */
export interface ResolvedTarget {
  readonly text: string;
  readonly place: StreamPlace;
  readonly position: number;
  /** [residual] */
  readonly direction: Float32Array;
  /** What biases behind the stream add: the norm's, the projection's. */
  readonly constants: readonly { readonly label: string; readonly share: number }[];
  /** As the run computed it. */
  readonly total: number;
}

/** @throws PatchbayError for tokens, positions, layers, neurons, heads and features that are not there */
export async function resolveTarget(
  parts: ModelParts,
  run: FrozenRun,
  target: DecompositionTarget,
  signal: AbortSignal,
): Promise<ResolvedTarget> {
  const position = resolvePosition(target.position ?? -1, run.length, "target/position");
  switch (target.kind) {
    case "logit":
    case "logit-difference":
      return logitTarget(parts, run, target, position, signal);
    case "neuron":
      return neuronTarget(parts.engine, run, target, position, signal);
    case "head-input":
      return headTarget(parts.engine, run, target, position, signal);
    case "feature":
      return featureTarget(parts, run, target, position, signal);
  }
}

async function logitTarget(
  { engine, tokenizer }: ModelParts,
  run: FrozenRun,
  target: Extract<DecompositionTarget, { kind: "logit" | "logit-difference" }>,
  position: number,
  signal: AbortSignal,
): Promise<ResolvedTarget> {
  const { model } = engine;
  const plus = resolveToken(tokenizer, target.token, "target/token");
  const minus = target.kind === "logit" ? undefined : resolveToken(tokenizer, target.minus, "target/minus");
  if (minus?.id === plus.id) {
    throw new PatchbayError("invalid-request", "The difference of a token with itself is always zero.", {
      expected: "two different tokens",
      at: "target/minus",
    });
  }
  const weights = new Float32Array(model.shape.outputVocabulary);
  weights[plus.id] = 1;
  if (minus !== undefined) weights[minus.id] = -1;
  const { direction, bias } = await outputCombination(
    engine,
    "unembed",
    model.architecture.unembedding,
    weights,
    signal,
  );
  const width = model.shape.residualWidth;
  const head = await engine.unembed({
    residual: {
      axes: ["batch", "position", "residual"],
      shape: [1, 1, width],
      data: vectorAt(run.final, position).slice(),
    },
    positions: [position],
    reads: model.shape.norm.kind === "none" ? [] : [{ site: { kind: "ln_final.hook_scale" } }],
    full: true,
    signal,
  });
  const logit = (id: number) => head.logits?.data[id] ?? 0;
  const folded = await throughNorm(model, model.architecture.finalNorm, direction, head.reads[0]?.data[0]);
  return {
    text: minus === undefined ? `logit “${plus.text}”` : `logit “${plus.text}” − logit “${minus.text}”`,
    place: { layer: model.shape.layers, at: "before" },
    position,
    direction: folded.direction,
    constants: constants(["ln_final_bias", folded.constant], ["unembed_bias", bias]),
    total: logit(plus.id) - (minus === undefined ? 0 : logit(minus.id)),
  };
}

async function neuronTarget(
  engine: Engine,
  run: FrozenRun,
  { layer, neuron, side = "gate" }: Extract<DecompositionTarget, { kind: "neuron" }>,
  position: number,
  signal: AbortSignal,
): Promise<ResolvedTarget> {
  const { shape, architecture } = engine.model;
  checkLayer(layer, shape.layers);
  if (neuron >= shape.neurons) throw outOfRange("neuron", neuron, shape.neurons, "target/neuron");
  const { mlp, norm2 } = architecture.block(layer);
  const gate = mlp?.gate !== undefined && side === "gate";
  const weight = ensureDefined(gate ? mlp?.gate : mlp?.up, "MLP weight");
  const weights = new Float32Array(shape.neurons);
  weights[neuron] = 1;
  const reads = [{ kind: mlp?.gate !== undefined && !gate ? "mlp.hook_pre_linear" : "mlp.hook_pre", layer } as const];
  const [recorded] = await readAt(engine, run, position, reads, signal);
  const name = `blocks.${layer}.${gate ? "gate" : "up"}`;
  return {
    ...(await projectionTarget(engine, run, {
      place: { layer, at: shape.arrangement === "parallel" ? "before" : "middle" },
      norm: ensureDefined(norm2, "norm before the MLP"),
      scale: "mlp_norm_scale",
      position,
      ...(await outputCombination(engine, name, weight, weights, signal)),
    })),
    text: `${neuronLabel({ layer, neuron })}${mlp?.gate === undefined ? "" : gate ? " gate" : " up"}`,
    total: ensureDefined(recorded)[neuron] ?? 0,
  };
}

async function headTarget(
  engine: Engine,
  run: FrozenRun,
  { layer, head, side }: Extract<DecompositionTarget, { kind: "head-input" }>,
  position: number,
  signal: AbortSignal,
): Promise<ResolvedTarget> {
  const { shape, architecture } = engine.model;
  checkLayer(layer, shape.layers);
  if (head >= shape.heads) throw outOfRange("head", head, shape.heads, "target/head");
  if (shape.positions.kind === "shortformer" && side !== "value") {
    throw new PatchbayError("unsupported-model", "This model's queries and keys read more than the residual stream.", {
      expected: 'side: "value"',
      at: "target/side",
    });
  }
  const group = side === "query" ? 1 : shape.heads / shape.keyValueHeads;
  const start = Math.floor(head / group) * shape.headWidth;
  const kind = ({ query: "attn.hook_q", key: "attn.hook_k", value: "attn.hook_v" } as const)[side];
  const [recorded] = await readAt(engine, run, position, [{ kind, layer }], signal);
  const vector = ensureDefined(recorded).subarray(start, start + shape.headWidth);
  const length = Math.sqrt(dot(vector, vector));
  const count = side === "query" ? shape.heads : shape.keyValueHeads;
  const weights = new Float32Array(count * shape.headWidth);
  if (length > 0) {
    for (const [i, value] of vector.entries()) weights[start + i] = value / length;
  }
  const { norm1, attention } = architecture.block(layer);
  return {
    ...(await projectionTarget(engine, run, {
      place: { layer, at: "before" },
      norm: norm1,
      scale: "attention_norm_scale",
      position,
      ...(await outputCombination(engine, `blocks.${layer}.${side}`, attention[side], weights, signal)),
    })),
    text: `${headLabel(layer, head)} ${side}`,
    total: length,
  };
}

async function featureTarget(
  { engine, dictionaries }: ModelParts,
  run: FrozenRun,
  target: Extract<DecompositionTarget, { kind: "feature" }>,
  position: number,
  signal: AbortSignal,
): Promise<ResolvedTarget> {
  const dictionary = await dictionaries.find(target.dictionary);
  const { spec } = dictionary;
  if (target.feature >= spec.features) throw outOfRange("feature", target.feature, spec.features, "target/feature");
  const encoder = await featureVector(dictionary, target.feature, "encoder");
  const site = parseSite(spec.inputSite);
  const [recorded] = await readAt(engine, run, position, [site], signal);
  return {
    ...(await projectionTarget(engine, run, {
      ...readingPlace(engine.model, dictionary, site),
      position,
      direction: encoder,
      bias: 0,
    })),
    text: `F${target.feature} · ${spec.name}`,
    total: dot(encoder, ensureDefined(recorded)),
  };
}

/** Where a dictionary's input site reads the stream, and through which norm. */
function readingPlace({ shape, architecture }: TransformerModel, { spec }: Dictionary, { kind, layer = 0 }: Site) {
  const { norm1, norm2 } = architecture.block(layer);
  const beforeMlp = { layer, at: shape.arrangement === "parallel" ? "before" : "middle" } as const;
  switch (kind) {
    case "ln1.hook_normalized":
      return { place: { layer, at: "before" }, norm: norm1, scale: "attention_norm_scale" } as const;
    case "ln2.hook_normalized":
      return { place: beforeMlp, norm: ensureDefined(norm2), scale: "mlp_norm_scale" } as const;
    case "hook_resid_pre":
      return { place: { layer, at: "before" }, norm: undefined, scale: undefined } as const;
    case "hook_resid_mid":
      return { place: { layer, at: "middle" }, norm: undefined, scale: undefined } as const;
    case "hook_resid_post":
      return { place: { layer: layer + 1, at: "before" }, norm: undefined, scale: undefined } as const;
    default:
      throw new PatchbayError("invalid-request", `"${spec.name}" reads a place that is not the residual stream.`, {
        expected: "a dictionary that reads the stream or a norm of it",
        received: spec.inputSite,
        at: "target/dictionary",
      });
  }
}

interface Projection {
  readonly place: StreamPlace;
  readonly norm: NormWeight | undefined;
  /** The input of the frozen block that holds the norm's scale. */
  readonly scale: "attention_norm_scale" | "mlp_norm_scale" | undefined;
  readonly position: number;
  readonly direction: Float32Array;
  readonly bias: number;
}

async function projectionTarget(
  { model }: Engine,
  run: FrozenRun,
  { place, norm, scale, position, direction, bias }: Projection,
): Promise<Omit<ResolvedTarget, "text" | "total">> {
  if (norm === undefined || scale === undefined) {
    return { place, position, direction, constants: constants(["projection_bias", bias]) };
  }
  const recorded = run.layers[place.layer]?.feeds[scale]?.data[position];
  const folded = await throughNorm(model, norm, direction, recorded === undefined ? undefined : Number(recorded));
  return {
    place,
    position,
    direction: folded.direction,
    constants: constants(["norm_bias", folded.constant], ["projection_bias", bias]),
  };
}

/** direction · norm(x) as direction′ · x + constant, with the norm's scale held; a norm that is not there changes nothing. */
export async function throughNorm(
  { shape, tensors }: TransformerModel,
  { weight, bias }: NormWeight,
  direction: Float32Array,
  scale: number | undefined,
): Promise<{ direction: Float32Array; constant: number }> {
  if (shape.norm.kind === "none") return { direction, constant: 0 };
  const weights = weight === undefined ? undefined : (await tensors.read(weight)).data;
  const result = direction.map((value, i) => (value * (weights?.[i] ?? 1)) / ensureDefined(scale, "norm scale"));
  if (shape.norm.kind === "layer") {
    const mean = result.reduce((sum, value) => sum + value, 0) / result.length;
    for (let i = 0; i < result.length; i++) result[i] = (result[i] ?? 0) - mean;
  }
  const constant = bias === undefined ? 0 : dot((await tensors.read(bias)).data, direction);
  return { direction: result, constant };
}

/** The run's values at sites, at one position. */
async function readAt(
  engine: Engine,
  run: FrozenRun,
  position: number,
  sites: readonly Site[],
  signal: AbortSignal,
): Promise<Float32Array[]> {
  const until = Math.max(...sites.map(({ layer }) => (layer ?? -1) + 1));
  const reads = sites.map((site) => ({ site, positions: [position] }));
  const forward = await engine.forward({ tokens: [run.tokens], reads, until, signal });
  return forward.reads.map(({ data }) => data);
}

function constants(...entries: readonly [label: string, share: number][]) {
  return entries.filter(([, share]) => share !== 0).map(([label, share]) => ({ label, share }));
}

function checkLayer(layer: number, layers: number): void {
  if (layer >= layers) {
    throw new PatchbayError("layer-out-of-range", `There is no layer ${layer}.`, {
      expected: `0 to ${layers - 1}`,
      received: String(layer),
      at: "target/layer",
    });
  }
}

function outOfRange(what: string, received: number, length: number, at: string): PatchbayError {
  return new PatchbayError("unit-out-of-range", `There is no ${what} ${received}.`, {
    expected: length === 0 ? "a model that has some" : `0 to ${length - 1}`,
    received: String(received),
    at,
  });
}
