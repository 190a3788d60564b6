/**
 * Observable propagation: a task as a weight vector over the vocabulary, carried back through heads and MLPs to the directions of
 * the residual stream that it reads (Dunefsky & Cohan 2024).
 */
import { z } from "zod";
import { ModelName, RankedToken, Token, TokenReference } from "./primitives.ts";
import { Intervention, RunInput } from "./run-request.ts";
import { Recipe } from "./run-result.ts";

export const Observable = z
  .strictObject({
    name: z.string().min(1).max(120),
    plus: z.array(TokenReference).max(1000).optional().describe("Each weighs 1 / their number."),
    minus: z.array(TokenReference).max(1000).optional().describe("Each weighs −1 / their number."),
    weights: z
      .array(z.strictObject({ token: TokenReference, weight: z.number() }))
      .min(1)
      .max(1000)
      .optional()
      .describe("In place of plus and minus."),
  })
  .refine(
    ({ plus = [], minus = [], weights }) => (weights === undefined) === plus.length + minus.length > 0,
    "Give either weights, or plus and minus.",
  )
  .describe("A linear functional of the logits: Σ weight · logit.");
export type Observable = z.infer<typeof Observable>;

export const ObservableComponent = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("head"), layer: z.int().min(0), head: z.int().min(0) }),
    z.strictObject({ kind: z.literal("mlp"), layer: z.int().min(0) }),
  ])
  .describe("A component that an observable is carried back through.");
export type ObservableComponent = z.infer<typeof ObservableComponent>;

export const ObservableRequest = z.strictObject({
  model: ModelName,
  observables: z.array(Observable).min(1).max(16),
  paths: z
    .union([z.literal("single"), z.array(z.array(ObservableComponent).min(1).max(16)).min(1).max(500)])
    .optional()
    .describe('"single" (default): every head and MLP alone. Else chains, each in order of computation.'),
  input: RunInput.optional().describe(
    "Reference prompt: where MLPs are linearised, and what the token strip shows. Default: a story prompt.",
  ),
  position: z.int().optional().describe("Where in the reference prompt MLPs are linearised; default -1."),
  scale: z
    .boolean()
    .optional()
    .describe(
      "Divide by the norms' scales at the linearisation point, so that lengths are logits per unit of stream; default false: the norms' weights only.",
    ),
  heldOut: z
    .array(z.string().min(1))
    .min(1)
    .max(200)
    .optional()
    .describe("Texts on which predicted and measured contributions are compared; default: story prompts."),
  compare: z.int().min(0).max(200).optional().describe("Paths of each observable that are compared; default 8."),
  top: z.int().min(1).max(50).optional().describe("Tokens listed on each side; default 8."),
  vectors: z
    .array(z.strictObject({ observable: z.int().min(0), path: z.int().min(0) }))
    .max(64)
    .optional()
    .describe(
      "Directions that are wanted in full, with interventions that use them; observable and path as in the request (single: the heads and MLPs layer by layer).",
    ),
  coefficient: z.number().optional().describe("Length of the steering vector of `vectors`; default 1."),
});
export type ObservableRequest = z.infer<typeof ObservableRequest>;

const TokenAlignment = RankedToken.describe("score: token embedding · direction.");

export const ObservablePath = z.object({
  path: z.int().describe("Index in the result's paths."),
  norm: z.number().describe("Length of the direction: how strongly the path can read."),
  cosineWithoutNorm: z
    .number()
    .describe(
      "Cosine of the direction before the norm's weight with the gradient through the whole norm at the reference prompt: near 1, the norm hardly turns it.",
    ),
  reads: z.object({ most: z.array(TokenAlignment), least: z.array(TokenAlignment) }),
  strip: z.array(z.number()).describe("Direction · stream, one a position of the reference prompt."),
  heldOut: z
    .object({
      correlation: z
        .number()
        .nullable()
        .describe("Pearson r of predicted and measured contributions; null where one does not vary."),
      slope: z.number().nullable().describe("Of measured on predicted."),
      points: z.int(),
      predicted: z.array(z.number()).describe("At most 500 points, for a scatter."),
      measured: z.array(z.number()),
    })
    .optional()
    .describe(
      "Predicted: direction · stream where the path's heads attend (their patterns as weights), no norm scales. Measured: what the path's last component gives the observable directly, true norms. Every position after BOS.",
    ),
});
export type ObservablePath = z.infer<typeof ObservablePath>;

export const ObservableResult = z.object({
  tokens: z.array(Token).describe("The reference prompt."),
  position: z.int(),
  paths: z.array(z.object({ label: z.string(), components: z.array(ObservableComponent), site: z.string() })),
  observables: z.array(
    z.object({
      name: z.string(),
      tokens: z.array(Token.pick({ id: true, text: true }).extend({ weight: z.number() })).describe("First 50."),
      norm: z.number().describe("Length of its direction before the unembedding."),
      value: z.number().describe("In the reference prompt, at the position."),
      ranked: z.array(ObservablePath).describe("By falling norm."),
    }),
  ),
  coupling: z
    .array(
      z.object({
        path: z.int().nullable().describe("null: the observables' own directions before the unembedding."),
        coefficients: z
          .array(z.array(z.number().nullable()))
          .describe("[given, predicted]: y₁·y₂ / ‖y₁‖², the expected x·y₂ for each unit of x·y₁; null of a zero y₁."),
        cosines: z.array(z.array(z.number().nullable())),
      }),
    )
    .optional()
    .describe("Two observables or more: as they stand, and at each path's input."),
  vectors: z
    .array(
      z.object({
        observable: z.int(),
        path: z.int(),
        site: z.string(),
        values: z.array(z.number()).describe("The direction, one value a residual dimension."),
        steer: z.array(Intervention).describe("Adds the unit direction × coefficient at every position."),
        ablate: z
          .array(Intervention)
          .describe("Takes the stream's part along the direction away, at every position of the reference prompt."),
      }),
    )
    .optional(),
  recipe: Recipe,
  milliseconds: z.number(),
});
export type ObservableResult = z.infer<typeof ObservableResult>;
