/**
 * What each unit does on text. A unit is a neuron or a dictionary feature; its source is the neuron's hook site
 * ("blocks.3.mlp.hook_post") or the dictionary's name: the same word that an intervention's `site` takes.
 */
import { z } from "zod";
import { SeedBadge } from "./dictionaries.ts";
import { ModelName, RankedToken, Token } from "./primitives.ts";

export const UnitSource = z.string().describe('A neuron site ("blocks.3.mlp.hook_post") or a dictionary\'s name.');

export const UnitExample = z.object({
  document: z.int().describe("Number of the text in the corpus."),
  peak: z.int().describe("Position of the peak in the text's tokens (BOS is 0)."),
  peakActivation: z.number(),
  start: z.int().describe("Position of the window's first token."),
  tokens: z.array(Token.pick({ id: true, text: true })),
  activations: z.array(z.number()).describe("At each token of the window, computed from the whole text before it."),
});
export type UnitExample = z.infer<typeof UnitExample>;

export const UnitExampleGroup = z.object({
  name: z.string().describe('"top", "interval 1 of 5", …, "random".'),
  from: z.number().describe("Smallest peak activation of the group's interval."),
  to: z.number(),
  share: z.number().describe("Share of all firing tokens that fall into the interval."),
  examples: z.array(UnitExample),
});

export const UnitStatistics = z.object({
  tokens: z.int().describe("Tokens of the corpus, BOS left out."),
  firing: z.int().describe("Tokens with an activation ≠ 0 (neurons: > 0)."),
  density: z.number(),
  mean: z.number().describe("Over all tokens."),
  maximum: z.number(),
  minimum: z.number(),
  histogram: z.object({ edges: z.array(z.number()), counts: z.array(z.int()) }).describe("Of the firing tokens."),
  topTokens: z.array(RankedToken).describe("score: mean activation on the token; among tokens seen a few times."),
});
export type UnitStatistics = z.infer<typeof UnitStatistics>;

export const UnitPage = z.object({
  model: z.string(),
  source: UnitSource,
  unit: z.int(),
  kind: z.enum(["neuron", "feature"]),
  layer: z.int(),
  statistics: UnitStatistics.nullable().describe("null where the index does not cover the source: job unit-index."),
  groups: z.array(UnitExampleGroup),
  label: z.string().nullable(),
  badge: SeedBadge.nullable(),
  corpus: z.object({ name: z.string(), documents: z.int(), tokens: z.int(), hash: z.string() }).nullable(),
});
export type UnitPage = z.infer<typeof UnitPage>;

export const UnitPageQuery = z.object({
  examples: z.coerce
    .number()
    .int()
    .min(0)
    .max(50)
    .optional()
    .describe("In each group; default 10 top, 3 of the others."),
});

export const UnitSort = z.enum(["relevance", "density", "maximum", "mean", "peakedness", "unit"]);

export const UnitListQuery = z.object({
  source: z.string().optional().describe("Only this source; comma-separated for several."),
  units: z
    .string()
    .regex(/^\d{1,9}(,\d{1,9})*$/)
    .max(5000)
    .optional()
    .describe("Only units with these numbers, comma-separated."),
  kind: z.enum(["neuron", "feature"]).optional(),
  layer: z.coerce.number().int().min(0).optional(),
  reads: z
    .string()
    .optional()
    .describe("Only units with this token (exact text, or #id) among the first that they read."),
  writes: z.string().optional().describe("… among the first that they write."),
  fires: z.string().optional().describe("… among the tokens on which they are strongest."),
  label: z.string().optional().describe("Part of a label, any case."),
  minimumDensity: z.coerce.number().min(0).max(1).optional(),
  maximumDensity: z.coerce.number().min(0).max(1).optional(),
  dead: z.enum(["include", "only", "exclude"]).optional().describe("Units that never fire; default exclude."),
  sort: UnitSort.optional(),
  order: z.enum(["ascending", "descending"]).optional(),
  offset: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(500).optional(),
});
export type UnitListQuery = z.infer<typeof UnitListQuery>;

export const UnitRow = z.object({
  source: UnitSource,
  unit: z.int(),
  kind: z.enum(["neuron", "feature"]),
  layer: z.int(),
  score: z.number().nullable().describe("What the search ranked by, where it ranks by relevance."),
  density: z.number(),
  maximum: z.number(),
  mean: z.number(),
  topTokens: z.array(RankedToken),
  reads: z.array(RankedToken),
  writes: z.array(RankedToken),
  label: z.string().nullable(),
  badge: SeedBadge.nullable(),
});
export type UnitRow = z.infer<typeof UnitRow>;
export const UnitList = z.object({
  total: z.int(),
  offset: z.int(),
  rows: z.array(UnitRow),
  sources: z.array(z.string()),
});
export type UnitList = z.infer<typeof UnitList>;

export const UnitTextSearchRequest = z.strictObject({
  text: z.string().min(1),
  sources: z.array(z.string()).min(1).optional().describe("Default: every indexed source."),
  positions: z.array(z.int()).min(1).optional().describe("Token positions of the text; default all after BOS."),
  limit: z.int().min(1).max(200).optional().describe("Default 50."),
});
export type UnitTextSearchRequest = z.infer<typeof UnitTextSearchRequest>;

export const UnitTextSearch = z
  .object({
    tokens: z.array(Token),
    rows: z.array(
      UnitRow.extend({
        activations: z.array(z.number()).describe("On every token of the text."),
        peak: z.int(),
      }),
    ),
  })
  .describe(
    "What fires here more than elsewhere: score = (mean activation here − mean in the corpus) / corpus maximum.",
  );
export type UnitTextSearch = z.infer<typeof UnitTextSearch>;

export const UnitLabelRequest = z.strictObject({ label: z.string().max(200).describe("Empty removes the label.") });

/** The causal panel of a unit. */
export const UnitEffectRequest = z.strictObject({
  model: ModelName,
  source: UnitSource,
  unit: z.int().min(0),
  op: z.enum(["zero", "set"]).optional().describe("Default zero (ablation)."),
  multiple: z.number().optional().describe("With set: multiples of the corpus maximum; default 1."),
  examples: z.int().min(1).max(32).optional().describe("How many of its top examples; default 8."),
  random: z.int().min(0).max(32).optional().describe("Random units of the same source that fire there; default 8."),
});
export type UnitEffectRequest = z.infer<typeof UnitEffectRequest>;

export const UnitEffect = z
  .object({
    examples: z.array(
      z.object({
        document: z.int(),
        peak: z.int(),
        lossBefore: z.number().describe("Cross-entropy of the true next token at the peak, nats."),
        lossAfter: z.number(),
        kl: z.number().describe("KL(before ‖ after) at the peak, nats."),
        raised: z.array(RankedToken).describe("score: change of probability."),
        lowered: z.array(RankedToken),
      }),
    ),
    meanKl: z.number(),
    meanLossChange: z.number(),
    random: z.object({
      units: z.array(z.int()),
      meanKl: z.number().describe("The same intervention on random firing units of the source, at the same places."),
      meanLossChange: z.number(),
      kls: z.array(z.number()).describe("One a random unit."),
    }),
  })
  .describe("What the unit causes on its own top examples, against random units of the same source.");
export type UnitEffect = z.infer<typeof UnitEffect>;
