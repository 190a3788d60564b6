/**
 * Fact tracing (B2): where a prompt's subject is read, moved to the last position and turned into the answer, layer by layer,
 * and what the last layer does against the answer.
 *
 * Every projection is a direct contribution in logits: component · u, u = (w ∘ (W_U[token] − mean_v W_U[v])) / σ, with w the
 * final norm's weight and σ its scale in the run (centred for LayerNorm). The components of a stream add up.
 */
import { z } from "zod";
import { ModelName, RankedToken, Token, TokenReference } from "./primitives.ts";
import { Recipe } from "./run-result.ts";

const answer = TokenReference.describe("What the model should say next; text of several tokens: its first token.");
const topic = TokenReference.describe(
  'The token that stands for the subject ("France"). Default: the mean over the subject\'s tokens.',
);
const subject = z.string().min(1).describe("A stretch of the prompt; its last occurrence counts.");

export const FactPrompt = z.strictObject({ text: z.string().min(1), subject, answer, topic: topic.optional() });
export type FactPrompt = z.infer<typeof FactPrompt>;

export const FactTraceRequest = z
  .strictObject({
    model: ModelName,
    prompts: z.array(FactPrompt).min(1).max(256).optional(),
    template: z.string().min(1).optional().describe("A prompt with {subject} in the place of each row's subject."),
    rows: z
      .array(z.strictObject({ subject, answer, topic: topic.optional() }))
      .min(1)
      .max(256)
      .optional(),
    top: z.int().min(1).max(100).optional().describe("Heads and neurons listed; default 10."),
    movers: z.int().min(1).max(64).optional().describe("How many of the first heads are ablated together; default 3."),
    random: z.int().min(0).max(256).optional().describe("Draws of as many random heads; default 16."),
    seed: z.int().min(0).optional().describe("Default 0."),
  })
  .refine(
    ({ prompts, template, rows }) =>
      prompts === undefined
        ? template !== undefined && rows !== undefined
        : template === undefined && rows === undefined,
    { message: "Give either prompts, or a template and rows." },
  );
export type FactTraceRequest = z.infer<typeof FactTraceRequest>;

const Interval = z
  .object({ mean: z.number(), low: z.number(), high: z.number() })
  .describe("Over the prompts; 95 % bootstrap interval. With one prompt low = mean = high.");
const perLayer = z.array(Interval).describe("[layer]");
const toBoth = (of: string) => z.object({ topic: perLayer, answer: perLayer }).describe(of);

export const FactTrace = z
  .object({
    prompts: z.array(
      z.object({
        tokens: z.array(Token),
        subject: z.array(z.int()).describe("Positions of the subject's tokens."),
        answer: Token.pick({ id: true, text: true }),
        topic: z.array(Token.pick({ id: true, text: true })),
        probability: z.number().describe("P(answer)."),
        rank: z.int().describe("Tokens that are more probable than the answer."),
        topPrediction: RankedToken.describe("score: its probability."),
      }),
    ),
    layers: z.int(),
    timeline: z.object({
      attention: perLayer.describe("Attention from the last position to the subject's tokens, mean over heads."),
      strongestAttention: perLayer.describe("… of the head that attends most."),
      moved: toBoth("What heads carry from the subject's tokens to the last position."),
      attentionOut: toBoth("attn_out at the last position."),
      mlpOut: toBoth("mlp_out at the last position."),
      residual: toBoth("resid_post at the last position; of the last layer: the demeaned logit without bias."),
      promoted: perLayer.describe("mlp_out's neurons that raise the answer: Σ of their contributions."),
      suppressed: perLayer.describe("… that lower it (negative)."),
      peaks: z
        .object({
          movedTopic: z.int(),
          movedAnswer: z.int(),
          attentionOutTopic: z.int(),
          attentionOutAnswer: z.int(),
          mlpOutTopic: z.int(),
          mlpOutAnswer: z.int(),
          residualTopic: z.int(),
          residualAnswer: z.int(),
        })
        .describe("The layer where the mean is largest."),
    }),
    movers: z
      .array(
        z.object({
          layer: z.int(),
          head: z.int(),
          attention: Interval.describe("To the subject's tokens, from the last position."),
          length: Interval.describe("‖what it carries from the subject's tokens‖, in the residual stream."),
          topic: Interval,
          answer: Interval,
        }),
      )
      .describe("Heads by |mean contribution| to the answer of what they carry from the subject; the first `top`."),
    neurons: z
      .array(z.object({ layer: z.int(), neuron: z.int(), answer: z.number().describe("Mean over the prompts.") }))
      .describe("By |mean contribution| to the answer at the last position; the first `top`."),
    lastLayer: z.object({
      attention: Interval.describe("Direct contribution to the answer; below 0: suppression."),
      mlp: Interval,
      total: Interval,
      probability: Interval.describe("P(answer) as it is."),
      switches: z.array(
        z.object({
          part: z.enum(["attention", "mlp", "both"]),
          lift: z
            .enum(["zero", "direction"])
            .describe(
              '"zero": the output at the last position is scaled to 0. "direction": only its component along the answer is removed.',
            ),
          probability: Interval.describe("P(answer) with it."),
          change: Interval.describe("Prompt by prompt."),
        }),
      ),
    }),
    ablation: z
      .object({
        heads: z.array(z.object({ layer: z.int(), head: z.int() })),
        probability: Interval.describe("P(answer) without the mover heads at the last position (their mean instead)."),
        change: Interval,
        random: z
          .object({
            mean: z.number(),
            low: z.number(),
            high: z.number(),
            changes: z.array(z.number()).describe("Mean change of P(answer), one a draw."),
            asLarge: z.int().describe("Draws that lower P(answer) at least as much."),
          })
          .nullable(),
      })
      .describe("The first movers that raise the answer, ablated together, against as many random other heads."),
    claims: z
      .array(
        z.object({
          claim: z.string(),
          holds: z.boolean().nullable().describe("null where the prompts cannot tell."),
          evidence: z.string(),
        }),
      )
      .describe("What Lv et al. 2024 report of large models, and what these prompts show."),
    warnings: z.array(z.string()),
    cost: z.object({ rows: z.int(), seconds: z.number() }),
    recipe: Recipe,
  })
  .describe("Key mechanisms of factual recall (Lv et al. 2024, B2), measured on the prompts given.");
export type FactTrace = z.infer<typeof FactTrace>;
