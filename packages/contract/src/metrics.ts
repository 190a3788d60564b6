/** What an effect is measured on: one number of a run. Sweeps, attributions and circuits share it. */
import { z } from "zod";
import { TokenReference } from "./primitives.ts";

const position = z.int().optional().describe("Where the prediction is read; default -1, the last position.");

export const Metric = z
  .discriminatedUnion("kind", [
    z
      .strictObject({ kind: z.literal("logit-difference"), token: TokenReference, minus: TokenReference, position })
      .describe("logit(token) − logit(minus)"),
    z.strictObject({ kind: z.literal("logit"), token: TokenReference, position }),
    z.strictObject({ kind: z.literal("probability"), token: TokenReference, position }),
    z.strictObject({ kind: z.literal("log-probability"), token: TokenReference, position }).describe("nats"),
    z
      .strictObject({ kind: z.literal("loss") })
      .describe("Mean cross-entropy of the prompt's own next tokens, in nats; BOS predicts too."),
    z
      .strictObject({ kind: z.literal("kl"), position })
      .describe(
        "KL(reference run ‖ this run) of the next-token distributions, in nats; the reference is the clean run.",
      ),
  ])
  .describe("One number of a run.");
export type Metric = z.infer<typeof Metric>;
