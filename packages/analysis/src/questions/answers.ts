/** Which analysis answers which question of the contract. */
import type { AnswerOf, QuestionName, QuestionOf } from "@patchbay/contract";
import { PatchbayError } from "@patchbay/vocabulary";
import type { WorkContext } from "../model-service.ts";
import type { ModelParts } from "../run/model-parts.ts";

type Answers = {
  readonly [Name in QuestionName]: (
    parts: ModelParts,
    request: QuestionOf<Name>,
    context: WorkContext,
  ) => Promise<AnswerOf<Name>>;
};

const pending = async (): Promise<never> => {
  throw new PatchbayError("not-ready", "This question cannot be answered yet.");
};

export const ANSWERS: Answers = {
  sweep: pending,
  attributeEdges: pending,
  evaluateEdges: pending,
  attributeTokens: pending,
  attributionGraph: pending,
  graphIntervention: pending,
  graphDeletion: pending,
  featureConnections: pending,
  decompose: pending,
  deletionCurve: pending,
  decompositionCircuit: pending,
  observe: pending,
  traceFact: pending,
  evaluateCircuit: pending,
  compareCircuits: pending,
};
