/** The outcome of rewriting in words. */
import type { Rewrite } from "@patchbay/contract";

export function verdictOf(
  simulator: "oracle" | "empty" | "tokens" | "regex" | "ngram" | "endpoint",
  losses: Rewrite["losses"],
  difference: Rewrite["difference"],
): string {
  if (simulator === "oracle") {
    return "The true activations were put back: this is the dictionary itself, the best that labels could reach.";
  }
  if (simulator === "empty") return "Nothing was simulated: this is writing zeros, what labels have to beat.";
  const range = `${signed(difference.mean)} nats a token, 95 % between ${signed(difference.low)} and ${signed(difference.high)}`;
  if (difference.low > 0) return `These labels are worse than writing zeros: ${range}.`;
  if (difference.high >= 0) {
    return `These labels are no better than writing zeros: the difference, ${range}, cannot be told from none.`;
  }
  const gap = losses.zeroed.mean - losses.transcoder.mean;
  const closed = gap > 0 ? `, ${Math.round((100 * -difference.mean) / gap)} % of the way to the true activations` : "";
  return `These labels are better than writing zeros: ${range}${closed}.`;
}

function signed(value: number): string {
  const text = Math.abs(value).toFixed(Math.abs(value) < 0.01 ? 5 : 3);
  return `${value < 0 ? "−" : "+"}${text}`;
}
