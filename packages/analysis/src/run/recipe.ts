/** The recipe: everything needed to compute the same numbers again, with one hash over it. */
import { createHash } from "node:crypto";
import type { Recipe } from "@patchbay/contract";

/** Version of the engine's arithmetic. It changes when the same request may give other numbers. */
export const ENGINE_VERSION = "0.1.0";

export interface RecipeFacts {
  readonly model: string;
  readonly modelHash: string;
  readonly runtime: string;
  readonly tokens: readonly (readonly number[])[];
  readonly bosPrepended: boolean;
  readonly normalisation: string;
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
    request: facts.request,
  };
  return { ...recipe, hash: sha256(canonicalJson(recipe)) };
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** JSON with sorted keys and without undefined fields: equal documents have equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`);
    return `{${fields.join(",")}}`;
  }
  return JSON.stringify(value);
}
