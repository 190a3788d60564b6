/** Dictionary features in a run: what to compute. */
import { z } from "zod";
import { DictionaryName } from "./dictionaries.ts";
import { Positions, TensorJson } from "./primitives.ts";

export const FeatureQuery = z.strictObject({
  dictionary: DictionaryName,
  positions: Positions.optional().describe("Default all."),
  top: z.int().min(1).max(512).optional().describe("Strongest features listed at each position; default 10."),
  threshold: z.number().min(0).optional().describe("List only activations above this (in absolute value); default 0."),
  features: z
    .array(z.int().min(0))
    .min(1)
    .max(256)
    .optional()
    .describe("Also the activations of these, at every position."),
});
export type FeatureQuery = z.infer<typeof FeatureQuery>;

export const FeatureResult = z
  .object({
    dictionary: z.string(),
    dictionaryHash: z.string(),
    inputSite: z.string(),
    outputSite: z.string(),
    positions: z.array(z.int()),
    topFeatures: TensorJson.describe(
      "[batch, position, rank] feature numbers, by falling |activation|; −1 where fewer fire.",
    ),
    topActivations: TensorJson.describe("[batch, position, rank]; 0 where fewer fire."),
    topNorms: TensorJson.describe("[batch, position, rank] |activation| × length of the decoder vector: what it adds."),
    active: TensorJson.describe("[batch, position] how many features fire (L0)."),
    errorNorm: TensorJson.describe("[batch, position] length of the error: output site − dictionary's output."),
    outputNorm: TensorJson.describe("[batch, position] length of the value at the output site."),
    chosen: z
      .object({ features: z.array(z.int()), activations: TensorJson.describe("[batch, position, chosen]") })
      .optional(),
  })
  .describe(
    "What a dictionary says of a run. Reconstruction + error = the value at the output site, exactly, so the error stands beside the features.",
  );
export type FeatureResult = z.infer<typeof FeatureResult>;
