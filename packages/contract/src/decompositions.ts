/**
 * Exact decompositions (DecompX; contextual decomposition): with norm scales, attention patterns and the MLPs' slopes frozen at
 * the run's values, a logit is a linear function of the embeddings and biases, so its parts sum to it.
 */
import { z } from "zod";
import { DictionaryName } from "./dictionaries.ts";
import { ModelName, Positions, TensorJson, Token, TokenReference } from "./primitives.ts";
import { RunInput } from "./run-request.ts";
import { Recipe } from "./run-result.ts";

const position = z.int().optional().describe("Default -1, the last position.");
const layer = z.int().min(0);

export const DecompositionTarget = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("logit"), token: TokenReference, position }),
    z
      .strictObject({ kind: z.literal("logit-difference"), token: TokenReference, minus: TokenReference, position })
      .describe("logit(token) − logit(minus)"),
    z
      .strictObject({
        kind: z.literal("neuron"),
        layer,
        neuron: z.int().min(0),
        side: z.enum(["gate", "up"]).optional().describe("Gated MLP: which pre-activation; default gate."),
        position,
      })
      .describe("A neuron's pre-activation."),
    z
      .strictObject({
        kind: z.literal("head-input"),
        layer,
        head: z.int().min(0),
        side: z.enum(["query", "key", "value"]),
        position,
      })
      .describe(
        "A head's query, key or value before rotation, along its own direction: the total is the vector's length. Of grouped heads: the shared key or value.",
      ),
    z
      .strictObject({ kind: z.literal("feature"), dictionary: DictionaryName, feature: z.int().min(0), position })
      .describe("A feature's encoder row · its input, before bias and activation; dictionaries that read a norm."),
  ])
  .describe("One number of the run that is taken apart.");
export type DecompositionTarget = z.infer<typeof DecompositionTarget>;

const HeadAddress = z.tuple([layer, z.int().min(0)]).describe("[layer, head]");

export const ComponentSet = z
  .strictObject({
    name: z.string().min(1).max(120),
    heads: z.array(HeadAddress).max(4096).optional(),
    mlps: z.array(layer).max(512).optional(),
    tokens: Positions.optional().describe("Embeddings of these positions (token and learned position)."),
    biases: z.boolean().optional().describe("All biases; default false."),
    positions: Positions.optional().describe("Where the set's heads and MLPs count; default all."),
  })
  .describe(
    "What counts as relevant; all else is irrelevant. The whole output of a chosen head or MLP is relevant from there on.",
  );
export type ComponentSet = z.infer<typeof ComponentSet>;

export const DecompositionRequest = z.strictObject({
  model: ModelName,
  input: RunInput.describe("One prompt."),
  target: DecompositionTarget,
  sets: z.array(ComponentSet).max(64).optional(),
  flow: z.boolean().optional().describe("Also the shares by token × component and by layer × position; default false."),
});
export type DecompositionRequest = z.infer<typeof DecompositionRequest>;

export const DecompositionComponent = z.object({
  label: z.string().describe("L3H2, 3_mlp_out"),
  kind: z.enum(["head", "mlp"]),
  layer: z.int(),
  unit: z.int().optional().describe("Heads."),
  through: z.number().describe("Everything of the target that passes through its output, by any later path."),
  direct: z.number().describe("What its output at the target's position gives directly."),
});
export type DecompositionComponent = z.infer<typeof DecompositionComponent>;

export const DecompositionFlow = z
  .object({
    sources: z.array(z.string()).describe("Rows of the tables: one a position (“0 <s>”), and last “biases”."),
    components: z.array(z.string()).describe("embed, L0H0 …, 0_attn_bias, 0_mlp_out, …, target_bias"),
    direct: TensorJson.describe(
      "[source, component]: what the component's output at the target's position gives directly, by the source it comes from. A row sums to the source's share, a column to the component's direct share.",
    ),
    through: TensorJson.describe(
      "[source, component]: the part of the source's share that passes through the component by any later path. Rows do not sum to shares: a path passes through several components.",
    ),
    states: z.array(z.string()).describe("embed, 0, …: the residual stream before the first block and after each."),
    carried: TensorJson.describe(
      "[state, source, position]: the part of the source's share that the stream at the position carries at that depth. Over positions it sums to the token's share, at every depth.",
    ),
    readout: TensorJson.describe(
      "[state, source]: the stream at the target's position read as if it were the last, by source; final norm's scale of the run. Zeros above an inner target.",
    ),
  })
  .describe("How the shares travel.");
export type DecompositionFlow = z.infer<typeof DecompositionFlow>;

export const SetContribution = z.object({
  name: z.string(),
  relevant: z.number().describe("The target's part that stems from the set."),
  irrelevant: z.number().describe("The rest, propagated on its own, not subtracted."),
  nodes: z
    .array(
      z.object({
        site: z.string(),
        relevantNorm: z.number().describe("Length of the relevant part at the target's position."),
        irrelevantNorm: z.number(),
        activationNorm: z.number(),
        residual: z
          .number()
          .describe("Largest |relevant + irrelevant − activation| over all positions: 0 up to rounding."),
      }),
    )
    .describe("The residual stream before the first block and after each block."),
});
export type SetContribution = z.infer<typeof SetContribution>;

