/** The neuron ↔ token map (Davies 2025, A1), and clamping. */
import { z } from "zod";
import { ModelName, RankedToken, TokenReference } from "./primitives.ts";
import { RunInput } from "./run-request.ts";
import { Recipe } from "./run-result.ts";

/** Which weight vector of the neuron is decoded through the LM head. */
export const NeuronSide = z
  .enum(["gate", "up", "write"])
  .describe(
    '"gate" and "up" are what the neuron reads (a plain MLP has only "up"); "write" is what it adds (its down column).',
  );
export type NeuronSide = z.infer<typeof NeuronSide>;

export const MapVariant = z
  .enum(["folded", "raw", "cosine"])
  .describe(
    '"folded": vector × final norm weight, then LM head (default). "raw": LM head alone. "cosine": raw, divided by both lengths.',
  );
export type MapVariant = z.infer<typeof MapVariant>;

export const NeuronRow = z.object({
  layer: z.int(),
  neuron: z.int(),
  peakedness: z.number().describe("Top-1 probability of softmax(scores) of the side and variant asked for."),
  entropy: z.number().describe("Nats."),
  gap: z.number().describe("Score of the first token minus the second."),
  norm: z.number().describe("Length of the weight vector."),
  top: z.array(RankedToken),
  reads: z.array(RankedToken).describe("First tokens of the read side."),
  writes: z.array(RankedToken).describe("First tokens of the write side."),
  maximum: z.number().nullable().describe("Largest activation on the reference text; null until measured."),
});
export type NeuronRow = z.infer<typeof NeuronRow>;

export const NeuronListQuery = z.object({
  side: NeuronSide.optional(),
  variant: MapVariant.optional(),
  layer: z.coerce.number().int().min(0).optional(),
  token: z
    .string()
    .optional()
    .describe("Only neurons with this token (exact text, or #id) among the first tokens of the side."),
  search: z.string().optional().describe("Part of a token's text, any case, or a label such as L3N417."),
  sort: z.enum(["peakedness", "entropy", "gap", "norm", "maximum", "layer"]).optional(),
  order: z.enum(["ascending", "descending"]).optional(),
  offset: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(500).optional(),
});
export type NeuronListQuery = z.infer<typeof NeuronListQuery>;

export const NeuronList = z.object({
  total: z.int(),
  offset: z.int(),
  rows: z.array(NeuronRow),
  tokensPerSide: z.int(),
});
export type NeuronList = z.infer<typeof NeuronList>;

export const NeuronScatter = z
  .object({
    side: NeuronSide,
    variant: MapVariant,
    layer: z.array(z.int()),
    neuron: z.array(z.int()),
    peakedness: z.array(z.number()),
    entropy: z.array(z.number()),
    topToken: z.array(z.string()),
  })
  .describe("Every neuron of the model in one columnar answer.");
export type NeuronScatter = z.infer<typeof NeuronScatter>;

export const NeuronSideReport = z.object({
  side: NeuronSide,
  norm: z.number(),
  variants: z.array(
    z.object({
      variant: MapVariant,
      peakedness: z.number(),
      entropy: z.number(),
      gap: z.number(),
      top: z.array(RankedToken),
      bottom: z.array(RankedToken),
    }),
  ),
});

export const NeuronPage = z.object({
  model: z.string(),
  layer: z.int(),
  neuron: z.int(),
  gated: z.boolean(),
  sides: z.array(NeuronSideReport),
  reference: z
    .object({
      tokens: z.int().describe("How many tokens of reference text were read."),
      maximum: z.number(),
      minimum: z.number(),
      mean: z.number(),
      positiveShare: z.number(),
    })
    .nullable(),
  rank: z
    .object({ peakednessInLayer: z.int(), peakednessInModel: z.int() })
    .describe("0 is the most peaked writer (folded)."),
  previous: z.object({ layer: z.int(), neuron: z.int() }).nullable(),
  next: z.object({ layer: z.int(), neuron: z.int() }).nullable(),
  modelHash: z.string(),
});
export type NeuronPage = z.infer<typeof NeuronPage>;

export const TokenNeurons = z
  .object({
    token: z.object({ id: z.int(), text: z.string() }),
    side: NeuronSide,
    variant: MapVariant,
    matches: z.array(
      z.object({ layer: z.int(), neuron: z.int(), rank: z.int(), score: z.number(), peakedness: z.number() }),
    ),
  })
  .describe("Inverse look-up: neurons that have the token among their first tokens, best rank first.");
export type TokenNeurons = z.infer<typeof TokenNeurons>;

export const ClampPlace = z
  .enum(["post", "up", "written"])
  .describe(
    'Where the clamp sits in a (gated) MLP: "post" sets act(gate)×up (plain MLP: the activation); "up" sets the up projection and lets the gate multiply; "written" sets the length of the vector that the neuron adds to the residual stream.',
  );
export type ClampPlace = z.infer<typeof ClampPlace>;

export const DoseResponseRequest = z.strictObject({
  model: ModelName,
  input: RunInput,
  layer: z.int().min(0),
  neuron: z.int().min(0),
  place: ClampPlace.optional().describe("Default post."),
  positions: z
    .union([z.literal("all"), z.literal("last"), z.array(z.int()).min(1)])
    .optional()
    .describe("Where the clamp applies; default all."),
  values: z.array(z.number()).min(1).max(64).describe("Absolute values, or multiples of the observed maximum."),
  unit: z.enum(["absolute", "maximum"]).optional().describe("Default absolute."),
  tokens: z.array(TokenReference).min(1).max(16),
  position: z.int().optional().describe("Where probabilities are read; default -1."),
});
export type DoseResponseRequest = z.infer<typeof DoseResponseRequest>;

export const DoseResponseResult = z.object({
  values: z.array(z.number()).describe("Absolute clamp values."),
  tokens: z.array(z.object({ id: z.int(), text: z.string() })),
  probabilities: z.array(z.array(z.number())).describe("[token][value]"),
  logits: z.array(z.array(z.number())).describe("[token][value]"),
  kl: z.array(z.number()).describe("KL(unclamped ‖ clamped) at the position, nats."),
  topTokens: z
    .array(z.object({ id: z.int(), text: z.string(), probability: z.number() }))
    .describe("The leader at each value."),
  baseline: z.object({
    observed: z.number().describe("The neuron's own value at the position where probabilities are read."),
    probabilities: z.array(z.number()),
    logits: z.array(z.number()),
  }),
  maximum: z.number().nullable(),
  recipe: Recipe,
});
export type DoseResponseResult = z.infer<typeof DoseResponseResult>;

const RaisedCount = z.object({
  raised: z.int().describe("For how many the probability rose."),
  of: z.int(),
  medianFactor: z.number().describe("Median of after ÷ before."),
});

/** The outcome of paper A1's claim on this model; made by the job "specialised-neurons". */
export const SpecialisedNeuronTest = z.object({
  prompt: z.string(),
  place: ClampPlace,
  multiple: z.number(),
  trials: z.array(
    z.object({
      layer: z.int(),
      neuron: z.int(),
      group: z.enum(["peaked", "random"]),
      token: z.object({ id: z.int(), text: z.string() }),
      norm: z.number(),
      value: z.number(),
      before: z.number(),
      after: z.number(),
    }),
  ),
  peaked: RaisedCount,
  random: RaisedCount.describe("Norm-matched neurons, same tokens."),
  randomOwnToken: RaisedCount.describe("The same neurons, each judged by its own mapped token."),
});
export type SpecialisedNeuronTest = z.infer<typeof SpecialisedNeuronTest>;
