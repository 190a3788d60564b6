/**
 * HookedTransformer (TransformerLens): a folder whose `config.json` holds that library's own configuration and whose tensors
 * have its names, heads kept apart. Toy models of papers come in this form. Keys that are left out have the library's
 * defaults; those that only say how a model was made or hooked are passed over.
 */
import type { LinearWeight, ModelArchitecture, ModelFamily, NormWeight } from "../architecture.ts";
import { isHookedConfig, readHookedConfig } from "./hooked-transformer-config.ts";

export const hookedTransformer: ModelFamily = {
  name: "hooked-transformer",
  architectures: ["HookedTransformer"],

  recognises: isHookedConfig,

  describe(config, hasTensor): ModelArchitecture {
    const { shape, normHasWeights, neuronNormHasWeights, grouped } = readHookedConfig(config);
    const bias = (name: string) => (hasTensor(name) ? { bias: name } : {});
    const linear = (at: string, part: string, layout: LinearWeight["layout"], prefix = ""): LinearWeight => ({
      tensor: `${at}.${prefix}W_${part}`,
      layout,
      ...bias(`${at}.${prefix}b_${part}`),
    });
    const norm = (at: string, hasWeights = normHasWeights): NormWeight =>
      hasWeights ? { weight: `${at}.w`, ...bias(`${at}.b`) } : {};
    const shared = grouped ? "_" : "";

    return {
      shape,
      tokenEmbedding: "embed.W_E",
      ...(shape.positions.kind === "learned" || shape.positions.kind === "shortformer"
        ? { positionEmbedding: "pos_embed.W_pos" }
        : {}),
      block: (layer) => {
        const at = (name: string) => `blocks.${layer}.${name}`;
        const attention = {
          query: linear(at("attn"), "Q", "head-input-output"),
          key: linear(at("attn"), "K", "head-input-output", shared),
          value: linear(at("attn"), "V", "head-input-output", shared),
          output: linear(at("attn"), "O", "head-output"),
        };
        if (shape.neurons === 0) return { norm1: norm(at("ln1")), attention };
        const up = { tensor: at("mlp.W_in"), layout: "input-output" } as const;
        const down = linear(at("mlp"), "out", "input-output");
        const inputBias = at("mlp.b_in");
        return {
          norm1: norm(at("ln1")),
          attention,
          norm2: norm(at("ln2")),
          mlp: shape.gated
            ? {
                gate: { tensor: at("mlp.W_gate"), layout: "input-output" },
                up,
                down,
                // In a gated MLP the library adds b_in to the product, not to the up projection.
                ...(hasTensor(inputBias) ? { productBias: inputBias } : {}),
              }
            : {
                up: { ...up, ...bias(inputBias) },
                down,
                ...(shape.neuronNorm === true ? { neuronNorm: norm(at("mlp.ln"), neuronNormHasWeights) } : {}),
              },
        };
      },
      finalNorm: norm("ln_final"),
      unembedding: { tensor: "unembed.W_U", layout: "input-output", ...bias("unembed.b_U") },
    };
  },
};
