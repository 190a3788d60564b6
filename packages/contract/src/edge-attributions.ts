/**
 * Which edges between components carry an answer: attribution patching of edges (EAP: Syed et al. 2023, arXiv 2310.10348;
 * EAP-IG: Hanna et al. 2024, arXiv 2403.17806), exact checks of single edges, and circuits of edges.
 *
 * Nodes: the input embedding, every head, every MLP, the logits. An edge goes from a node's output to one input of a later
 * node: a head's query, key or value input, an MLP's input, the logits'. Grouped heads each have inputs of their own.
 */
import { z } from "zod";
import { Metric } from "./metrics.ts";
import { ModelName, Token } from "./primitives.ts";
import { RunInput } from "./run-request.ts";
import { Recipe } from "./run-result.ts";

/** Estimates against what the model does when the same change is really made. Edges and sweeps share it. */
export const Verification = z
  .object({
    points: z
      .array(
        z.object({
          label: z.string(),
          approximate: z.number(),
          exact: z.number(),
          random: z.boolean().describe("Drawn at random, not among the largest estimates."),
        }),
      )
      .describe("Change of the metric: estimated, and measured."),
    correlation: z.number().nullable().describe("Pearson's r over the points; null where one side does not vary."),
    slope: z.number().nullable().describe("Least-squares slope of exact on approximate; 1 is the right scale."),
    meanAbsoluteError: z.number(),
  })
  .describe("Approximate against exact.");
export type Verification = z.infer<typeof Verification>;

export const VerifyCount = z
  .int()
  .min(0)
  .max(200)
  .describe("How many of the largest estimates are run exactly, and as many random ones; default 0.");

export const EdgeInput = z
  .enum(["q", "k", "v", "mlp", "logits"])
  .describe("Which input of the target: a head's query, key or value input; an MLP's; the logits'.");
export type EdgeInput = z.infer<typeof EdgeInput>;

export const EdgeNode = z.object({
  name: z.string().describe('"input", "a3.h2", "m3", "logits".'),
  kind: z.enum(["input", "head", "mlp", "logits"]),
  layer: z.int().nullable(),
  head: z.int().nullable(),
});
export type EdgeNode = z.infer<typeof EdgeNode>;

/** An edge by name: `a0.h3->a2.h1<q>`, `input->m0`, `m5->logits`. */
export const EdgeName = z
  .string()
  .regex(/^(input|a\d+\.h\d+|m\d+)->(a\d+\.h\d+<[qkv]>|m\d+|logits)$/)
  .describe('"a0.h3->a2.h1<q>", "input->m0", "m5->logits".');

const Example = z.strictObject({
  input: RunInput.describe("The clean prompt, one row."),
  corrupted: RunInput.describe("The other prompt: as many tokens."),
  metric: Metric.optional().describe("Default: that of the request."),
});

const Prompts = {
  model: ModelName,
  input: RunInput.describe("The clean prompt, one row."),
  corrupted: RunInput.describe("The other prompt: as many tokens."),
  examples: z.array(Example).max(256).optional().describe("Further pairs; scores and metrics are means over all."),
  metric: Metric,
};

export const EdgeMethod = z
  .enum(["gradient", "integrated-gradients", "clean-corrupted"])
  .describe(
    '"gradient" (EAP): gradient at the clean run. "integrated-gradients" (EAP-IG over inputs): mean gradient over runs whose input embedding goes from corrupted to clean in `steps` steps. "clean-corrupted": mean of the gradients at the two ends.',
  );
export type EdgeMethod = z.infer<typeof EdgeMethod>;

export const EdgeAttributionRequest = z.strictObject({
  ...Prompts,
  method: EdgeMethod.optional().describe("Default integrated-gradients."),
  steps: z.int().min(1).max(100).optional().describe("Of integrated gradients; default 5."),
  byPosition: z
    .boolean()
    .optional()
    .describe("One score for each edge and position instead of their sum; all prompts must have the same length."),
  top: z.int().min(1).max(50_000).optional().describe("How many edges are listed, by absolute score; default 500."),
  verify: VerifyCount.optional(),
  seed: z.int().min(0).optional().describe("Draws the random edges; default 0."),
  selection: z
    .enum(["top", "greedy"])
    .optional()
    .describe(
      'How circuits are chosen: "top": the largest |score|; "greedy" (default): from the logits backwards, the largest |score| among edges whose target is already in. Then nodes without a path from the input to the logits go.',
    ),
  circuits: z
    .array(z.int().min(1).max(200_000))
    .max(32)
    .optional()
    .describe("Sizes in edges: a circuit of each is chosen and evaluated."),
});
export type EdgeAttributionRequest = z.infer<typeof EdgeAttributionRequest>;

const EdgeColumns = z
  .object({
    source: z.array(z.int()).describe("Indices into nodes."),
    target: z.array(z.int()),
    input: z.array(EdgeInput),
    position: z.array(z.int()).optional().describe("With byPosition."),
    score: z
      .array(z.number())
      .describe("Estimated change of the metric when this edge alone carries the corrupted value. Falling |score|."),
  })
  .describe("One entry an edge, column by column.");

export const EdgeCircuit = z.object({
  requested: z.int().describe("Edges asked for."),
  edges: z.int().describe("Edges left after nodes without a path from the input to the logits are gone."),
  nodes: z.int(),
  names: z.array(z.string()).describe("Its edges by name; empty where there are more than 2,000."),
  metric: z.number().describe("Metric when every edge outside carries the corrupted value (mean over prompts)."),
  faithfulness: z
    .number()
    .nullable()
    .describe("(circuit − corrupted) / (clean − corrupted); null where the two prompts do not differ."),
});
export type EdgeCircuit = z.infer<typeof EdgeCircuit>;

const Baselines = z.object({ clean: z.number(), corrupted: z.number() }).describe("Metric, mean over prompts.");

export const EdgeAttribution = z
  .object({
    nodes: z.array(EdgeNode),
    edges: EdgeColumns,
    total: z.int().describe("Edges that the order of layers allows."),
    baselines: Baselines,
    tokens: z.object({ clean: z.array(Token), corrupted: z.array(Token) }).describe("Of the first pair."),
    verification: Verification.nullable(),
    circuits: z.array(EdgeCircuit),
    cost: z.object({
      forwardRows: z.int().describe("Prompts that passed through the model."),
      backwardRows: z.int().describe("Prompts that passed backwards."),
      seconds: z.number(),
    }),
    recipe: Recipe,
  })
  .describe("Edges by estimated effect, checked exactly on request.");
export type EdgeAttribution = z.infer<typeof EdgeAttribution>;

export const EdgeCircuitRequest = z.strictObject({
  ...Prompts,
  circuits: z
    .array(z.strictObject({ name: z.string().max(200), edges: z.array(EdgeName).max(200_000) }))
    .min(1)
    .max(64)
    .describe("Edges that carry the clean run; all others carry the corrupted value."),
});
export type EdgeCircuitRequest = z.infer<typeof EdgeCircuitRequest>;

export const EdgeCircuitResult = z.object({
  baselines: Baselines,
  circuits: z.array(
    z.object({
      name: z.string(),
      edges: z.int(),
      metric: z.number(),
      metrics: z.array(z.number()).describe("One a prompt."),
      faithfulness: z.number().nullable(),
    }),
  ),
  recipe: Recipe,
});
export type EdgeCircuitResult = z.infer<typeof EdgeCircuitResult>;
