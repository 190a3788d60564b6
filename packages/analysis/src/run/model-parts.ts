/** What every computation on an opened model needs. */
import type { Recipe, RunInput, RunRequest } from "@patchbay/contract";
import type { Engine, Tokenizer } from "@patchbay/transformer";
import type { DictionaryLookup, InterventionContext } from "./intervention-context.ts";
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
  readonly dictionaries: DictionaryLookup;
}

export function inputOf({ tokenizer, prependBos, engine }: ModelParts, input: RunInput): ResolvedInput {
  return resolveInput(input, { tokenizer, prependBos, context: engine.model.shape.context });
}

export async function recipeOf(
  parts: ModelParts,
  input: ResolvedInput,
  normalisation: string,
  request: NamesDictionaries,
): Promise<Recipe> {
  const dictionaries = await dictionaryHashes(parts, request);
  return makeRecipe({
    model: parts.name,
    modelHash: parts.engine.model.hash,
    runtime: parts.runtimeVersion,
    tokens: input.tokens,
    bosPrepended: input.bosPrepended,
    normalisation,
    ...(dictionaries === undefined ? {} : { dictionaries }),
    request: { ...request, input: { tokens: input.tokens } },
  });
}

/** What resolving the interventions of a request on this input needs. `generated`: positions that may be generated. */
export function interventionContextOf(
  parts: ModelParts,
  input: ResolvedInput,
  generated: number,
  signal: AbortSignal,
): InterventionContext {
  const { engine, maximumOf, dictionaries } = parts;
  return { engine, input, generated, resolveInput: (other) => inputOf(parts, other), maximumOf, dictionaries, signal };
}

/** What a request of any kind may hold that names dictionaries. */
type NamesDictionaries = object & Partial<Pick<RunRequest, "interventions" | "compute">>;

/** Hashes of the dictionaries that a request names, for its recipe. */
export async function dictionaryHashes(
  { dictionaries }: ModelParts,
  { interventions = [], compute }: NamesDictionaries,
): Promise<Record<string, string> | undefined> {
  const names = new Set<string>();
  for (const intervention of interventions) {
    if (!intervention.site.includes("hook_")) names.add(intervention.site);
    if ("direction" in intervention && intervention.direction !== undefined)
      names.add(intervention.direction.dictionary);
  }
  for (const { dictionary } of compute?.features ?? []) names.add(dictionary);
  if (names.size === 0) return undefined;
  const found = await Promise.all([...names].sort().map(async (name) => [name, (await dictionaries.find(name)).hash]));
  return Object.fromEntries(found) as Record<string, string>;
}
