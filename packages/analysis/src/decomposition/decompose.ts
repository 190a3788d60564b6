/**
 * Entry: one number of a run as an exact sum over input tokens and biases (DecompX), over components, and over sets of
 * components (contextual decomposition), in the frozen model.
 */
import type { Decomposition, DecompositionRequest } from "@patchbay/contract";
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import type { WorkContext } from "../model-service.ts";
import { inputOf, type ModelParts, recipeOf } from "../run/model-parts.ts";
import { contributionsOfSets } from "./component-sets.ts";
import { flowOf } from "./flow.ts";
import { recordFrozenRun } from "./frozen-run.ts";
import { resolveTarget } from "./target.ts";
import { sharesOf } from "./token-shares.ts";

export const FROZEN =
  "norm scales, attention patterns, and each neuron's activation / linear projection (gated: act(gate); plain: act(x)/x)";

export async function decompose(
  parts: ModelParts,
  request: DecompositionRequest,
  { signal, progress }: WorkContext,
): Promise<Decomposition> {
  const started = performance.now();
  const input = inputOf(parts, request.input);
  const tokens = onlyRow(input.tokens);
  const run = await recordFrozenRun(parts.engine, tokens, signal);
  const target = await resolveTarget(parts, run, request.target, signal);
  const shares = await sharesOf(parts.engine, run, target, signal);
  progress?.(request.sets === undefined && request.flow !== true ? 1 : 0.3, "shares of tokens and components");
  const sets =
    request.sets === undefined ? undefined : await contributionsOfSets(parts.engine, run, target, request.sets, signal);
  progress?.(0.6, "shares of sets");
  const flow =
    request.flow === true
      ? await flowOf(parts.engine, run, target, shares, ensureDefined(input.described[0]), signal)
      : undefined;
  return {
    tokens: ensureDefined(input.described[0]),
    target: { text: target.text, position: target.position, total: target.total },
    tokenShares: shares.tokenShares,
    ...(shares.positionShares === undefined ? {} : { positionShares: shares.positionShares }),
    biasShares: shares.biasShares,
    unexplained: shares.unexplained,
    components: shares.components,
    ...(sets === undefined ? {} : { sets }),
    ...(flow === undefined ? {} : { flow }),
    frozen: FROZEN,
    recipe: await recipeOf(parts, input, "frozen norm scales", request),
    milliseconds: performance.now() - started,
  };
}

export function onlyRow(tokens: readonly (readonly number[])[]): readonly number[] {
  const [row] = tokens;
  if (row !== undefined && tokens.length === 1) return row;
  throw new PatchbayError("invalid-request", "A decomposition is of one prompt.", {
    expected: "one row of tokens",
    received: `${tokens.length} rows`,
    at: "input/tokens",
  });
}
