/**
 * Circuits as objects: a set of parts of one model that is said to do something, whatever found it. It can be saved, compared,
 * and tested by ablating everything else, itself, and each of its parts.
 */
import { z } from "zod";
import { DictionaryName } from "./dictionaries.ts";
import { Metric } from "./metrics.ts";
import { ModelName, Token } from "./primitives.ts";
import { RunInput } from "./run-request.ts";
import { Recipe } from "./run-result.ts";

const layer = z.int().min(0);
const positions = z
  .array(z.int())
  .min(1)
  .max(4096)
  .optional()
  .describe("Where the part belongs to the circuit; negative ones count from the end. Default: at every position.");

export const CircuitNode = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("head"), layer, head: z.int().min(0), positions }),
    z.strictObject({ kind: z.literal("mlp"), layer, positions }),
    z.strictObject({ kind: z.literal("neuron"), layer, neuron: z.int().min(0), positions }),
    z.strictObject({ kind: z.literal("feature"), dictionary: DictionaryName, feature: z.int().min(0), positions }),
    z
      .strictObject({ kind: z.literal("token"), position: z.int() })
      .describe("The embedding at a position of the prompt; negative ones count from the end."),
  ])
  .describe("One part of a model.");
export type CircuitNode = z.infer<typeof CircuitNode>;

export const CircuitNodeKind = z.enum(["head", "mlp", "neuron", "feature", "token"]);
export type CircuitNodeKind = z.infer<typeof CircuitNodeKind>;

export const CircuitEdge = z
  .strictObject({
    source: z.union([z.int().min(0), z.literal("input")]).describe("Place in nodes, or the embeddings."),
    target: z.union([z.int().min(0), z.literal("logits")]).describe("Place in nodes, or the answer."),
    read: z.enum(["q", "k", "v"]).optional().describe("By which of its inputs a head reads."),
    weight: z.number().optional().describe("In the unit of whatever found it."),
  })
  .describe("One part reads what another writes.");
export type CircuitEdge = z.infer<typeof CircuitEdge>;

export const Circuit = z.strictObject({
  name: z.string().min(1).max(200),
  note: z.string().max(20_000).optional(),
  model: ModelName,
  modelHash: z.string().optional().describe("Set by the server when a circuit is saved without one."),
  found: z.unknown().optional().describe("How it was found: free text, or JSON such as a request."),
  nodes: z.array(CircuitNode).max(16_384),
  edges: z.array(CircuitEdge).max(65_536).optional(),
});
export type Circuit = z.infer<typeof Circuit>;

export const CircuitReference = z.union([Circuit, z.string().min(1)]).describe("A circuit, or the id of a saved one.");
export type CircuitReference = z.infer<typeof CircuitReference>;

export const CircuitExample = z.strictObject({
  input: RunInput.describe("One prompt."),
  metric: Metric.optional().describe("Default: the request's metric."),
  corrupted: RunInput.optional().describe("A prompt of as many tokens, whose values are taken by resampling."),
});
export type CircuitExample = z.infer<typeof CircuitExample>;

export const CircuitEvaluationRequest = z.strictObject({
  model: ModelName,
  circuit: CircuitReference,
  examples: z.array(CircuitExample).min(1).max(256),
  metric: Metric.optional().describe("Of every example that has none of its own."),
  ablation: z
    .enum(["mean", "resample", "zero"])
    .optional()
    .describe(
      'What takes the place of an ablated value. "mean" (default): its mean over all positions after BOS of the reference. "resample": its value at the same position of the example\'s corrupted prompt, else of a reference text that is long enough, drawn at random. Both leave the BOS position as it is: nothing stands before it, so it has the same values in every text. "zero": 0, everywhere.',
    ),
  reference: z
    .strictObject({ texts: z.array(z.string().min(1)).min(1).max(256) })
    .optional()
    .describe("Default: the prompts of the examples, corrupted ones included."),
  universe: z
    .strictObject({
      kinds: z.array(CircuitNodeKind).min(1).optional().describe("Default: the kinds that the circuit names."),
      dictionaries: z
        .array(DictionaryName)
        .min(1)
        .max(64)
        .optional()
        .describe("Default: those that the circuit names."),
    })
    .optional()
    .describe("Of which parts everything outside the circuit is ablated; all others are left to compute as they do."),
  errors: z
    .enum(["keep", "ablate"])
    .optional()
    .describe(
      'Circuits of features: what becomes of what the dictionaries do not explain. "keep" (default): the error of the run as it stands, at every position. "ablate": it is ablated like a part outside the circuit.',
    ),
  subsets: z.int().min(0).max(64).optional().describe("Random subsets K of the circuit, for completeness; default 8."),
  minimality: z
    .int()
    .min(0)
    .max(1024)
    .optional()
    .describe("How many of the circuit's nodes, in their order, are removed one at a time; default 128."),
  random: z.int().min(0).max(256).optional().describe("Random circuits of equal size; default 16."),
  seed: z.int().min(0).optional().describe("Default 0."),
});
export type CircuitEvaluationRequest = z.infer<typeof CircuitEvaluationRequest>;

