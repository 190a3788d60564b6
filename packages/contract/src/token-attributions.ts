/** How much each input token counts for an answer, by gradients at its embedding. */
import { z } from "zod";
import { Metric } from "./metrics.ts";
import { ModelName, Token } from "./primitives.ts";
import { RunInput } from "./run-request.ts";
import { Recipe } from "./run-result.ts";

export const TokenAttributionRequest = z.strictObject({
  model: ModelName,
  input: RunInput.describe("One row."),
  metric: Metric,
  method: z
    .enum(["gradient-times-input", "integrated-gradients"])
    .optional()
    .describe(
      'Default integrated-gradients (Sundararajan et al. 2017, arXiv 1703.01365). "gradient-times-input": (embedding − baseline) · gradient at the input.',
    ),
  steps: z.int().min(1).max(256).optional().describe("Of integrated gradients, by the midpoint rule; default 32."),
  baseline: z
    .discriminatedUnion("kind", [
      z
        .strictObject({ kind: z.literal("zero") })
        .describe(
          "With RMS norms the metric jumps at the origin (they divide the length away): compare sum with expected.",
        ),
      z
        .strictObject({ kind: z.literal("mean-embedding") })
        .describe("Mean of all rows of the token embedding; position embeddings stay."),
      z
        .strictObject({ kind: z.literal("prompt"), input: RunInput })
        .describe("Embeddings of another prompt of as many tokens."),
    ])
    .optional()
    .describe("Where the path begins; default mean-embedding. Position embeddings are never part of it."),
});
export type TokenAttributionRequest = z.infer<typeof TokenAttributionRequest>;

export const TokenAttribution = z
  .object({
    tokens: z.array(Token),
    attribution: z.array(z.number()).describe("One a token, in units of the metric."),
    sum: z.number(),
    expected: z
      .number()
      .describe("metric(input) − metric(baseline): what integrated gradients sum to, up to the error of the steps."),
    value: z.object({ input: z.number(), baseline: z.number() }).describe("The metric at both ends."),
    method: z.enum(["gradient-times-input", "integrated-gradients"]),
    steps: z.int().describe("Gradients that were averaged."),
    recipe: Recipe,
  })
  .describe("Attribution of a metric to input tokens.");
export type TokenAttribution = z.infer<typeof TokenAttribution>;
