/** An example of a unit as a prompt of the Trace room. */
import type { ModelSummary, UnitExample } from "@patchbay/contract";

export interface ExamplePrompt {
  readonly prompt: string;
  /** Position of the peak in the prompt's tokens. */
  readonly position: number;
  /** The window begins inside its text: what came before is missing, and activations will differ a little. */
  readonly cut: boolean;
}

/**
 * The window's text, to be read by the model once more. A leading BOS is left out because the model's recipe puts one
 * there; so is the space before the first word, where the tokenizer of such a model adds its own.
 */
export function examplePrompt(
  { tokens, start, peak }: Pick<UnitExample, "tokens" | "start" | "peak">,
  { prependBos }: Pick<ModelSummary, "prependBos">,
): ExamplePrompt {
  const hasBos = start === 0 && prependBos;
  const text = (hasBos ? tokens.slice(1) : tokens).map((token) => token.text).join("");
  return {
    prompt: prependBos ? text.replace(/^ /, "") : text,
    position: peak - start + (prependBos && !hasBos ? 1 : 0),
    cut: start > (prependBos ? 1 : 0),
  };
}
