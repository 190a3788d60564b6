/** Which analysis answers which question of the contract. */
import type { AnswerOf, QuestionName, QuestionOf } from "@patchbay/contract";
import { attributionGraph } from "../attribution-graph/attribution-graph.ts";
import { featureConnections } from "../attribution-graph/feature-connections.ts";
import { featureSimilarities } from "../attribution-graph/feature-similarities.ts";
import { graphDeletion } from "../attribution-graph/graph-deletion.ts";
import { graphIntervention } from "../attribution-graph/graph-intervention.ts";
import type { GraphParts } from "../attribution-graph/replacement-model.ts";
import { compareCircuits } from "../circuits/compare-circuits.ts";
import { evaluateCircuit } from "../circuits/evaluate-circuit.ts";
import { decompositionCircuit } from "../decomposition/circuit.ts";
import { decompose } from "../decomposition/decompose.ts";
import { deletionCurve } from "../decomposition/deletion-curve.ts";
import { edgeAttribution, edgeCircuits } from "../edge-attribution/edge-attribution.ts";
import { traceFact } from "../fact-trace/trace-fact.ts";
import { frequencyView } from "../frequencies/frequency-view.ts";
import { estimateSweep } from "../gradients/estimate-sweep.ts";
import { tokenAttribution } from "../gradients/token-attribution.ts";
import type { WorkContext } from "../model-service.ts";
import { observe } from "../observables/observe.ts";
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

export const ANSWERS: Answers = {
  sweep: (parts, request, context) =>
    (request.estimate ?? "exact") === "exact" ? sweep(parts, request, context) : estimateSweep(parts, request, context),
  attributeEdges: edgeAttribution,
  evaluateEdges: edgeCircuits,
  attributeTokens: tokenAttribution,
  attributionGraph,
  graphIntervention,
  graphDeletion,
  featureConnections,
  featureSimilarities,
  decompose,
  deletionCurve,
  decompositionCircuit,
  observe,
  traceFact,
  evaluateCircuit,
  compareCircuits,
  frequencies: frequencyView,
};
