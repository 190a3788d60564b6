/** What dictionaries fail to say: seeds (A5), dark matter (A7), labels as replacements (A4). */
import { z } from "zod";
import { DictionaryName } from "./dictionaries.ts";
import { ModelName, Token } from "./primitives.ts";

export const ComparisonVectors = z.enum(["decoder", "encoder", "both"]).describe('"both": mean of the two cosines.');

export const ComparisonRequest = z.strictObject({
  model: ModelName,
  left: DictionaryName,
  right: DictionaryName,
  vectors: ComparisonVectors.optional().describe("Default both."),
  matching: z.enum(["one-to-one", "greedy"]).optional().describe("Hungarian (default), or each left feature's best."),
  threshold: z.number().min(-1).max(1).optional().describe("Shared from this similarity on; default 0.7."),
});
export type ComparisonRequest = z.infer<typeof ComparisonRequest>;

export const Comparison = z.object({
  left: z.string(),
  right: z.string(),
  vectors: ComparisonVectors,
  matching: z.enum(["one-to-one", "greedy"]),
  threshold: z.number(),
  pairs: z.object({
    left: z.array(z.int()),
    right: z.array(z.int()).describe("−1 where one-to-one matching leaves the feature without a partner."),
    similarity: z.array(z.number()),
  }),
  shared: z.number().describe("Share of left features (dead ones left out) with similarity ≥ threshold."),
  alive: z.object({ left: z.int(), right: z.int() }),
  curve: z.object({ thresholds: z.array(z.number()), shared: z.array(z.number()) }),
  histogram: z.object({ edges: z.array(z.number()), counts: z.array(z.int()) }),
  random: z.number().describe("Shared share against a dictionary of random directions of the same size."),
  unmatched: z
    .array(z.object({ feature: z.int(), similarity: z.number() }))
    .describe("Left features below the threshold, worst first."),
});
export type Comparison = z.infer<typeof Comparison>;

export const DarkMatterRequest = z.strictObject({
  model: ModelName,
  dictionary: DictionaryName,
  wider: DictionaryName.optional().describe("A larger dictionary of the same site to compare errors with."),
  ridge: z
    .number()
    .gt(0)
    .optional()
    .describe("Ridge strength, as a multiple of the mean feature variance; default 1e-3."),
  tokens: z.int().min(1000).max(200_000).optional().describe("Default 16,000; half fits, half tests."),
});
export type DarkMatterRequest = z.infer<typeof DarkMatterRequest>;

const Share = z.object({
  value: z.number(),
  shuffled: z.number().describe("The same with shuffled rows: a fit to nothing."),
});
export const DarkMatter = z
  .object({
    dictionary: z.string(),
    trainTokens: z.int(),
    testTokens: z.int(),
    unexplained: z.number(),
    vectorR2: Share.describe("Error vector predicted linearly from the input activation, on held-out tokens."),
    normR2: Share.describe("Squared length of the error, likewise."),
    parts: z.object({
      reconstruction: z.number().describe("Share of the variance of x about its mean."),
      linearError: z.number(),
      nonlinearError: z.number(),
    }),
    sumResidual: z.number().describe("Largest |reconstruction + linear + nonlinear − x|: 0 up to rounding."),
    loss: z.object({
      original: z.number(),
      reconstruction: z.number().describe("Both error parts dropped."),
      withLinear: z.number().describe("Linear error kept."),
      withNonlinear: z.number().describe("Nonlinear error kept."),
    }),
    wider: z
      .object({
        dictionary: z.string(),
        correlation: z.number().describe("Pearson, per-token error lengths of the two dictionaries."),
        shuffled: z.number(),
        unexplained: z.number(),
        scatter: z.object({ narrow: z.array(z.number()), wide: z.array(z.number()) }),
      })
      .nullable(),
    blind: z
      .array(
        z.object({
          document: z.int(),
          tokens: z.array(Token.pick({ id: true, text: true })),
          error: z.array(z.number()).describe("‖error‖² / mean ‖x − mean‖² at each token."),
        }),
      )
      .describe("Where the dictionary is blind: some held-out texts, error by token."),
    blindTokens: z.array(z.object({ text: z.string(), count: z.int(), error: z.number() })),
  })
  .describe("The error of a dictionary taken apart (Engels et al. 2024, A7).");
export type DarkMatter = z.infer<typeof DarkMatter>;

export const Simulator = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("oracle") }),
  z.strictObject({ kind: z.literal("empty") }),
  z.strictObject({ kind: z.literal("tokens"), tokens: z.array(z.string().min(1)).min(1) }),
  z.strictObject({ kind: z.literal("regex"), pattern: z.string().min(1).max(500) }),
  z.strictObject({
    kind: z.literal("ngram"),
    length: z.int().min(1).max(4).optional(),
    minimumCount: z.int().min(1).optional(),
  }),
  z.strictObject({ kind: z.literal("endpoint") }),
]);
export type Simulator = z.infer<typeof Simulator>;

export const RewriteRequest = z.strictObject({
  model: ModelName,
  dictionary: DictionaryName,
  simulator: Simulator.describe(
    'How a rewritten feature\'s activation is told from the text: "tokens" and "regex" from a list or expression (with `features`), "ngram" from the most typical n-grams of the feature on other text, "endpoint" from its label by the configured OpenAI-compatible endpoint (PATCHBAY_LLM_URL).',
  ),
  features: z
    .array(z.int().min(0))
    .min(1)
    .max(4096)
    .optional()
    .describe("Which are rewritten; default a random choice."),
  fraction: z
    .number()
    .gt(0)
    .max(1)
    .optional()
    .describe("Share of features rewritten where no list is given; default 1."),
  calibrate: z.boolean().optional().describe("Quantile calibration of the simulated activations; default true."),
  tokens: z.int().min(1000).max(100_000).optional().describe("Held-out tokens; default 8,000."),
  seed: z.int().min(0).optional(),
});
export type RewriteRequest = z.infer<typeof RewriteRequest>;

const LossWithInterval = z
  .object({ mean: z.number(), low: z.number(), high: z.number() })
  .describe("Nats; 95 % bootstrap interval over texts.");
export const Rewrite = z
  .object({
    dictionary: z.string(),
    rewritten: z.int(),
    tokens: z.int(),
    texts: z.int(),
    losses: z.object({
      original: LossWithInterval,
      transcoder: LossWithInterval.describe("The dictionary with its true activations."),
      rewritten: LossWithInterval,
      zeroed: LossWithInterval.describe("The rewritten features at zero."),
      meanAblation: LossWithInterval.describe("The whole output site at its mean."),
      zeroAblation: LossWithInterval.describe("The whole output site at zero."),
    }),
    difference: LossWithInterval.describe("rewritten − zeroed, paired by text: below 0 is better than zeros."),
    verdict: z.string().describe("In words: whether the labels are better than writing zeros."),
    perFeature: z.array(
      z.object({
        feature: z.int(),
        correlation: z.number().nullable(),
        precision: z.number().nullable(),
        recall: z.number().nullable(),
      }),
    ),
  })
  .describe("Features rewritten by what their labels predict (Paulo & Belrose 2025, A4).");
export type Rewrite = z.infer<typeof Rewrite>;
