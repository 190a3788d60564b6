/** From a metric as people write it to token ids and a position of one input. */
import type { Metric } from "@patchbay/contract";
import type { Engine, Tokenizer } from "@patchbay/transformer";
import { PatchbayError } from "@patchbay/vocabulary";
import { resolvePosition } from "../run/positions.ts";
import type { ResolvedInput } from "../run/resolve-input.ts";
import { resolveAnswer } from "../run/resolve-token.ts";

export type ResolvedMetric =
  | {
      readonly kind: "logit-difference";
      readonly token: number;
      readonly minus: number;
      readonly position: number;
    }
  | { readonly kind: "logit" | "probability" | "log-probability"; readonly token: number; readonly position: number }
  | { readonly kind: "loss" }
  | { readonly kind: "kl"; readonly position: number };

/** @throws PatchbayError `unknown-token`, `position-out-of-range`; `invalid-request` for a loss over a single token */
export function resolveMetric(
  model: { readonly tokenizer: Tokenizer; readonly engine: Engine },
  metric: Metric,
  { length }: Pick<ResolvedInput, "length">,
  at = "metric",
): ResolvedMetric {
  if (metric.kind === "loss") {
    if (length > 1) return { kind: "loss" };
    throw new PatchbayError("invalid-request", "A single token has no next token to predict.", {
      expected: "a prompt of two tokens or more, or another metric",
      received: "1 token",
      at,
    });
  }
  const position = resolvePosition(metric.position ?? -1, length, `${at}/position`);
  if (metric.kind === "kl") return { kind: "kl", position };
  const token = resolveAnswer(model, metric.token, `${at}/token`).id;
  if (metric.kind !== "logit-difference") return { kind: metric.kind, token, position };
  const minus = resolveAnswer(model, metric.minus, `${at}/minus`).id;
  if (minus === token) {
    throw new PatchbayError("invalid-request", "The difference of a token with itself is always zero.", {
      expected: "two different tokens",
      at: `${at}/minus`,
    });
  }
  return { kind: "logit-difference", token, minus, position };
}

/** "logit( L) − logit( T)", for captions. */
export function describeMetric(tokenizer: Tokenizer, metric: ResolvedMetric): string {
  const text = (token: number) => `“${tokenizer.textOf(token)}”`;
  switch (metric.kind) {
    case "logit-difference":
      return `logit ${text(metric.token)} − logit ${text(metric.minus)}`;
    case "logit":
      return `logit ${text(metric.token)}`;
    case "probability":
      return `P(${text(metric.token)})`;
    case "log-probability":
      return `log P(${text(metric.token)}), nats`;
    case "loss":
      return "mean loss of the prompt, nats";
    case "kl":
      return "KL from the clean run, nats";
  }
}
