import { z } from "zod";
import { ModelName } from "./primitives.ts";

export const SiteInfo = z.object({
  name: z.string(),
  axes: z.array(z.string()),
  shape: z.array(z.union([z.int(), z.string()])).describe("Lengths; batch, position, query and key stay words."),
  writable: z.boolean(),
  meaning: z.string(),
});

export const ModelSummary = z.object({
  name: ModelName,
  family: z.string(),
  parameters: z.int(),
  layers: z.int(),
  residualWidth: z.int(),
  heads: z.int(),
  keyValueHeads: z.int(),
  headWidth: z.int(),
  neuronsPerLayer: z.int().describe("0 where blocks are attention only."),
  vocabulary: z.int(),
  outputVocabulary: z.int().optional().describe("Tokens that logits are for, where that is another number."),
  direction: z
    .enum(["bidirectional"])
    .optional()
    .describe("Where every position looks at every other; left out for causal attention."),
  numberTokens: z.boolean().optional().describe("Tokens are numbers: the model came without a tokenizer."),
  context: z.int(),
  gated: z.boolean(),
  hash: z.string(),
  prependBos: z.boolean(),
  licence: z.string().nullable(),
  source: z.string().nullable(),
  description: z.string().nullable(),
  dtype: z.string().describe("As stored in the file; arithmetic is float32."),
  loadedBytes: z.int().describe("Memory of the model's open sessions, estimated from their weights."),
  neuronMap: z.enum(["absent", "running", "ready"]),
});
export type ModelSummary = z.infer<typeof ModelSummary>;

export const ModelPage = ModelSummary.extend({ sites: z.array(SiteInfo), examplePrompts: z.array(z.string()) });
export type ModelPage = z.infer<typeof ModelPage>;

export const TokensRequest = z.strictObject({ text: z.string(), prependBos: z.boolean().optional() });
export const VocabularySearchQuery = z.object({
  query: z.string().min(1),
  limit: z.coerce.number().int().min(1).max(200).optional(),
});
export const VocabularySearch = z.object({
  tokens: z.array(z.object({ id: z.int(), text: z.string(), special: z.boolean().optional() })),
});
export type VocabularySearch = z.infer<typeof VocabularySearch>;
