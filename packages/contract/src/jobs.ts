import { z } from "zod";
import { DictionaryName } from "./dictionaries.ts";
import { DarkMatterRequest, RewriteRequest } from "./honesty.ts";
import { ModelName } from "./primitives.ts";
import { TrainingRequest } from "./training.ts";

const model = { model: ModelName };

export const JobRequest = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("neuron-map"), ...model }),
    z.strictObject({ kind: z.literal("reference-statistics"), ...model }),
    z.strictObject({
      kind: z.literal("specialised-neurons"),
      ...model,
      prompt: z.string().optional().describe("Default one of the model's examples."),
      place: z.enum(["post", "up", "written"]).optional(),
      multiple: z.number().optional().describe("Clamp value as a multiple of the observed maximum; default 2."),
    }),
    z.strictObject({
      kind: z.literal("dictionary-quality"),
      ...model,
      dictionaries: z.array(DictionaryName).min(1).optional().describe("Default all of the model's."),
      tokens: z.int().min(500).optional().describe("Default 20,000."),
    }),
    z.strictObject({
      kind: z.literal("unit-index"),
      ...model,
      sources: z.array(z.string()).min(1).optional().describe("Default every neuron layer and every dictionary."),
      corpus: z
        .string()
        .optional()
        .describe(
          "A text file on the server's machine, one text a line or .jsonl(.gz); default the model's own corpus.",
        ),
      shardTokens: z.int().min(1000).optional().describe("Tokens a shard; default 20,000."),
    }),
    z.strictObject({ kind: z.literal("train-dictionary"), ...TrainingRequest.shape }),
    z.strictObject({ kind: z.literal("dark-matter"), ...DarkMatterRequest.shape }),
    z.strictObject({ kind: z.literal("rewrite"), ...RewriteRequest.shape }),
  ])
  .describe("The same job (same kind, model hash and settings) is started once: asking again answers with the first.");
export type JobRequest = z.infer<typeof JobRequest>;

export const JobKind = z.enum([
  "neuron-map",
  "reference-statistics",
  "specialised-neurons",
  "dictionary-quality",
  "unit-index",
  "train-dictionary",
  "dark-matter",
  "rewrite",
]);
export type JobKind = z.infer<typeof JobKind>;
export type JobRequestOf<Kind extends JobKind> = Extract<JobRequest, { kind: Kind }>;

export const JobState = z.enum(["queued", "running", "paused", "done", "failed", "cancelled"]);
export type JobState = z.infer<typeof JobState>;

export const Job = z.object({
  id: z.string(),
  request: JobRequest,
  state: JobState,
  progress: z.number().min(0).max(1),
  message: z.string(),
  details: z.unknown().nullable().describe("What a running job shows beyond its progress, by kind: TrainingLive."),
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
  result: z.unknown().nullable(),
  problem: z.object({ code: z.string(), detail: z.string() }).nullable(),
});
export type Job = z.infer<typeof Job>;
