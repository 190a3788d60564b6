import type { ExportTable } from "@patchbay/charts/react";
import type { DoseResponseResult } from "@patchbay/contract";

/** One row a dose; the unclamped model last, with its own value. */
export function doseTable({ values, tokens, probabilities, kl, baseline, topTokens }: DoseResponseResult): ExportTable {
  return {
    header: ["clamp value", ...tokens.map(({ text }) => `p(${JSON.stringify(text)})`), "KL (nats)", "leader"],
    rows: [
      ...values.map((value, v) => [value, ...tokens.map((_, t) => probabilities[t]?.[v]), kl[v], topTokens[v]?.text]),
      [`unclamped: ${baseline.observed}`, ...baseline.probabilities, 0, ""],
    ],
  };
}
