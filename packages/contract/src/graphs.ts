/**
 * Attribution graphs: which features, errors and tokens caused an answer, and the interventions that check them.
 * `CircuitGraphDocument` is the wire form of `CircuitGraph` (packages/circuit-graph).
 */
import { z } from "zod";
import { DictionaryName } from "./dictionaries.ts";
import { ModelName, RankedToken, TokenReference } from "./primitives.ts";
import { RunInput } from "./run-request.ts";
import { Recipe } from "./run-result.ts";

const Json: z.ZodType<unknown> = z.unknown();
const share = z.number().min(0).max(1);

export const CircuitGraphNode = z.object({
  id: z.string().describe("Unique in the graph."),
  kind: z.enum(["feature", "error", "token", "logit", "bias", "other"]),
  layer: z.int().describe("−1 of a token; the number of layers of a logit."),
  position: z.int(),
  dictionary: z.string().nullable(),
  unit: z.number().nullable().describe("Features: index in the dictionary."),
  tokenId: z.number().nullable(),
  probability: z.number().nullable().describe("Logits: probability, the weight with which influence starts there."),
  isTarget: z.boolean().optional(),
  label: z.string(),
  activation: z.number().nullable(),
  preActivation: z
    .number()
    .nullable()
    .describe(
      "Features: what enters the activation function. Logits: the demeaned logit. = Σ all incoming weights + bias.",
    ),
  bias: z.number().nullable().describe("The part of preActivation that comes from biases."),
  inputSum: z.number().nullable().describe("Σ |incoming weight| before any edge was left out."),
  influence: z
    .number()
    .nullable()
    .describe("Cumulative share of all influence at this node's rank: small is important."),
});

export const CircuitGraphDocument = z
  .object({
    format: z.literal("patchbay-graph"),
    version: z.literal(1),
    title: z.string(),
    slug: z.string(),
    prompt: z.string(),
    tokens: z.array(z.object({ id: z.number().nullable(), text: z.string() })),
    model: z.object({ name: z.string().nullable(), hash: z.string().nullable(), layers: z.int() }),
    dictionaries: z.array(z.object({ name: z.string(), hash: z.string().nullable() })),
    origin: z.record(z.string(), Json).nullable(),
    nodes: z.array(CircuitGraphNode),
    edges: z.object({
      source: z.array(z.int()).describe("Places in nodes."),
      target: z.array(z.int()),
      weight: z.array(z.number()).describe("Signed direct effect on the target's pre-activation, on this prompt."),
      factor: z
        .array(z.number().nullable())
        .optional()
        .describe("What the weights alone say of the pair: the same on every prompt."),
    }),
    scores: z.object({ replacement: z.number().nullable(), completeness: z.number().nullable() }).nullable(),
    view: z.object({
      pins: z.array(z.string()),
      supernodes: z.array(z.object({ id: z.string(), label: z.string(), nodes: z.array(z.string()) })),
      labels: z.record(z.string(), z.string()),
      thresholds: z.object({ node: z.number().nullable(), edge: z.number().nullable() }),
      positions: z.record(z.string(), z.object({ x: z.number(), y: z.number() })),
      clicked: z.string().nullable(),
    }),
    foreign: z.unknown().nullable(),
  })
  .describe("An attribution graph: the same document in a file, on the wire and in memory.");
export type CircuitGraphDocument = z.infer<typeof CircuitGraphDocument>;

export const GraphTarget = z
  .discriminatedUnion("kind", [
    z
      .strictObject({
        kind: z.literal("logits"),
        probability: z.number().gt(0).max(1).optional().describe("Cumulative; default 0.95."),
        count: z.int().min(1).max(64).optional().describe("At most so many; default 10."),
      })
      .describe("The most probable tokens, until their probabilities reach a sum."),
    z.strictObject({ kind: z.literal("tokens"), tokens: z.array(TokenReference).min(1).max(64) }),
    z
      .strictObject({ kind: z.literal("difference"), token: TokenReference, minus: TokenReference })
      .describe("logit(token) − logit(minus), as one target."),
  ])
  .describe("Default: logits.");
export type GraphTarget = z.infer<typeof GraphTarget>;

const dictionaries = z
  .union([DictionaryName, z.array(DictionaryName).min(1).max(512)])
  .optional()
  .describe(
    "A set of transcoders, or their names. Default: the model's set, where there is exactly one. A layer without one has its whole MLP output as error.",
  );
const Question = {
  model: ModelName,
  input: RunInput,
  dictionaries,
  target: GraphTarget.optional(),
  position: z.int().optional().describe("Where the answer is read; default -1, the last position."),
};

