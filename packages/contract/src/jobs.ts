import { z } from "zod";
import { ModelName } from "./primitives.ts";

export const JobKind = z.enum(["neuron-map", "reference-statistics", "specialised-neurons"]);
export type JobKind = z.infer<typeof JobKind>;

export const JobRequest = z
  .strictObject({
    kind: JobKind,
    model: ModelName,
    prompt: z.string().optional().describe("specialised-neurons: the prompt; default one of the model's examples."),
    place: z.enum(["post", "up", "written"]).optional(),
    multiple: z
      .number()
      .optional()
      .describe("specialised-neurons: clamp value as a multiple of the observed maximum; default 2."),
  })
  .describe("The same job (same kind, model hash and settings) is started once: asking again answers with the first.");
export type JobRequest = z.infer<typeof JobRequest>;

export const JobState = z.enum(["queued", "running", "done", "failed", "cancelled"]);
export type JobState = z.infer<typeof JobState>;

export const Job = z.object({
  id: z.string(),
  request: JobRequest,
  state: JobState,
  progress: z.number().min(0).max(1),
  message: z.string(),
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
  result: z.unknown().nullable(),
  problem: z.object({ code: z.string(), detail: z.string() }).nullable(),
});
export type Job = z.infer<typeof Job>;
