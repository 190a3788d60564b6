/**
 * Questions about causes: one table, from which come the operations, the parts of findings, and the calls of a model service.
 * Each is asked by POST, answers as JSON or as a stream of events, and can be stored in a finding and computed again.
 */
import type { z } from "zod";
import {
  CircuitComparison,
  CircuitComparisonRequest,
  CircuitEvaluation,
  CircuitEvaluationRequest,
} from "./circuits.ts";
import {
  Decomposition,
  DecompositionCircuit,
  DecompositionCircuitRequest,
  DecompositionRequest,
  DeletionCurve,
  DeletionCurveRequest,
} from "./decompositions.ts";
import { EdgeAttribution, EdgeAttributionRequest, EdgeCircuitRequest, EdgeCircuitResult } from "./edge-attributions.ts";
import { FactTrace, FactTraceRequest } from "./fact-traces.ts";
import { FrequencyRequest, FrequencyView } from "./frequencies.ts";
import {
  FeatureConnections,
  FeatureConnectionsRequest,
  FeatureSimilarities,
  FeatureSimilaritiesRequest,
  GraphDeletionRequest,
  GraphDeletionResult,
  GraphInterventionRequest,
  GraphInterventionResult,
  GraphRequest,
  GraphResult,
} from "./graphs.ts";
import { ObservableRequest, ObservableResult } from "./observables.ts";
import { SweepRequest, SweepResult } from "./sweeps.ts";
import { TokenAttribution, TokenAttributionRequest } from "./token-attributions.ts";

export interface Question {
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  /** What a part of a finding that holds such an answer is called; absent where an answer is no finding. */
  readonly part?: string;
  readonly request: z.ZodType;
  readonly result: z.ZodType;
}

export const QUESTIONS = {
  sweep: {
    path: "/sweeps",
    tag: "Sweeps",
    summary: "Ablate or patch one place at a time and read one number of the run",
    part: "sweep",
    request: SweepRequest,
    result: SweepResult,
  },
  attributeEdges: {
    path: "/edge-attributions",
    tag: "Sweeps",
    summary: "Which edges between components carry an answer (EAP, EAP-IG), checked exactly on request",
    part: "edge-attribution",
    request: EdgeAttributionRequest,
    result: EdgeAttribution,
  },
  evaluateEdges: {
    path: "/edge-evaluations",
    tag: "Sweeps",
    summary: "What is left of an answer when only these edges carry the clean run",
    part: "edge-evaluation",
    request: EdgeCircuitRequest,
    result: EdgeCircuitResult,
  },
  attributeTokens: {
    path: "/token-attributions",
    tag: "Sweeps",
    summary: "How much each input token counts, by gradients (integrated gradients, gradient × input)",
    part: "token-attribution",
    request: TokenAttributionRequest,
    result: TokenAttribution,
  },
  attributionGraph: {
    path: "/attribution-graphs",
    tag: "Circuits",
    summary: "Which features, errors and tokens caused an answer: the attribution graph of a prompt",
    part: "attribution-graph",
    request: GraphRequest,
    result: GraphResult,
  },
  graphIntervention: {
    path: "/graph-interventions",
    tag: "Circuits",
    summary: "Change nodes of an attribution graph in the model: predicted against measured effect",
    part: "graph-intervention",
    request: GraphInterventionRequest,
    result: GraphInterventionResult,
  },
  graphDeletion: {
    path: "/graph-deletions",
    tag: "Circuits",
    summary: "Remove the top k features of a graph, and k random active ones, and read the answer",
    part: "graph-deletion",
    request: GraphDeletionRequest,
    result: GraphDeletionResult,
  },
  featureConnections: {
    path: "/feature-connections",
    tag: "Circuits",
    summary: "What a feature is connected to by weights alone, without any prompt",
    request: FeatureConnectionsRequest,
    result: FeatureConnections,
  },
  featureSimilarities: {
    path: "/feature-similarities",
    tag: "Circuits",
    summary: "Which features write alike: cosines of their decoder rows",
    request: FeatureSimilaritiesRequest,
    result: FeatureSimilarities,
  },
  decompose: {
    path: "/decompositions",
    tag: "Decompositions",
    summary: "A logit as an exact sum over input tokens, or over sets of components",
    part: "decomposition",
    request: DecompositionRequest,
    result: Decomposition,
  },
  deletionCurve: {
    path: "/deletion-curves",
    tag: "Decompositions",
    summary: "Delete tokens in order of attribution: decomposition against gradient × input and chance",
    part: "deletion-curve",
    request: DeletionCurveRequest,
    result: DeletionCurve,
  },
  decompositionCircuit: {
    path: "/decomposition-circuits",
    tag: "Decompositions",
    summary: "A circuit found by contextual decomposition, with its faithfulness by size",
    part: "decomposition-circuit",
    request: DecompositionCircuitRequest,
    result: DecompositionCircuit,
  },
  observe: {
    path: "/observables",
    tag: "Decompositions",
    summary: "A task as a weight vector over the vocabulary, carried back through heads and MLPs",
    part: "observable",
    request: ObservableRequest,
    result: ObservableResult,
  },
  traceFact: {
    path: "/fact-traces",
    tag: "Circuits",
    summary: "Where a subject is read, moved and turned into the answer",
    part: "fact-trace",
    request: FactTraceRequest,
    result: FactTrace,
  },
  evaluateCircuit: {
    path: "/circuit-evaluations",
    tag: "Circuits",
    summary: "Faithfulness, completeness and minimality of a circuit, against random ones",
    part: "circuit-evaluation",
    request: CircuitEvaluationRequest,
    result: CircuitEvaluation,
  },
  compareCircuits: {
    path: "/circuit-comparisons",
    tag: "Circuits",
    summary: "What two circuits share, against what chance would share",
    request: CircuitComparisonRequest,
    result: CircuitComparison,
  },
  frequencies: {
    path: "/frequency-views",
    tag: "Models",
    summary: "Which frequencies a model of modular arithmetic computes with, and what is left when they are removed",
    part: "frequency-view",
    request: FrequencyRequest,
    result: FrequencyView,
  },
} as const satisfies Record<string, Question>;