export const GraphRequest = z
  .strictObject({
    ...Question,
    features: z
      .int()
      .min(1)
      .max(100_000)
      .optional()
      .describe("Most active features that become nodes, by influence; default 7500."),
    edgeShare: z
      .number()
      .gt(0)
      .max(1)
      .optional()
      .describe(
        "Edges of a target are kept from the largest down, until they hold this share of Σ |weight|; errors and tokens are always kept. Default 0.98.",
      ),
    prune: z
      .strictObject({
        nodes: share.optional().describe("Share of influence that the kept nodes hold; default 0.8."),
        edges: share.optional().describe("The same of edges; default 0.98."),
      })
      .nullable()
      .optional()
      .describe("null: nothing is pruned, every selected node comes back."),
  })
  .describe("Attribution graph by the method of circuit-tracer: frozen patterns, norm scales and MLP outputs.");
export type GraphRequest = z.infer<typeof GraphRequest>;

export const GraphFacts = z.object({
  tokens: z.int(),
  activeFeatures: z.int().describe("Active (position, feature) pairs of the prompt."),
  selectedFeatures: z.int().describe("Those that fit the budget, by influence on the targets."),
  unpruned: z.object({ nodes: z.int(), edges: z.int().describe("Between selected nodes, after edgeShare.") }),
  kept: z.object({ nodes: z.int(), edges: z.int() }).describe("In the graph that came back."),
  leftOutShare: share.describe(
    "Σ |weight| that no edge of the unpruned graph holds, of all Σ |weight|: small weights, and features beyond the budget.",
  ),
  largestResidual: z
    .number()
    .describe(
      "Largest |pre-activation − Σ weights − bias| / max(|pre-activation|, Σ |weight|, |bias|): 0 up to rounding.",
    ),
  errorOnlyLayers: z.array(z.int()).describe("Layers without a dictionary: their MLP output is error as a whole."),
  phases: z.array(z.object({ name: z.string(), seconds: z.number() })),
  peakBytes: z.int().describe("Arrays that the computation held at most, without sessions; counted, not measured."),
});

export const GraphResult = z.object({
  graph: CircuitGraphDocument,
  factorPaths: z
    .array(z.string().nullable())
    .describe(
      'One an edge: what the factor speaks of. "direct": the residual stream at one position. "L2H3": that head\'s OV map alone, the strongest between the two by weights. null: no factor.',
    ),
  scores: z
    .object({ replacement: z.number().nullable(), completeness: z.number().nullable() })
    .describe("Of the unpruned graph."),
  facts: GraphFacts,
  recipe: Recipe,
});
export type GraphResult = z.infer<typeof GraphResult>;

export const GraphNodeReference = z
  .strictObject({
    kind: z.enum(["feature", "error", "token"]),
    layer: z.int().optional().describe("Not of tokens. Of a feature it may be left out."),
    position: z.int(),
    dictionary: DictionaryName.optional().describe("Of features; default: the one that reads the layer."),
    unit: z.int().min(0).optional().describe("Of features."),
  })
  .describe("A node of a graph, by what it is.");
export type GraphNodeReference = z.infer<typeof GraphNodeReference>;

const Change = z.discriminatedUnion("op", [
  z.strictObject({ op: z.literal("zero") }),
  z.strictObject({ op: z.literal("scale"), value: z.number() }),
  z.strictObject({ op: z.literal("set"), value: z.number() }).describe("Features only."),
  z.strictObject({ op: z.literal("add"), value: z.number() }).describe("Features only."),
]);

const attention = z
  .enum(["freeze", "recompute"])
  .optional()
  .describe("Attention patterns as recorded (default), or those that the changed run makes.");

export const GraphInterventionRequest = z
  .strictObject({
    ...Question,
    nodes: z
      .array(z.strictObject({ node: GraphNodeReference, change: Change }))
      .min(1)
      .max(10_000),
    attention,
    downstream: z
      .enum(["freeze", "recompute"])
      .optional()
      .describe(
        '"freeze": norm scales and MLP outputs stay as recorded, so that what is measured is the direct effect, the edge. "recompute" (default): the model answers freely.',
      ),
    watch: z.array(GraphNodeReference).max(1000).optional().describe("Features whose pre-activation is compared."),
  })
  .describe("Changes nodes of a graph in the model itself and compares with what the graph says.");
export type GraphInterventionRequest = z.infer<typeof GraphInterventionRequest>;

const Effect = z.object({
  before: z.number(),
  predicted: z.number().describe("Change that the graph predicts."),
  measured: z.number().describe("Change in the run."),
});

export const GraphInterventionResult = z.object({
  attention: z.enum(["freeze", "recompute"]),
  downstream: z.enum(["freeze", "recompute"]),
  targets: z
    .array(
      z.object({
        label: z.string(),
        tokenId: z.int(),
        minusId: z.int().nullable(),
        value: Effect.describe("Demeaned logit, or logit difference."),
        probability: z.object({ before: z.number(), after: z.number() }),
      }),
    )
    .describe("What was aimed at."),
  watched: z.array(z.object({ node: GraphNodeReference, preActivation: Effect })),
  leading: z.object({ before: RankedToken, after: RankedToken }).describe("Most probable token; score: probability."),
  correlation: z
    .number()
    .nullable()
    .describe("Pearson's r of predicted and measured over targets and watched; null for fewer than three."),
  recipe: Recipe,
});
export type GraphInterventionResult = z.infer<typeof GraphInterventionResult>;