const Interval = z
  .object({ mean: z.number(), low: z.number(), high: z.number() })
  .describe("Over the examples; 95 % bootstrap interval. With one example low = mean = high.");

const Normalised = z
  .object({ value: z.number(), low: z.number(), high: z.number() })
  .nullable()
  .describe(
    "(mean M − mean M(∅)) / (mean M(full) − mean M(∅)) over the examples, 95 % bootstrap interval; null where M(full) = M(∅).",
  );

const Measured = z.object({ raw: Interval, normalised: Normalised });

export const CircuitEvaluation = z
  .object({
    circuit: Circuit,
    labels: z.array(z.string()).describe("Of the circuit's nodes."),
    universe: z.object({
      description: z.string().describe("In a sentence: what was ablated outside the circuit, and what was left alone."),
      parts: z.array(
        z.object({
          kind: CircuitNodeKind,
          dictionary: z.string().optional(),
          total: z.int().describe("Parts of the kind (tokens: of the first example)."),
          inCircuit: z.int(),
        }),
      ),
    }),
    ablation: z.object({
      how: z.enum(["mean", "resample", "zero"]),
      errors: z.enum(["keep", "ablate"]).nullable().describe("null where no dictionary is involved."),
      description: z.string(),
    }),
    full: Interval.describe("M(full): the model as it is."),
    empty: Interval.describe("M(∅): the whole universe ablated."),
    faithfulness: Measured.describe("M(C): everything outside the circuit ablated. 1 = as the full model."),
    completeness: z
      .object({
        without: Measured.describe("M(full∖C): the circuit itself ablated. 0 = nothing else does the work."),
        subsets: z.array(
          z.object({
            removed: z.array(z.int()).describe("K, places in nodes."),
            circuit: z.number().describe("Mean M(C∖K)."),
            model: z.number().describe("Mean M(full∖K)."),
            difference: Interval.describe("M(C∖K) − M(full∖K), example by example."),
          }),
        ),
        incompleteness: z.number().nullable().describe("Largest |mean difference| over the subsets; 0 is complete."),
      })
      .describe("Wang et al. 2022: a complete circuit goes wrong as the model does when the same parts are removed."),
    minimality: z
      .array(
        z.object({
          node: z.int(),
          label: z.string(),
          change: Interval.describe("M(C∖{v}) − M(C)."),
          normalised: z.number().nullable().describe("The mean change / (M(full) − M(∅))."),
        }),
      )
      .describe("What each node does for the circuit."),
    random: z
      .object({
        description: z.string(),
        draws: z.array(
          z.object({
            labels: z.array(z.string()).describe("At most 64 of them."),
            circuit: z.number().describe("Mean M(R): everything outside ablated."),
            faithfulness: z.number().nullable(),
            without: z.number().describe("Mean M(full∖R)."),
          }),
        ),
        faithfulness: z.object({ mean: z.number(), low: z.number(), high: z.number() }).nullable(),
        without: z.object({ mean: z.number(), low: z.number(), high: z.number() }).nullable(),
        asFaithful: z.int().describe("Random circuits whose M(R) is at least as near to M(full) as M(C)."),
        asDamaging: z.int().describe("Random circuits whose removal moves M(full) at least as far as the circuit's."),
      })
      .nullable()
      .describe("Circuits of the same kinds and numbers; 2.5 % and 97.5 % quantiles over the draws."),
    examples: z.array(
      z.object({
        tokens: z.array(Token),
        metric: z.string(),
        full: z.number(),
        empty: z.number(),
        circuit: z.number(),
        without: z.number(),
        faithfulness: z.number().nullable(),
      }),
    ),
    warnings: z.array(z.string()),
    cost: z.object({ rows: z.int().describe("Forward passes of one prompt."), seconds: z.number() }),
    recipe: Recipe,
  })
  .describe("How well a circuit stands for the model.");
