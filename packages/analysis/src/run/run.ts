/** One run: resolves the request, plans the reads that all computations need, passes once, computes. */
import type { RunRequest, RunResult } from "@patchbay/contract";
import { realiseFeatureEdits } from "../features/realise-feature-edits.ts";
import type { RunAnswer, WorkContext } from "../model-service.ts";
import { inputOf, interventionContextOf, type ModelParts, recipeOf } from "./model-parts.ts";
import { prepareInterventions } from "./resolve-interventions.ts";
import { RunPlan } from "./run-plan.ts";

export async function executeRun(parts: ModelParts, request: RunRequest, { signal }: WorkContext): Promise<RunAnswer> {
  const started = performance.now();
  const input = inputOf(parts, request.input);
  const compute = request.compute ?? { logits: {} };
  const plan = await RunPlan.of(parts, input, {
    ...compute,
    ...(Object.keys(compute).length === 0 ? { logits: {} } : {}),
  });
  const context = interventionContextOf(parts, input, 0, signal);
  const items = await prepareInterventions(request.interventions ?? [], context);
  const edits = plan.editsThatAct(items, await realiseFeatureEdits(parts.engine, input.tokens, items, signal));

  const forward = await parts.engine.forward({
    tokens: input.tokens,
    edits,
    reads: plan.reads,
    until: plan.until,
    signal,
  });
  const { results, tensors, ids } = await plan.compute(forward, edits, items, signal);
  const named = new Set([...ids, ...input.tokens.flat()]);
  const result: RunResult = {
    tokens: input.described,
    texts: Object.fromEntries([...named].map((id) => [String(id), parts.tokenizer.textOf(id)])),
    results,
    recipe: await recipeOf(
      parts,
      input,
      compute.lens?.norm === "none" ? "none (raw residual stream)" : "final norm",
      request,
    ),
    milliseconds: performance.now() - started,
  };
  return { result, tensors };
}
