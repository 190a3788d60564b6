/** The sweeps that are timed: two prompts, a logit difference, and the two pictures that everybody makes first. */
import type { SweepPanel, SweepRequest } from "@patchbay/contract";
import type { Tokenizer, TransformerModel } from "@patchbay/transformer";
import { ensureDefined } from "@patchbay/vocabulary";

export type SweepKind = "resid_pre" | "heads";

export interface Pair {
  readonly about: string;
  readonly clean: readonly number[];
  readonly corrupted: readonly number[];
  readonly token: number;
  readonly minus: number;
}

export const PANELS: Readonly<Record<SweepKind, SweepPanel>> = {
  resid_pre: { site: "resid_pre", by: ["layer", "position"] },
  heads: { site: "z", by: ["layer", "head"] },
};

export const TITLES: Readonly<Record<SweepKind, string>> = {
  resid_pre: "residual stream, layer × position",
  heads: "every head, all positions",
};

/** Names that differ in one token each, so that the prompts have one length. */
export function namePair(tokenizer: Tokenizer): Pair {
  const prompt = (name: string) => `One day, ${name} and Lily went to the park. ${name} gave a ball to`;
  const tokens = (name: string) => tokenizer.encode(prompt(name), { prependBos: true }).map(({ id }) => id);
  return {
    about: "prompts that differ in two names (the sweep need not compute what is the same before them)",
    clean: tokens("Tom"),
    corrupted: tokens("Tim"),
    token: ensureDefined(tokenizer.idOf(" L")),
    minus: ensureDefined(tokenizer.idOf(" Tom")),
  };
}

/** Random tokens that differ at every position: nothing can be left out. */
export function randomPair({ shape }: TransformerModel, tokenizer: Tokenizer, length: number): Pair {
  // The random model has no tokenizer of its own: tokens that both know.
  const vocabulary = Math.min(shape.vocabulary, tokenizer.vocabularySize);
  const tokens = (seed: number) =>
    Array.from({ length }, (_, i) => (7919 * (i + 1) * (seed + 3) + 104729 * seed) % vocabulary);
  return {
    about: "random prompts that differ at every position (nothing can be left out)",
    clean: tokens(1),
    corrupted: tokens(2),
    token: 11,
    minus: 13,
  };
}

export function requestOf(model: string, kind: SweepKind, { clean, corrupted, token, minus }: Pair): SweepRequest {
  return {
    model,
    input: { tokens: [[...clean]] },
    corrupted: { kind: "prompt", input: { tokens: [[...corrupted]] } },
    method: { kind: "patching", direction: "denoise" },
    panels: [PANELS[kind]],
    metric: { kind: "logit-difference", token, minus },
  };
}
