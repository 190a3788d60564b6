/** The recipe: everything needed to compute the same numbers again, with one hash over it. */
import { createHash } from "node:crypto";
import type { Recipe } from "@patchbay/contract";
import { canonicalJson } from "@patchbay/vocabulary";

/** Version of the engine's arithmetic. It changes when the same request may give other numbers. */
export const ENGINE_VERSION = "0.1.0";

export interface RecipeFacts {
  readonly model: string;
  readonly modelHash: string;
  readonly runtime: string;
  readonly tokens: readonly (readonly number[])[];
  readonly bosPrepended: boolean;
  readonly normalisation: string;
  /** Name → hash. */
  readonly dictionaries?: Readonly<Record<string, string>>;
  /** The request with its text resolved to tokens. */
  readonly request: unknown;
}

export function makeRecipe(facts: RecipeFacts): Recipe {
  const recipe = {
    model: facts.model,
    modelHash: facts.modelHash,
    engine: ENGINE_VERSION,
    runtime: facts.runtime,
    tokens: facts.tokens.map((row) => [...row]),
    bosPrepended: facts.bosPrepended,
    normalisation: facts.normalisation,
    dtype: "float32",
    weights: "as stored",
    ...(facts.dictionaries === undefined ? {} : { dictionaries: { ...facts.dictionaries } }),
    request: facts.request,
  };
  return { ...recipe, hash: sha256(canonicalJson(recipe)) };
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