export const Decomposition = z.object({
  tokens: z.array(Token),
  target: z.object({
    text: z.string().describe("logit “ L” − logit “ Tom”"),
    position: z.int(),
    total: z.number().describe("As the run computed it."),
  }),
  tokenShares: z.array(z.number()).describe("One a position, token embeddings."),
  positionShares: z.array(z.number()).optional().describe("One a position, where positions are learned vectors."),
  biasShares: z
    .array(z.object({ label: z.string(), share: z.number() }))
    .describe("By layer, then the target's own (norm bias, head bias)."),
  unexplained: z.number().describe("total − Σ shares: 0 up to rounding."),
  components: z.array(DecompositionComponent).describe("In order of computation."),
  sets: z.array(SetContribution).optional(),
  flow: DecompositionFlow.optional(),
  frozen: z.string().describe("What was held at the run's values."),
  recipe: Recipe,
  milliseconds: z.number(),
});
export type Decomposition = z.infer<typeof Decomposition>;

export const DeletionMethod = z.enum(["decomposition", "gradient-times-input", "random"]);
export type DeletionMethod = z.infer<typeof DeletionMethod>;

export const DeletionCurveRequest = z.strictObject({
  model: ModelName,
  prompts: z
    .array(
      z.strictObject({
        text: z.string().min(1),
        token: TokenReference.optional().describe("Default: the model's own leading token."),
      }),
    )
    .min(1)
    .max(100)
    .optional()
    .describe("Default: a dozen story prompts."),
  contrast: z
    .enum(["none", "runner-up"])
    .optional()
    .describe("What is attributed: the logit alone (default), or its difference to the second token's."),
  baseline: z
    .enum(["mean", "zero"])
    .optional()
    .describe("What a deleted token's embedding becomes: the mean embedding of the vocabulary (default), or 0."),
  draws: z.int().min(1).max(50).optional().describe("Random orders a prompt; default 5."),
  seed: z.int().optional().describe("Default 0."),
});
export type DeletionCurveRequest = z.infer<typeof DeletionCurveRequest>;

export const DeletionCurve = z.object({
  contrast: z.enum(["none", "runner-up"]),
  baseline: z.enum(["mean", "zero"]),
  shares: z.array(z.number()).describe("Share of the deletable tokens that is deleted, 0 to 1; BOS is never deleted."),
  curves: z.array(
    z.object({
      method: DeletionMethod,
      probability: z.array(z.number()).describe("Mean over prompts of the token's probability, by share."),
      metric: z.array(z.number()).describe("Mean over prompts of the attributed logit or difference."),
      area: z.number().describe("Area under the probability curve: the smaller, the better the order."),
      metricArea: z.number().describe("Area under the metric's curve."),
    }),
  ),
  prompts: z.array(
    z.object({
      tokens: z.array(Token),
      token: Token.pick({ id: true, text: true }),
      minus: Token.pick({ id: true, text: true }).optional(),
      probability: z.number().describe("Of the token, nothing deleted."),
      decomposition: z.array(z.number()).describe("One a position."),
      gradientTimesInput: z.array(z.number()),
      areas: z.object({ decomposition: z.number(), gradientTimesInput: z.number(), random: z.number() }),
    }),
  ),
  wins: z.int().describe("Prompts whose area is smaller by decomposition than by gradient × input."),
  recipe: Recipe,
  milliseconds: z.number(),
});
export type DeletionCurve = z.infer<typeof DeletionCurve>;

export const DecompositionCircuitRequest = z.strictObject({
  model: ModelName,
  input: RunInput.describe("One prompt."),
  target: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("logit"), token: TokenReference, position }),
    z.strictObject({ kind: z.literal("logit-difference"), token: TokenReference, minus: TokenReference, position }),
  ]),
  mlps: z
    .enum(["keep", "choose"])
    .optional()
    .describe(
      '"keep" (default): the circuit is of heads, and MLPs always belong to it; "choose": MLPs are components too.',
    ),
  size: z.int().min(1).max(2000).optional().describe("Most components taken; default all of them."),
  references: z
    .array(z.string().min(1))
    .min(1)
    .max(200)
    .optional()
    .describe(
      "Texts over whose positions after BOS the outputs of the components left out are averaged, to be set to that at every position after BOS; default: a dozen story prompts.",
    ),
  draws: z.int().min(1).max(50).optional().describe("Random circuits of each size; default 10."),
  seed: z.int().optional().describe("Default 0."),
});
export type DecompositionCircuitRequest = z.infer<typeof DecompositionCircuitRequest>;

export const DecompositionCircuit = z.object({
  tokens: z.array(Token),
  target: z.object({ text: z.string(), position: z.int(), total: z.number() }),
  components: z
    .array(
      z.object({
        label: z.string(),
        kind: z.enum(["head", "mlp"]),
        layer: z.int(),
        unit: z.int().optional(),
        contribution: z
          .number()
          .describe(
            "What its deviation from its mean gave the target, directly or through components taken before it (and kept MLPs), when it was taken.",
          ),
      }),
    )
    .describe("In the order taken: the first n are the circuit of size n."),
  clean: z.number().describe("The target with everything."),
  ablated: z.number().describe("The target with every component at its mean."),
  curve: z.object({
    sizes: z.array(z.int()),
    circuit: z.array(z.number()).describe("(target − ablated) / (clean − ablated), all else at its mean."),
    random: z.array(
      z.object({ mean: z.number(), low: z.number(), high: z.number().describe("Largest of the draws.") }),
    ),
  }),
  passes: z.object({
    decomposition: z.int().describe("Backward passes of the frozen model that found the circuit."),
    evaluation: z.int().describe("Rows of forward passes that measured the curve."),
  }),
  recipe: Recipe,
  milliseconds: z.number(),
});
export type DecompositionCircuit = z.infer<typeof DecompositionCircuit>;
