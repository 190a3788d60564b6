/** From the input of a request to token ids. */
import type { RunInput, Token } from "@patchbay/contract";
import type { Tokenizer } from "@patchbay/transformer";
import { PatchbayError } from "@patchbay/vocabulary";

export interface ResolvedInput {
  /** [batch][position]; rows of equal length. */
  readonly tokens: readonly (readonly number[])[];
  /** The same with texts and offsets. */
  readonly described: Token[][];
  /** Every row begins with the model's BOS token, whoever put it there: a recipe's tokens mean what its text meant. */
  readonly bosPrepended: boolean;
  readonly length: number;
}

export interface InputRules {
  readonly tokenizer: Tokenizer;
  readonly prependBos: boolean;
  readonly context: number;
}

export function resolveInput(input: RunInput, { tokenizer, prependBos, context }: InputRules): ResolvedInput {
  const withBos = input.text !== undefined && (input.prependBos ?? prependBos);
  const described: Token[][] =
    input.tokens === undefined
      ? [tokenizer.encode(input.text ?? "", { prependBos: withBos })]
      : input.tokens.map((row, r) => describeRow(tokenizer, row, r));
  const length = described[0]?.length ?? 0;
  if (length === 0) {
    throw new PatchbayError("empty-input", "The input has no tokens.", {
      expected: "text, or at least one token",
      advice: "Type a prompt, or let the model's BOS token be prepended.",
      at: "input",
    });
  }
  described.forEach((row, r) => {
    if (row.length === length) return;
    throw new PatchbayError("invalid-request", "The rows of the batch differ in length.", {
      expected: `${length} tokens in every row`,
      received: `${row.length} tokens in row ${r}`,
      advice: "Send rows of different length as separate runs.",
      at: `input/tokens/${r}`,
    });
  });
  if (length > context) {
    throw new PatchbayError("context-exceeded", "The input is longer than the model's context.", {
      expected: `at most ${context} tokens`,
      received: `${length} tokens`,
      advice: "Shorten the prompt.",
      at: "input",
    });
  }
  const bosPrepended = described.every(([first]) => first?.id === tokenizer.bosToken);
  return { tokens: described.map((row) => row.map(({ id }) => id)), described, bosPrepended, length };
}

function describeRow(tokenizer: Tokenizer, row: readonly number[], r: number): Token[] {
  const wrong = row.findIndex((id) => id >= tokenizer.vocabularySize);
  if (wrong >= 0) {
    throw new PatchbayError("token-out-of-range", `There is no token ${row[wrong]}.`, {
      expected: `0 to ${tokenizer.vocabularySize - 1}`,
      received: String(row[wrong]),
      at: `input/tokens/${r}/${wrong}`,
    });
  }
  return tokenizer.describe(row);
}
