/** Which model the room speaks about. */
import type { ModelSummary } from "@patchbay/contract";
import { useModel, useModels } from "../../shell/models.ts";
import type { ProblemFacts } from "../../shell/ui/ErrorState.tsx";

export interface Place {
  /** undefined while the models load, and where the address names one that is not installed. */
  readonly model: ModelSummary | undefined;
  readonly problem: ProblemFacts | undefined;
}

export function usePlace(named: string | undefined): Place {
  const { status, problem } = useModels();
  const model = useModel(named);
  const settled = status === "ready" || status === "failed";
  if (model !== undefined || !settled) return { model, problem: undefined };
  const missing = {
    title: named === undefined ? "No model is installed" : `There is no model “${named}”`,
    detail:
      named === undefined
        ? "This room takes a model's answers apart. Add one first: npx patchbay add PATH."
        : "It may have been removed, or the address is mistyped.",
  };
  return { model: undefined, problem: problem ?? missing };
}
