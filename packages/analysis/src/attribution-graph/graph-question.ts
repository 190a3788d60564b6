/** What every question about a graph starts with: the model's dictionaries, the recorded pass, the targets. */
import type { GraphRequest, Recipe, Token } from "@patchbay/contract";
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import { inputOf } from "../run/model-parts.ts";
import { resolvePosition } from "../run/positions.ts";
import { makeRecipe } from "../run/recipe.ts";
import type { ResolvedInput } from "../run/resolve-input.ts";
import { type Answer, type ResolvedTarget, resolveTargets } from "./graph-targets.ts";
import { type RecordedRun, recordRun } from "./recorded-run.ts";
import { type GraphParts, openReplacementModel, type ReplacementModel } from "./replacement-model.ts";

export interface GraphQuestion {
  readonly input: ResolvedInput;
  /** The tokens up to the position. */
  readonly described: readonly Token[];
  readonly position: number;
  readonly replacement: ReplacementModel;
  readonly run: RecordedRun;
  readonly targets: readonly ResolvedTarget[];
  readonly answer: Answer;
}

type Asked = Pick<GraphRequest, "input" | "dictionaries" | "target" | "position">;

export async function openQuestion(parts: GraphParts, asked: Asked, signal: AbortSignal): Promise<GraphQuestion> {
  const input = inputOf(parts, asked.input);
  if (input.tokens.length !== 1) {
    throw new PatchbayError("invalid-request", "A graph is of one prompt.", {
      expected: "one row of tokens",
      received: `${input.tokens.length} rows`,
      at: "input/tokens",
    });
  }
  const position = resolvePosition(asked.position ?? -1, input.length, "position");
  const replacement = await openReplacementModel(parts, asked.dictionaries);
  // What lies behind the position cannot have caused what is read there.
  const tokens = ensureDefined(input.tokens[0]).slice(0, position + 1);
  const described = ensureDefined(input.described[0]).slice(0, position + 1);
  const run = await recordRun(parts.engine, replacement, tokens, signal);
  const { targets, answer } = await resolveTargets(parts, run, position, asked.target, signal);
  return { input, described, position, replacement, run, targets, answer };
}

/** The recipe names every dictionary that was used, asked for or not. */
export function recipeOfQuestion(
  parts: GraphParts,
  { input, replacement }: Pick<GraphQuestion, "input" | "replacement">,
  request: object & { readonly input: unknown },
): Recipe {
  const used = replacement.layers.flatMap((layer) =>
    layer === undefined ? [] : [[layer.dictionary.spec.name, layer.dictionary.hash] as const],
  );
  return makeRecipe({
    model: parts.name,
    modelHash: parts.engine.model.hash,
    runtime: parts.runtimeVersion,
    tokens: input.tokens,
    bosPrepended: input.bosPrepended,
    normalisation: "final norm",
    dictionaries: Object.fromEntries(used),
    request: { ...request, input: { tokens: input.tokens } },
  });
}
