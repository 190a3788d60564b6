/** The answer to a run. Grids are columnar tensors with named axes; `texts` maps every token id in them to its text. */
import { z } from "zod";
import { FeatureResult } from "./features.ts";
import { RankedToken, TensorJson, Token } from "./primitives.ts";

export const LogitsResult = z.object({
  positions: z.array(z.int()),
  topIds: TensorJson.describe("[batch, position, rank] token ids, by falling logit."),
  topLogits: TensorJson.describe("[batch, position, rank]"),
  topProbabilities: TensorJson.describe("[batch, position, rank]"),
  tracked: z
    .object({
      tokens: z.array(Token.pick({ id: true, text: true })),
      logits: TensorJson.describe("[batch, position, tracked]"),
      probabilities: TensorJson,
      ranks: TensorJson.describe("Number of tokens with a strictly greater logit."),
    })
    .optional(),
  full: TensorJson.optional().describe("[batch, position, token]"),
});
export type LogitsResult = z.infer<typeof LogitsResult>;

export const LensResult = z.object({
  norm: z.enum(["final", "none"]),
  sites: z.array(z.string()).describe("Depth order; the last is what the model itself reads."),
  positions: z.array(z.int()),
  topIds: TensorJson.describe("[batch, site, position, rank]"),
  topLogits: TensorJson,
  topProbabilities: TensorJson,
  entropy: TensorJson.describe("[batch, site, position], nats."),
  klToFinal: TensorJson.describe("[batch, site, position] KL(final ‖ this site), nats."),
  tracked: z
    .object({
      tokens: z.array(Token.pick({ id: true, text: true })),
      logits: TensorJson.describe("[batch, site, position, tracked]"),
      probabilities: TensorJson,
      ranks: TensorJson,
    })
    .optional(),
  settledAt: TensorJson.describe(
    "[batch, position]: index into sites from which the model's final answer leads and stays the leader.",
  ),
});
export type LensResult = z.infer<typeof LensResult>;

export const CaptureResult = z.object({
  site: z.string(),
  positions: z.array(z.int()),
  units: z.array(z.int()).optional(),
  values: TensorJson,
});
export type CaptureResult = z.infer<typeof CaptureResult>;

export const LedgerResult = z
  .object({
    layer: z.int(),
    position: z.int(),
    row: z.int(),
    updates: z.array(
      z.object({
        neuron: z.int(),
        activation: z.number(),
        norm: z.number().describe("|activation| × length of the value vector: the ranking."),
        promotes: z
          .array(RankedToken)
          .describe("score: logit per unit activation × activation, final norm's weight folded in."),
        suppresses: z.array(RankedToken),
      }),
    ),
    outputNorm: z.number().describe("Length of mlp_out."),
    restNorm: z.number().describe("Length of the sum of all updates not listed, bias included."),
    residual: z.number().describe("Largest |Σ updates + bias − mlp_out|: 0 up to rounding."),
  })
  .describe("FFN update ledger (Geva et al. 2022): mlp_out as the sum of activation × value vector.");
export type LedgerResult = z.infer<typeof LedgerResult>;

export const AttributionComponent = z.object({
  label: z
    .string()
    .describe(
      "embed, pos_embed, L3H2, 3_attn_bias, 3_mlp_out, interventions (what edits put directly into the stream), ln_final_bias, unembed_bias.",
    ),
  kind: z.enum(["embedding", "head", "mlp", "bias", "neuron", "intervention"]),
  layer: z.int().optional(),
  unit: z.int().optional(),
  share: z.number().describe("Logits."),
});
export type AttributionComponent = z.infer<typeof AttributionComponent>;

export const AttributionResult = z
  .object({
    target: z.object({
      token: Token.pick({ id: true, text: true }),
      minus: Token.pick({ id: true, text: true }).optional(),
    }),
    position: z.int(),
    row: z.int(),
    total: z.number().describe("The logit, or logit difference, of the run."),
    components: z.array(AttributionComponent).describe("In order of computation."),
    unexplained: z.number().describe("total − Σ shares: 0 up to rounding."),
    scale: z.number().describe("The final norm's scale at this position, held fixed."),
    neurons: z.array(AttributionComponent).optional(),
  })
  .describe("Direct logit attribution through the final norm's recorded scale.");
export type AttributionResult = z.infer<typeof AttributionResult>;

export const Recipe = z
  .object({
    model: z.string(),
    modelHash: z.string().describe("sha256 over the configuration, the tokenizer and the weights."),
    engine: z.string(),
    runtime: z.string(),
    tokens: z.array(z.array(z.int())),
    bosPrepended: z.boolean(),
    normalisation: z.string(),
    dtype: z.string(),
    weights: z.string().describe('"as stored": no folding, no centring.'),
    dictionaries: z
      .record(z.string(), z.string())
      .optional()
      .describe("Name → hash of every dictionary that the request names."),
    request: z.unknown().describe("The request in canonical form, text resolved to tokens."),
    hash: z.string().describe("sha256 of the canonical recipe."),
  })
  .describe("Everything that is needed to compute the same numbers again.");
export type Recipe = z.infer<typeof Recipe>;

export const RunResult = z.object({
  tokens: z.array(z.array(Token)).describe("One list a row, special tokens included."),
  texts: z.record(z.string(), z.string()).describe("Token id → text, for every id in the results."),
  results: z.object({
    logits: LogitsResult.optional(),
    lens: LensResult.optional(),
    capture: z.array(CaptureResult).optional(),
    ledger: LedgerResult.optional(),
    attribution: AttributionResult.optional(),
    features: z.array(FeatureResult).optional(),
  }),
  recipe: Recipe,
  milliseconds: z.number().describe("Time in the engine, queueing left out."),
});
export type RunResult = z.infer<typeof RunResult>;
