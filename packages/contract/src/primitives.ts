/** Small schemas that the others share. Every description reaches the OpenAPI document. */
import { z } from "zod";

/** A token named by its exact text (it must be one token: " L" with its leading space) or by its id. */
export const TokenReference = z
  .union([z.string().min(1), z.int().min(0)])
  .describe('A token: its exact text (" L", leading space included; it must be a single token) or its id.');
export type TokenReference = z.infer<typeof TokenReference>;

export const Token = z.object({
  id: z.int(),
  text: z.string().describe("What the token contributes to the text; a special token has its name, such as <s>."),
  start: z.int().describe("First character in the input text (UTF-16 units), inclusive."),
  end: z.int().describe("Last character, exclusive. Equal to start where the token adds no character of its own."),
  special: z.boolean().optional(),
  bytes: z.string().optional().describe("Hexadecimal bytes, where the token is a fragment of a character."),
});
export type Token = z.infer<typeof Token>;

export const Positions = z
  .union([z.literal("all"), z.literal("last"), z.array(z.int()).min(1)])
  .describe('"all", "last", or indices; negative indices count from the end (-1 is the last).');
export type Positions = z.infer<typeof Positions>;

export const TensorJson = z
  .object({
    axes: z.array(z.string()),
    shape: z.array(z.int()),
    data: z.array(z.number().nullable()).describe("Row-major. null stands for −∞ (a masked attention score)."),
  })
  .describe("A dense tensor with named axes.");
export type TensorJson = z.infer<typeof TensorJson>;

export const RankedToken = z.object({
  id: z.int(),
  text: z.string(),
  score: z.number().describe("What the ranking is by; the enclosing field says which quantity and unit."),
});
export type RankedToken = z.infer<typeof RankedToken>;

export const ModelName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]*$/i)
  .describe("Name of an installed model.");

export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().describe("Stable, machine-readable."),
    expected: z.string().optional(),
    received: z.string().optional(),
    advice: z.string().optional(),
    at: z.string().optional().describe("Where in the request: interventions/0/units/2."),
    errors: z.array(z.object({ at: z.string(), message: z.string() })).optional(),
  })
  .describe("RFC 9457 problem details (application/problem+json).");
export type Problem = z.infer<typeof Problem>;