export type CircuitEvaluation = z.infer<typeof CircuitEvaluation>;

export const CircuitComparisonRequest = z.strictObject({
  model: ModelName,
  left: CircuitReference,
  right: CircuitReference,
  positions: z
    .enum(["ignore", "match"])
    .optional()
    .describe('"ignore" (default): a part is the same wherever it acts. "match": only at the same positions.'),
});
export type CircuitComparisonRequest = z.infer<typeof CircuitComparisonRequest>;

const Overlap = z.object({
  shared: z.array(z.string()),
  onlyLeft: z.array(z.string()),
  onlyRight: z.array(z.string()),
  jaccard: z.number().nullable().describe("Shared / in either; null where both are empty."),
  ofLeft: z.number().nullable().describe("Share of the left circuit that the right one has too."),
  ofRight: z.number().nullable(),
  expected: z
    .object({
      shared: z.number(),
      jaccard: z.number(),
      atLeast: z.number().describe("Probability that random circuits share as many as these or more."),
      description: z.string(),
    })
    .nullable()
    .describe("Of random circuits of the same sizes: exact hypergeometric, kind by kind."),
});

export const CircuitComparison = z
  .object({
    left: z.object({ name: z.string(), model: z.string(), nodes: z.int(), edges: z.int() }),
    right: z.object({ name: z.string(), model: z.string(), nodes: z.int(), edges: z.int() }),
    positions: z.enum(["ignore", "match"]),
    nodes: Overlap,
    edges: Overlap.nullable().describe("null unless both circuits have edges."),
    warnings: z.array(z.string()),
  })
  .describe("What two circuits share.");
export type CircuitComparison = z.infer<typeof CircuitComparison>;

/** Saved circuits and graphs. */
export const DocumentPageQuery = z.object({
  model: ModelName.optional().describe("Only documents of this model."),
  offset: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(200).optional(),
});

export const CircuitSummary = z.object({
  id: z.string(),
  createdAt: z.string(),
  name: z.string(),
  note: z.string(),
  model: z.string(),
  modelHash: z.string(),
  nodes: z.int(),
  edges: z.int(),
  kinds: z.array(CircuitNodeKind),
});
export type CircuitSummary = z.infer<typeof CircuitSummary>;
export const CircuitList = z.object({ total: z.int(), circuits: z.array(CircuitSummary) });
export const StoredCircuit = z.object({ id: z.string(), createdAt: z.string(), circuit: Circuit });
export type StoredCircuit = z.infer<typeof StoredCircuit>;

export const GraphDocument = z
  .record(z.string(), z.unknown())
  .describe(
    "An attribution graph: a patchbay-graph document, or the JSON that circuit-tracer and Neuronpedia write and read.",
  );
export const GraphSummary = z.object({
  id: z.string(),
  createdAt: z.string(),
  title: z.string(),
  prompt: z.string(),
  model: z.string().nullable().describe("As the graph names it; it need not be installed here."),
  modelHash: z.string().nullable(),
  nodes: z.int(),
  edges: z.int(),
});
export type GraphSummary = z.infer<typeof GraphSummary>;
export const GraphList = z.object({ total: z.int(), graphs: z.array(GraphSummary) });
export const SavedGraph = GraphSummary.extend({
  notices: z
    .array(z.object({ code: z.string(), message: z.string(), count: z.int(), examples: z.array(z.string()) }))
    .describe("What was wrong with the file, and what became of it."),
});
