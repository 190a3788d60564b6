/** A HookedTransformer's `config.json` as our shape. What would change the numbers and cannot be computed is refused. */
import type { Activation, ModelConfig, ModelShape, PositionKind } from "../architecture.ts";
import { readBoolean, readNumber, readString, unsupported } from "../config-reader.ts";

export interface HookedConfig {
  readonly shape: ModelShape;
  /** False where the norm's weights are folded into the matrices behind it ("LNPre", "RMSPre"). */
  readonly normHasWeights: boolean;
  readonly neuronNormHasWeights: boolean;
  /** Keys and values have fewer heads, and tensors of their own names. */
  readonly grouped: boolean;
}

const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  relu: "relu",
  gelu: "gelu",
  gelu_new: "gelu-tanh",
  gelu_fast: "gelu-tanh",
  gelu_pytorch_tanh: "gelu-tanh",
  silu: "silu",
  solu: "solu",
  solu_ln: "solu",
};

const NORMS: Readonly<Record<string, { kind: "layer" | "rms" | "none"; hasWeights: boolean }>> = {
  LN: { kind: "layer", hasWeights: true },
  LNPre: { kind: "layer", hasWeights: false },
  RMS: { kind: "rms", hasWeights: true },
  RMSPre: { kind: "rms", hasWeights: false },
  none: { kind: "none", hasWeights: false },
};

/** TransformerLens' keys, and none of Hugging Face's. */
export function isHookedConfig(config: ModelConfig): boolean {
  const keys = ["n_layers", "d_model", "n_ctx", "d_vocab"];
  return config["architectures"] === undefined && keys.every((key) => typeof config[key] === "number");
}

/** @throws PatchbayError `unsupported-model` naming the key. */
export function readHookedConfig(config: ModelConfig): HookedConfig {
  refuseWhatIsNotComputed(config);
  const residualWidth = readNumber(config, "d_model");
  const { heads, headWidth } = readHeads(config, residualWidth);
  const keyValueHeads = present(config, "n_key_value_heads");
  const layers = readNumber(config, "n_layers");
  const direction = readDirection(config);
  const mlp = readMlp(config, residualWidth);
  const norm = readNorm(config);
  const vocabulary = readNumber(config, "d_vocab");
  const outputVocabulary = readNumber(config, "d_vocab_out", -1);
  const window = direction === "causal" ? readWindow(config, layers) : undefined;
  return {
    shape: {
      family: "hooked-transformer",
      layers,
      residualWidth,
      heads,
      keyValueHeads: keyValueHeads ?? heads,
      headWidth,
      ...mlp,
      vocabulary,
      outputVocabulary: outputVocabulary === -1 ? vocabulary : outputVocabulary,
      context: readNumber(config, "n_ctx"),
      norm: { kind: norm.kind, epsilon: readNumber(config, "eps", 1e-5) },
      positions: readPositions(config, heads, headWidth),
      ...readScoreScale(config, headWidth),
      direction,
      ...(window === undefined ? {} : { window }),
      // Blocks of attention only have one order, whatever the key says.
      arrangement: mlp.neurons > 0 && readBoolean(config, "parallel_attn_mlp", false) ? "parallel" : "sequential",
    },
    normHasWeights: norm.hasWeights,
    // The library gives the neurons' norm weights only where the blocks' norms are whole LayerNorms.
    neuronNormHasWeights: config["normalization_type"] === undefined || config["normalization_type"] === "LN",
    grouped: keyValueHeads !== undefined,
  };
}

function readHeads(config: ModelConfig, residualWidth: number): { heads: number; headWidth: number } {
  const given = present(config, "n_heads");
  const headWidth = readNumber(config, "d_head", given === undefined ? undefined : residualWidth / given);
  return { heads: given === undefined ? Math.floor(residualWidth / headWidth) : given, headWidth };
}

/** Left out means LayerNorm; null means none. */
function readNorm(config: ModelConfig): { kind: "layer" | "rms" | "none"; hasWeights: boolean } {
  const { normalization_type: said = "LN" } = config;
  const norm = NORMS[said === null ? "none" : String(said)];
  if (norm === undefined) throw unsupported("normalization_type", "LN, LNPre, RMS, RMSPre or null", String(said));
  if (norm.kind === "layer" && readBoolean(config, "final_rms", false)) {
    throw unsupported("final norm", "the kind of norm that the blocks have", `final_rms with ${String(said)}`);
  }
  return norm;
}

