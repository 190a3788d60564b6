/** GPT-2 (Radford et al. 2019): learned positions, LayerNorm with biases, plain MLP, q, k and v packed in one matrix. */
import type { Activation, LinearWeight, ModelFamily } from "../architecture.ts";
import { readBoolean, readNumber, readString, unsupported } from "../config-reader.ts";

const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  gelu_new: "gelu-tanh",
  gelu_pytorch_tanh: "gelu-tanh",
  gelu: "gelu",
  relu: "relu",
};

export const gpt2: ModelFamily = {
  name: "gpt2",
  architectures: ["GPT2LMHeadModel"],

  describe(config, hasTensor) {
    const residualWidth = readNumber(config, "n_embd");
    const heads = readNumber(config, "n_head");
    const headWidth = residualWidth / heads;
    const activation = ACTIVATIONS[readString(config, "activation_function", "gelu_new")];
    if (activation === undefined) {
      throw unsupported(
        "activation function",
        Object.keys(ACTIVATIONS).join(", "),
        readString(config, "activation_function"),
      );
    }
    if (readBoolean(config, "scale_attn_by_inverse_layer_idx", false)) {
      throw unsupported("attention scaling", "scale_attn_by_inverse_layer_idx false", "true");
    }

    // Files saved from the bare GPT2Model lack the prefix.
    const prefix = hasTensor("transformer.wte.weight") ? "transformer." : "";
    const linear = (name: string, outputs?: readonly [number, number]): LinearWeight => ({
      tensor: `${name}.weight`,
      layout: "input-output",
      bias: `${name}.bias`,
      ...(outputs === undefined ? {} : { outputs }),
    });
    const norm = (name: string) => ({ weight: `${prefix}${name}.weight`, bias: `${prefix}${name}.bias` });

    return {
      shape: {
        family: "gpt2",
        layers: readNumber(config, "n_layer"),
        residualWidth,
        heads,
        keyValueHeads: heads,
        headWidth,
        neurons: readNumber(config, "n_inner", 4 * residualWidth),
        vocabulary: readNumber(config, "vocab_size"),
        outputVocabulary: readNumber(config, "vocab_size"),
        context: readNumber(config, "n_positions", 1024),
        norm: { kind: "layer", epsilon: readNumber(config, "layer_norm_epsilon", 1e-5) },
        activation,
        gated: false,
        positions: { kind: "learned" },
        scoreScale: readBoolean(config, "scale_attn_weights", true) ? 1 / Math.sqrt(headWidth) : 1,
        direction: "causal",
        arrangement: "sequential",
      },
      tokenEmbedding: `${prefix}wte.weight`,
      positionEmbedding: `${prefix}wpe.weight`,
      block: (layer) => {
        const packed = `${prefix}h.${layer}.attn.c_attn`;
        return {
          norm1: norm(`h.${layer}.ln_1`),
          attention: {
            query: linear(packed, [0, residualWidth]),
            key: linear(packed, [residualWidth, 2 * residualWidth]),
            value: linear(packed, [2 * residualWidth, 3 * residualWidth]),
            output: linear(`${prefix}h.${layer}.attn.c_proj`),
          },
          norm2: norm(`h.${layer}.ln_2`),
          mlp: { up: linear(`${prefix}h.${layer}.mlp.c_fc`), down: linear(`${prefix}h.${layer}.mlp.c_proj`) },
        };
      },
      finalNorm: norm("ln_f"),
      unembedding: {
        tensor: hasTensor("lm_head.weight") ? "lm_head.weight" : `${prefix}wte.weight`,
        layout: "output-input",
      },
    };
  },
};
