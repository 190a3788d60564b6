/** Which analysis answers which question of the contract. */
import type { AnswerOf, QuestionName, QuestionOf } from "@patchbay/contract";
import { PatchbayError } from "@patchbay/vocabulary";
import { attributionGraph } from "../attribution-graph/attribution-graph.ts";
import type { GraphParts } from "../attribution-graph/replacement-model.ts";
import { decompose } from "../decomposition/decompose.ts";
import { frequencyView } from "../frequencies/frequency-view.ts";
import { tokenAttribution } from "../gradients/token-attribution.ts";
import type { WorkContext } from "../model-service.ts";
import { type SweepParts, sweep } from "../sweeps/sweep.ts";

/** What every question may need of its model. */
export type AnswerParts = SweepParts & GraphParts;

type Answers = {
  readonly [Name in QuestionName]: (
    parts: AnswerParts,
    request: QuestionOf<Name>,
    context: WorkContext,
  ) => Promise<AnswerOf<Name>>;
};

const pending = async (): Promise<never> => {
  throw new PatchbayError("not-ready", "This question cannot be answered yet.");
};

export const ANSWERS: Answers = {
  sweep,
  attributeEdges: pending,
  evaluateEdges: pending,
  attributeTokens: tokenAttribution,
  attributionGraph,
  graphIntervention: pending,
  graphDeletion: pending,
  featureConnections: pending,
  decompose,
  deletionCurve: pending,
  decompositionCircuit: pending,
  observe: pending,
  traceFact: pending,
  evaluateCircuit: pending,
  compareCircuits: pending,
  frequencies: frequencyView,
};
