/** Frequencies of a model of modular arithmetic: which waves over the numbers its weights, neurons and logits are made of. */
import { z } from "zod";
import { ModelName } from "./primitives.ts";
import { Recipe } from "./run-result.ts";

const Frequency = z.int().min(1).describe("Waves over the modulus: frequency k is cos(2πkx/p) and sin(2πkx/p).");

export const FrequencyRequest = z.strictObject({
  model: ModelName,
  modulus: z
    .int()
    .min(3)
    .max(400)
    .optional()
    .describe("p: tokens 0 … p − 1 are the numbers. Default: one less than the vocabulary, whose last token is the =."),
  operation: z.enum(["add", "subtract"]).optional().describe("The answer is (a + b) mod p (default) or (a − b) mod p."),
  template: z
    .array(z.union([z.literal("a"), z.literal("b"), z.int().min(0)]))
    .min(2)
    .optional()
    .describe(
      'The prompt: "a" and "b" where the numbers stand, token ids elsewhere; the answer follows it. Default ["a", "b", p], without p where there is no such token.',
    ),
  layer: z.int().min(0).optional().describe("Whose neurons are taken apart; default the last."),
  neurons: z.int().min(0).max(10_000).optional().describe("How many neurons to list, by variance; default 100."),
  frequencies: z.array(Frequency).min(1).optional().describe("Taken for the key frequencies instead of those found."),
  ablate: z
    .array(z.enum(["embedding", "neurons"]))
    .optional()
    .describe("Where frequencies are removed, all pairs being asked again each time; default nowhere."),
  single: z.boolean().optional().describe("Also remove every frequency alone; default true."),
});
export type FrequencyRequest = z.infer<typeof FrequencyRequest>;

const Share = z.number().describe("Of the variance over all pairs, 0 … 1.");
export const PairPower = z
  .object({
    total: Share,
    a: Share.describe("In waves over a alone."),
    b: Share.describe("In waves over b alone."),
    sum: Share.describe("In waves over a + b."),
    difference: Share.describe("In waves over a − b."),
  })
  .describe("Power at one frequency of functions of a pair (2-D Fourier transform); total is the sum of the others.");
export type PairPower = z.infer<typeof PairPower>;

export const FrequencyAblation = z.object({
  at: z.enum(["embedding", "neurons"]),
  kind: z
    .enum(["key", "strongest-others", "all-others", "single"])
    .describe(
      "key: all key frequencies. strongest-others: as many others, those with most power in the embedding. all-others: everything but the key frequencies and the mean. single: one.",
    ),
  frequencies: z.array(Frequency),
  accuracy: z.number().describe("Share of all pairs whose leading token is the answer."),
  loss: z.number().describe("Mean cross-entropy of the answer over all pairs, in nats."),
});
export type FrequencyAblation = z.infer<typeof FrequencyAblation>;

export const FrequencyView = z
  .object({
    modulus: z.int(),
    operation: z.enum(["add", "subtract"]),
    template: z.array(z.union([z.string(), z.int()])),
    pairs: z.int(),
    layer: z.int().nullable().describe("null where blocks are attention only."),
    baseline: z.object({ accuracy: z.number(), loss: z.number() }),
    spectrum: z.array(
      z.object({
        frequency: Frequency,
        embedding: z
          .number()
          .describe("Share of the token embedding's power about its mean: norms over the residual width, squared."),
        neurons: PairPower.nullable().describe(
          "Of the activations of all neurons of the layer, where the answer is read.",
        ),
        logits: PairPower.describe("Of the logits of 0 … p − 1."),
        bestOf: z
          .int()
          .nullable()
          .describe("Neurons that have more of their variance here than at any other frequency."),
      }),
    ),
    key: z.object({ frequencies: z.array(Frequency), rule: z.string() }),
    neurons: z
      .array(
        z.object({
          neuron: z.int(),
          variance: z.number().describe("Mean square about the mean, over all pairs."),
          frequency: Frequency.describe("Where most of it is."),
          power: PairPower,
        }),
      )
      .describe("By variance, falling; neurons that never change are left out."),
    ablations: z.array(FrequencyAblation),
    recipe: Recipe,
  })
  .describe("Discrete Fourier view of a model of arithmetic mod p, with its causal check.");
export type FrequencyView = z.infer<typeof FrequencyView>;
