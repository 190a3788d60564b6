/** What every computation on an opened model needs. */
import type { Recipe, RunInput } from "@patchbay/contract";
import type { Engine, Tokenizer } from "@patchbay/transformer";
import { makeRecipe } from "./recipe.ts";
import { type ResolvedInput, resolveInput } from "./resolve-input.ts";

export interface ModelParts {
  readonly name: string;
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  /** The model's own rule for text. */
  readonly prependBos: boolean;
  readonly runtimeVersion: string;
  /** @throws PatchbayError `not-ready` until reference statistics exist. */
  readonly maximumOf: (layer: number, neuron: number) => Promise<number>;
}

export function inputOf({ tokenizer, prependBos, engine }: ModelParts, input: RunInput): ResolvedInput {
  return resolveInput(input, { tokenizer, prependBos, context: engine.model.shape.context });
}

export function recipeOf(parts: ModelParts, input: ResolvedInput, normalisation: string, request: object): Recipe {
  return makeRecipe({
    model: parts.name,
    modelHash: parts.engine.model.hash,
    runtime: parts.runtimeVersion,
    tokens: input.tokens,
    bosPrepended: input.bosPrepended,
    normalisation,
    request: { ...request, input: { tokens: input.tokens } },
  });
}
