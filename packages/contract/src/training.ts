/** Training of dictionaries inside Patchbay. */
import { z } from "zod";
import { DictionaryName, DictionaryQuality, SetQuality } from "./dictionaries.ts";
import { ModelName } from "./primitives.ts";

export const TrainingSparsity = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("topk"), k: z.int().min(1).max(1024) }),
  z.strictObject({ kind: z.literal("batch-topk"), k: z.int().min(1).max(1024).describe("Mean number kept a token.") }),
  z.strictObject({
    kind: z.literal("jumprelu"),
    coefficient: z.number().gt(0).describe("λ of λ·L0, straight-through."),
    bandwidth: z.number().gt(0).optional().describe("Default 0.05, of normalised activations."),
  }),
  z.strictObject({ kind: z.literal("relu"), coefficient: z.number().gt(0).describe("λ of λ·Σ f·‖W_dec row‖.") }),
]);
export type TrainingSparsity = z.infer<typeof TrainingSparsity>;

export const TrainingTarget = z.strictObject({
  name: DictionaryName,
  kind: z.enum(["sae", "transcoder", "skip-transcoder"]),
  inputSite: z.string(),
  outputSite: z.string().optional().describe("Transcoders; an SAE's is its input site."),
  features: z.int().min(2).max(262_144),
  sparsity: TrainingSparsity,
  seed: z.int().min(0).optional().describe("Default 0."),
});
export type TrainingTarget = z.infer<typeof TrainingTarget>;

export const TrainingCorpus = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("samples"), seed: z.int().min(0).optional() }),
    z.strictObject({ kind: z.literal("file"), path: z.string().min(1) }),
  ])
  .describe(
    '"samples": texts drawn from the model itself (temperature 1, top-p 0.95). "file": a text file on the server\'s machine, one text a line, or .jsonl(.gz) with {"text"}.',
  );
export type TrainingCorpus = z.infer<typeof TrainingCorpus>;

export const TrainingRequest = z.strictObject({
  model: ModelName,
  set: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]*$/i)
    .optional(),
  targets: z.array(TrainingTarget).min(1).max(64).describe("All are trained from one harvest of activations."),
  corpus: TrainingCorpus,
  tokens: z.int().min(1000).describe("Tokens harvested and trained on."),
  batch: z.int().min(16).max(65_536).optional().describe("Tokens a step; default 2,048."),
  learningRate: z.number().gt(0).optional().describe("Adam; default 3e-3."),
  warmup: z.number().min(0).max(1).optional().describe("Share of steps with a rising rate; default 0.02."),
  decay: z.number().min(0).max(1).optional().describe("Share of steps with a falling rate at the end; default 0.5."),
  unitDecoder: z.boolean().optional().describe("Decoder rows are kept at length 1; default true for SAEs."),
  reviveAfter: z
    .int()
    .min(0)
    .optional()
    .describe(
      "Tokens without firing until a feature counts as dead and starts again on an input that is explained badly; 0 never; default 100,000.",
    ),
  evaluationTokens: z
    .int()
    .min(0)
    .optional()
    .describe("Held-out tokens for the quality report; default 20,000; 0 skips it."),
});
export type TrainingRequest = z.infer<typeof TrainingRequest>;

export const TrainingPoint = z.object({
  step: z.int(),
  tokens: z.int(),
  target: z.int().describe("Index into targets."),
  loss: z
    .number()
    .describe("Mean squared error over the mean squared distance from the mean (1 = predicting the mean)."),
  l0: z.number(),
  unexplained: z.number().describe("Of this step's batch, about the mean."),
  deadShare: z.number(),
  learningRate: z.number(),
});
export type TrainingPoint = z.infer<typeof TrainingPoint>;

/** `details` of a running train-dictionary job. */
export const TrainingLive = z.object({
  targets: z.array(z.string()),
  points: z.array(TrainingPoint).describe("Thinned: a few hundred a target."),
  tokensPerSecond: z.number(),
  phase: z.enum(["sampling", "training", "evaluating"]),
});
export type TrainingLive = z.infer<typeof TrainingLive>;

export const TrainingOutcome = z.object({
  dictionaries: z.array(z.object({ name: z.string(), hash: z.string(), quality: DictionaryQuality.nullable() })),
  setQuality: SetQuality.nullable(),
  tokens: z.int(),
  seconds: z.number(),
  points: z.array(TrainingPoint),
});
export type TrainingOutcome = z.infer<typeof TrainingOutcome>;