export const GraphDeletionRequest = z
  .strictObject({
    ...Question,
    order: z
      .union([z.array(GraphNodeReference).min(1).max(10_000), z.enum(["effect", "influence", "attribution"])])
      .optional()
      .describe(
        "Features in the order of their removal; or by what the graph says that they add to the target along all paths (default), by influence, which has no sign, or by direct effect alone. Only features that add to the target are removed.",
      ),
    steps: z
      .array(z.int().min(1))
      .min(1)
      .max(64)
      .optional()
      .describe("How many features are removed at each point; default 1, 2, 5, 10, 20, 50, 100, 200."),
    draws: z.int().min(1).max(100).optional().describe("Random sets a point; default 10."),
    seed: z.int().min(0).optional(),
    attention,
  })
  .describe("Removes the top k features, and k random active features of the same layers, and reads the target.");
export type GraphDeletionRequest = z.infer<typeof GraphDeletionRequest>;

export const GraphDeletionResult = z.object({
  target: z.object({ label: z.string(), before: z.number(), probability: z.number() }),
  order: z
    .array(GraphNodeReference.extend({ score: z.number() }))
    .describe("The features that were removed, in order."),
  points: z.array(
    z.object({
      removed: z.int(),
      value: z.number().describe("Demeaned logit, or logit difference, without the top features."),
      probability: z.number(),
      random: z
        .object({
          mean: z.number(),
          low: z.number().describe("Smallest of the draws."),
          high: z.number().describe("Largest of the draws."),
          probability: z.number().describe("Mean."),
        })
        .describe("Without as many random active features, of the same layers as the top ones."),
    }),
  ),
  draws: z.int(),
  seed: z.int(),
  attention: z.enum(["freeze", "recompute"]),
  recipe: Recipe,
});
export type GraphDeletionResult = z.infer<typeof GraphDeletionResult>;

export const FeatureConnectionsRequest = z
  .strictObject({
    model: ModelName,
    dictionary: DictionaryName,
    feature: z.int().min(0),
    dictionaries,
    top: z.int().min(1).max(100).optional().describe("Of every list; default 10."),
  })
  .describe("What a feature is connected to by weights alone, without any prompt.");
export type FeatureConnectionsRequest = z.infer<typeof FeatureConnectionsRequest>;

const Connection = z.object({
  dictionary: z.string(),
  layer: z.int(),
  feature: z.int(),
  factor: z.number().describe("Weight factor, norm weights folded in; the norm's scale and the pattern are not."),
  head: z.object({ layer: z.int(), head: z.int() }).nullable().describe("null: directly, at one position."),
});
const Tokens = z.object({ promotes: z.array(RankedToken), suppresses: z.array(RankedToken) });

export const FeatureConnections = z.object({
  dictionary: z.string(),
  feature: z.int(),
  layer: z.int(),
  inputs: z.object({ direct: z.array(Connection), throughHeads: z.array(Connection) }).describe("By |factor|."),
  outputs: z.object({ direct: z.array(Connection), throughHeads: z.array(Connection) }),
  deEmbedding: z
    .object({
      direct: Tokens.describe("Tokens whose embedding fires the feature at their own position."),
      heads: z.array(z.object({ layer: z.int(), head: z.int(), norm: z.number(), tokens: Tokens })),
    })
    .describe("score: token embedding · what the feature reads."),
  inputHeads: z
    .array(z.object({ layer: z.int(), head: z.int(), norm: z.number() }))
    .describe("Heads below, by the length of what the feature reads through their OV map."),
  outputHeads: z
    .array(z.object({ layer: z.int(), head: z.int(), norm: z.number() }))
    .describe("Heads above, by the length of what their OV map makes of the decoder vector."),
  logits: Tokens.describe("score: decoder vector through the final norm's weight and the LM head."),
});
export type FeatureConnections = z.infer<typeof FeatureConnections>;

export const FeatureSimilaritiesRequest = z
  .strictObject({
    model: ModelName,
    features: z
      .array(z.strictObject({ dictionary: DictionaryName, feature: z.int().min(0) }))
      .min(1)
      .max(2000),
    threshold: z.number().min(-1).max(1).optional().describe("Pairs below it are left out; default 0.5."),
  })
  .describe("Which of these features write alike.");
export type FeatureSimilaritiesRequest = z.infer<typeof FeatureSimilaritiesRequest>;

export const FeatureSimilarities = z
  .object({
    threshold: z.number(),
    a: z.array(z.int()).describe("Places in the request's features; a < b."),
    b: z.array(z.int()),
    cosine: z.array(z.number()).describe("Of the decoder rows for the dictionaries' own output sites. Falling."),
  })
  .describe("Pairs of features, column by column.");
export type FeatureSimilarities = z.infer<typeof FeatureSimilarities>;
