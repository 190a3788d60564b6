/** Llama (Touvron et al. 2023): rotary positions, RMSNorm, gated MLP, grouped key/value heads, tied or untied head. */
import type { Activation, LinearWeight, ModelFamily } from "../architecture.ts";
import { readBoolean, readNumber, readString, unsupported } from "../config-reader.ts";
import { readRotary } from "../rotary.ts";

const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  silu: "silu",
  swish: "silu",
  relu: "relu",
  gelu: "gelu",
  gelu_pytorch_tanh: "gelu-tanh",
};

export const llama: ModelFamily = {
  name: "llama",
  architectures: ["LlamaForCausalLM"],

  describe(config, hasTensor) {
    const residualWidth = readNumber(config, "hidden_size");
    const heads = readNumber(config, "num_attention_heads");
    const headWidth = readNumber(config, "head_dim", residualWidth / heads);
    const activation = ACTIVATIONS[readString(config, "hidden_act", "silu")];
    if (activation === undefined) {
      throw unsupported("activation function", Object.keys(ACTIVATIONS).join(", "), readString(config, "hidden_act"));
    }

    const linear = (name: string): LinearWeight => ({
      tensor: `${name}.weight`,
      layout: "output-input",
      ...(hasTensor(`${name}.bias`) ? { bias: `${name}.bias` } : {}),
    });
    const tied = readBoolean(config, "tie_word_embeddings", false) || !hasTensor("lm_head.weight");

    return {
      shape: {
        family: "llama",
        layers: readNumber(config, "num_hidden_layers"),
        residualWidth,
        heads,
        keyValueHeads: readNumber(config, "num_key_value_heads", heads),
        headWidth,
        neurons: readNumber(config, "intermediate_size"),
        vocabulary: readNumber(config, "vocab_size"),
        outputVocabulary: readNumber(config, "vocab_size"),
        context: readNumber(config, "max_position_embeddings", 2048),
        norm: { kind: "rms", epsilon: readNumber(config, "rms_norm_eps", 1e-6) },
        activation,
        gated: true,
        positions: { kind: "rotary", rotary: readRotary(config, headWidth) },
        scoreScale: 1 / Math.sqrt(headWidth),
        direction: "causal",
        arrangement: "sequential",
      },
      tokenEmbedding: "model.embed_tokens.weight",
      block: (layer) => {
        const at = (name: string) => `model.layers.${layer}.${name}`;
        return {
          norm1: { weight: at("input_layernorm.weight") },
          attention: {
            query: linear(at("self_attn.q_proj")),
            key: linear(at("self_attn.k_proj")),
            value: linear(at("self_attn.v_proj")),
            output: linear(at("self_attn.o_proj")),
          },
          norm2: { weight: at("post_attention_layernorm.weight") },
          mlp: { gate: linear(at("mlp.gate_proj")), up: linear(at("mlp.up_proj")), down: linear(at("mlp.down_proj")) },
        };
      },
      finalNorm: { weight: "model.norm.weight" },
      unembedding: { tensor: tied ? "model.embed_tokens.weight" : "lm_head.weight", layout: "output-input" },
    };
  },
};