export type QuestionName = keyof typeof QUESTIONS;
export const QUESTION_NAMES = Object.keys(QUESTIONS) as readonly QuestionName[];
export type QuestionOf<Name extends QuestionName> = z.infer<(typeof QUESTIONS)[Name]["request"]>;
export type AnswerOf<Name extends QuestionName> = z.infer<(typeof QUESTIONS)[Name]["result"]>;

/** How far an answer has come. `details`: what a page may draw already, by question (a sweep's cells). */
export interface AskProgress {
  readonly fraction: number;
  readonly message: string;
  readonly details?: unknown;
}

/** The events of a streamed answer, in order. */
export type AskEvent<Name extends QuestionName> =
  | { readonly event: "progress"; readonly data: AskProgress }
  | { readonly event: "done"; readonly data: AnswerOf<Name> };

/** The question that a finding's part of this kind answers. */
export function questionOfPart(part: string): QuestionName | undefined {
  return QUESTION_NAMES.find((name) => partOf(name) === part);
}

/** Kinds of parts of findings that are answers to questions. */
export const QUESTION_PARTS: readonly string[] = QUESTION_NAMES.flatMap((name) => partOf(name) ?? []);

function partOf(name: QuestionName): string | undefined {
  const question: Question = QUESTIONS[name];
  return question.part;
}

type QuestionOperations = {
  readonly [Name in QuestionName]: {
    readonly method: "POST";
    readonly path: string;
    readonly tag: string;
    readonly summary: string;
    readonly body: (typeof QUESTIONS)[Name]["request"];
    readonly response: (typeof QUESTIONS)[Name]["result"];
    readonly events: string;
  };
};

/** The questions as entries of the table of operations. */
export const QUESTION_OPERATIONS = Object.fromEntries(
  Object.entries(QUESTIONS).map(([name, { path, tag, summary, request, result }]) => [
    name,
    {
      method: "POST",
      path,
      tag,
      summary,
      body: request,
      response: result,
      events: "progress (each: fraction, message, details), done (the answer); or problem",
    },
  ]),
) as unknown as QuestionOperations;
