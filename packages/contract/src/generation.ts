import { z } from "zod";
import { ModelName, Token } from "./primitives.ts";
import { CaptureQuery, Intervention, RunInput } from "./run-request.ts";
import { CaptureResult, Recipe } from "./run-result.ts";

export const Sampling = z.strictObject({
  maxTokens: z.int().min(1).max(4096).optional().describe("Default 40."),
  temperature: z.number().min(0).max(10).optional().describe("0 (the default) is greedy."),
  topP: z.number().gt(0).max(1).optional(),
  topK: z.int().min(1).optional(),
  seed: z.int().min(0).optional().describe("Default 0. The same seed gives the same text."),
  stop: z.array(z.string().min(1)).max(8).optional(),
});
export type Sampling = z.infer<typeof Sampling>;

export const GenerationRequest = z.strictObject({
  model: ModelName,
  input: RunInput,
  interventions: z.array(Intervention).max(4096).optional(),
  sampling: Sampling.optional(),
  top: z.int().min(0).max(20).optional().describe("Alternatives reported with each token; default 0."),
  capture: z
    .array(CaptureQuery.pick({ site: true, units: true }))
    .max(16)
    .optional()
    .describe("Values at every generated position."),
  stream: z
    .boolean()
    .optional()
    .describe("true: server-sent events start, token…, done. Default false: one JSON answer."),
});
export type GenerationRequest = z.infer<typeof GenerationRequest>;

export const GeneratedToken = Token.pick({ id: true, text: true, special: true, bytes: true }).extend({
  row: z.int(),
  position: z.int(),
  probability: z.number().describe("Under the model's distribution at temperature 1."),
  delta: z.string().describe("What this token adds to the visible text (empty while a character is incomplete)."),
  top: z.array(z.object({ id: z.int(), text: z.string(), probability: z.number() })).optional(),
});
export type GeneratedToken = z.infer<typeof GeneratedToken>;

export const GenerationResult = z.object({
  prompt: z.array(z.array(Token)),
  rows: z.array(
    z.object({
      text: z.string(),
      tokens: z.array(GeneratedToken),
      finish: z.enum(["length", "end-of-text", "stop", "context"]),
    }),
  ),
  capture: z.array(CaptureResult).optional(),
  recipe: Recipe,
  timing: z.object({ firstTokenMilliseconds: z.number(), tokensPerSecond: z.number() }),
});
export type GenerationResult = z.infer<typeof GenerationResult>;

/** The events of a streamed generation, in order; `data` is JSON. */
export type GenerationEvent =
  | { event: "start"; data: { prompt: z.infer<typeof Token>[][]; recipe: Recipe } }
  | { event: "token"; data: GeneratedToken }
  | { event: "done"; data: GenerationResult }
  | { event: "problem"; data: z.infer<typeof import("./primitives.ts").Problem> };