function readMlp(
  config: ModelConfig,
  residualWidth: number,
): Pick<ModelShape, "neurons" | "activation" | "gated" | "neuronNorm"> {
  if (readBoolean(config, "attn_only", false)) return { neurons: 0, activation: "none", gated: false };
  const name = readString(config, "act_fn");
  const activation = ACTIVATIONS[name];
  if (activation === undefined) {
    throw unsupported("activation function", Object.keys(ACTIVATIONS).join(", "), name);
  }
  const gated = readBoolean(config, "gated_mlp", false);
  const neuronNorm = name.endsWith("_ln");
  if (gated && neuronNorm) throw unsupported("MLP", "a gated MLP or one with a norm of its own", "both (solu_ln)");
  const neurons = readNumber(config, "d_mlp", 4 * residualWidth);
  return { neurons, activation, gated, ...(neuronNorm ? { neuronNorm } : {}) };
}

function readPositions(config: ModelConfig, heads: number, headWidth: number): PositionKind {
  const kind = readString(config, "positional_embedding_type", "standard");
  switch (kind) {
    case "standard":
      return { kind: "learned" };
    case "shortformer":
      return { kind: "shortformer" };
    case "rotary": {
      const pairs = readNumber(config, "rotary_dim", headWidth) / 2;
      const base = readNumber(config, "rotary_base", 10_000);
      if (!Number.isInteger(pairs) || pairs < 1 || 2 * pairs > headWidth) {
        throw unsupported("rotary_dim", `an even number from 2 to ${headWidth}`, String(2 * pairs));
      }
      const frequencies = Array.from({ length: pairs }, (_, pair) => base ** (-pair / pairs));
      const adjacent = readBoolean(config, "rotary_adjacent_pairs", false);
      return { kind: "rotary", rotary: { frequencies, ...(adjacent ? { adjacent } : {}) } };
    }
    case "alibi":
      return { kind: "alibi", slopes: Array.from({ length: heads }, (_, head) => 2 ** ((-8 * (head + 1)) / heads)) };
    default:
      throw unsupported("positional_embedding_type", "standard, rotary, shortformer or alibi", kind);
  }
}

/** The library divides by `attn_scale`; −1 stands for √d_head. */
function readScoreScale(config: ModelConfig, headWidth: number): Pick<ModelShape, "scoreScale" | "scoreScaleByLayer"> {
  const given = readNumber(config, "attn_scale", -1);
  const divisor = !readBoolean(config, "use_attn_scale", true) ? 1 : given === -1 ? Math.sqrt(headWidth) : given;
  const byLayer = readBoolean(config, "scale_attn_by_inverse_layer_idx", false);
  return { scoreScale: 1 / divisor, ...(byLayer ? { scoreScaleByLayer: true } : {}) };
}

function readDirection(config: ModelConfig): ModelShape["direction"] {
  const direction = readString(config, "attention_dir", "causal");
  if (direction === "causal" || direction === "bidirectional") return direction;
  throw unsupported("attention_dir", "causal or bidirectional", direction);
}

function readWindow(config: ModelConfig, layers: number): ModelShape["window"] {
  if (!readBoolean(config, "use_local_attn", false)) return undefined;
  const types: unknown = config["attn_types"];
  if (!Array.isArray(types) || types.length < layers || types.some((type) => type !== "global" && type !== "local")) {
    throw unsupported("attn_types", `"global" or "local" for each of ${layers} layers`, JSON.stringify(types ?? null));
  }
  const local = types.flatMap((type, layer) => (type === "local" && layer < layers ? [layer] : []));
  return { size: readNumber(config, "window_size"), layers: local };
}

/** Keys that change the arithmetic in ways that no stage has. */
function refuseWhatIsNotComputed(config: ModelConfig): void {
  const flags = ["use_qk_norm", "post_embedding_ln", "use_normalization_before_and_after", "use_NTK_by_parts_rope"];
  for (const key of [...flags, "load_in_4bit"]) {
    if (readBoolean(config, key, false)) throw unsupported(key, "false", "true");
  }
  for (const key of ["attn_scores_soft_cap", "output_logits_soft_cap"]) {
    const cap = readNumber(config, key, -1);
    if (cap > 0) throw unsupported(key, "none (−1)", String(cap));
  }
  for (const key of ["num_experts", "rotary_base_local"]) {
    const value = present(config, key);
    if (value !== undefined) throw unsupported(key, "null", String(value));
  }
}

/** A number, or undefined where the key is absent, null, or −1, which the library takes for "not given". */
function present(config: ModelConfig, key: string): number | undefined {
  const value = readNumber(config, key, -1);
  return value === -1 ? undefined : value;
}
