/** Learned dictionaries (SAEs, transcoders) of a model: what is installed, how good it is, and its features. */
import { z } from "zod";
import { RankedToken } from "./primitives.ts";

export const DictionaryName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]*$/i)
  .describe("Name of an installed dictionary of the model.");

export const DictionaryKind = z.enum(["sae", "transcoder", "cross-layer-transcoder"]);

/**
 * Measured on held-out text. With x the value at the output site, y the dictionary's output, over all tokens after BOS.
 * Formulas: reference notes 2.20.
 */
export const DictionaryQuality = z.object({
  tokens: z.int().describe("Tokens measured, BOS left out."),
  corpus: z.string().describe("Which text."),
  l0: z.number().describe("Mean number of features with f ≠ 0."),
  unexplained: z
    .number()
    .describe("Fraction of variance unexplained: Σ‖x − y‖² / Σ‖x − mean x‖² (about the mean, not about zero)."),
  cosine: z.number().describe("Mean cosine of x and y."),
  deadShare: z.number().describe("Share of features that never fired on the measured tokens."),
  loss: z.object({
    original: z.number().describe("Mean next-token cross-entropy, nats."),
    spliced: z.number().describe("With x replaced by y (the error dropped)."),
    zero: z.number().describe("With x replaced by 0."),
    mean: z.number().describe("With x replaced by its mean over the measured tokens."),
    recoveredAgainstZero: z.number().describe("(zero − spliced) / (zero − original)."),
    recoveredAgainstMean: z.number().describe("(mean − spliced) / (mean − original)."),
  }),
  /** Log10 firing share of every feature that fired, as a histogram. */
  density: z.object({ edges: z.array(z.number()), counts: z.array(z.int()) }),
});
export type DictionaryQuality = z.infer<typeof DictionaryQuality>;

export const DictionarySummary = z.object({
  name: DictionaryName,
  set: z.string().nullable().describe("Dictionaries that belong together: one a layer, or seeds of one recipe."),
  kind: DictionaryKind,
  description: z.string().nullable(),
  layer: z.int().describe("Of the input site."),
  inputSite: z.string(),
  outputSites: z.array(z.string()),
  inputWidth: z.int(),
  outputWidth: z.int(),
  features: z.int(),
  activation: z.string().describe("topk(32), batch-topk as jumprelu, relu, gated, …"),
  skip: z.boolean(),
  hash: z.string(),
  bundled: z.boolean(),
  licence: z.string().nullable(),
  source: z.object({ format: z.string(), address: z.string().nullable(), notes: z.array(z.string()) }),
  quality: DictionaryQuality.nullable().describe("null until measured: the job dictionary-quality does it."),
});
export type DictionarySummary = z.infer<typeof DictionarySummary>;

export const SetQuality = z
  .object({
    set: z.string(),
    dictionaries: z.array(z.string()),
    tokens: z.int(),
    original: z.number(),
    spliced: z.number().describe("Loss with every member of the set spliced in at once, errors dropped."),
    zero: z.number().describe("Loss with every member's output zeroed."),
    mean: z.number().describe("Loss with every member's output at its mean."),
  })
  .describe("All dictionaries of a set in one run.");
export type SetQuality = z.infer<typeof SetQuality>;

export const DictionaryPage = DictionarySummary.extend({
  training: z.record(z.string(), z.unknown()).nullable().describe("Recipe and log, where it was trained by Patchbay."),
  setQuality: SetQuality.nullable(),
  seeds: z
    .array(z.string())
    .describe("Other dictionaries of the same site and recipe whose seed differs: what badges count in."),
  indexed: z.boolean().describe("Whether the unit index knows what each feature does on text."),
  caveats: z.array(z.string()).describe("What a reader must know, in sentences, from its numbers."),
});
export type DictionaryPage = z.infer<typeof DictionaryPage>;

export const DictionaryList = z.object({
  dictionaries: z.array(DictionarySummary),
  problems: z.array(z.object({ folder: z.string(), detail: z.string() })).describe("Folders that do not open."),
});
export type DictionaryList = z.infer<typeof DictionaryList>;

export const SeedBadge = z
  .object({
    seeds: z.int().describe("How many other dictionaries of the recipe there are."),
    found: z.int().describe("In how many a partner has mean cosine of encoder and decoder ≥ threshold."),
    threshold: z.number(),
  })
  .describe('"Found in m of n seeds" (Paulo & Belrose 2025, A5).');
export type SeedBadge = z.infer<typeof SeedBadge>;

export const TokenSide = z.object({
  side: z
    .enum(["reads", "writes", "writes-input-side"])
    .describe(
      '"reads": the encoder vector against the embedding (which tokens would fire it); "writes": the decoder vector through the LM head, final norm\'s weight folded in; "writes-input-side": a transcoder\'s decoder vector against the embedding.',
    ),
  norm: z.number(),
  top: z.array(RankedToken),
  bottom: z.array(RankedToken),
});
export type TokenSide = z.infer<typeof TokenSide>;

export const FeatureNeighbour = z.object({
  dictionary: z.string(),
  feature: z.int(),
  cosine: z.number().describe("Of the decoder vectors."),
});
export type FeatureNeighbour = z.infer<typeof FeatureNeighbour>;

/** Weights only; what it does on text is a unit of the index (units.ts). */
export const FeaturePage = z.object({
  model: z.string(),
  dictionary: DictionarySummary,
  feature: z.int(),
  sides: z.array(TokenSide),
  encoderDecoderCosine: z.number().nullable(),
  bias: z.number().nullable(),
  threshold: z.number().nullable(),
  badge: SeedBadge.nullable(),
  nearest: z.array(FeatureNeighbour).describe("By decoder cosine, in this and in every other dictionary of the width."),
  previous: z.int().nullable(),
  next: z.int().nullable(),
  modelHash: z.string(),
});
export type FeaturePage = z.infer<typeof FeaturePage>;
