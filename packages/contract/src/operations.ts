/**
 * The table of operations: one entry per endpoint. The server registers its handlers against it, OpenAPI is made from it,
 * and the typed client is derived from it, so the three cannot tell different stories.
 */
import { z } from "zod";
import {
  Circuit,
  CircuitList,
  CircuitSummary,
  DocumentPageQuery,
  GraphDocument,
  GraphList,
  SavedGraph,
  StoredCircuit,
} from "./circuits.ts";
import { DictionaryList, DictionaryName, DictionaryPage, FeaturePage } from "./dictionaries.ts";
import { GenerationRequest, GenerationResult } from "./generation.ts";
import { Comparison, ComparisonRequest } from "./honesty.ts";
import { Job, JobRequest } from "./jobs.ts";
import { ModelPage, ModelSummary, TokensRequest, VocabularySearch, VocabularySearchQuery } from "./models.ts";
import {
  DoseResponseRequest,
  DoseResponseResult,
  MapVariant,
  NeuronList,
  NeuronListQuery,
  NeuronPage,
  NeuronScatter,
  NeuronSide,
  TokenNeurons,
} from "./neurons.ts";
import { ModelName, Token } from "./primitives.ts";
import { QUESTION_OPERATIONS } from "./questions.ts";
import { RunRequest } from "./run-request.ts";
import { RunResult } from "./run-result.ts";
import { ReplayReport, Snapshot, SnapshotList, SnapshotRequest, SnapshotSummary } from "./snapshots.ts";
import {
  UnitEffect,
  UnitEffectRequest,
  UnitLabelRequest,
  UnitList,
  UnitListQuery,
  UnitPage,
  UnitPageQuery,
  UnitTextSearch,
  UnitTextSearchRequest,
} from "./units.ts";

export interface Operation {
  readonly method: "GET" | "POST" | "DELETE";
  /** Below /api/v1, with {parameters}. */
  readonly path: string;
  readonly summary: string;
  readonly tag: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly response: z.ZodType;
  /** Also answers as server-sent events. */
  readonly events?: string;
  /** Also answers as safetensors when `Accept: application/vnd.safetensors`. */
  readonly binary?: boolean;
  /** Bytes of a body at most; default 10 MiB. */
  readonly bodyLimit?: number;
}

/** Attribution graphs of 100 MB are met in the wild. */
const GRAPH_BYTES = 128 * 1024 * 1024;

const model = z.object({ model: ModelName });
const neuron = model.extend({ layer: z.coerce.number().int().min(0), neuron: z.coerce.number().int().min(0) });
const dictionary = model.extend({ dictionary: DictionaryName });
const feature = dictionary.extend({ feature: z.coerce.number().int().min(0) });
const unit = model.extend({ source: z.string(), unit: z.coerce.number().int().min(0) });
const id = z.object({ id: z.string() });
const Health = z.object({
  status: z.literal("ok"),
  engine: z.string(),
  runtime: z.string(),
  uptimeSeconds: z.number(),
  queue: z.object({ running: z.int(), waiting: z.int() }).describe("Calls."),
  questions: z
    .object({ running: z.int(), waiting: z.int() })
    .describe("Questions about causes, with turns of their own."),
  memory: z.object({ sessionBytes: z.int(), budgetBytes: z.int(), residentBytes: z.int() }),
  setup: z
    .object({ state: z.enum(["ready", "working", "failed"]), message: z.string(), progress: z.number() })
    .describe("The bundled model's first fetch and conversion."),
});

export const OPERATIONS = {
  health: { method: "GET", path: "/health", tag: "Server", summary: "State of the server", response: Health },
  listModels: {
    method: "GET",
    path: "/models",
    tag: "Models",
    summary: "Installed models",
    response: z.object({ models: z.array(ModelSummary) }),
  },
  getModel: {
    method: "GET",
    path: "/models/{model}",
    tag: "Models",
    summary: "One model, with every hook site and its shape",
    params: model,
    response: ModelPage,
  },
  unloadModel: {
    method: "POST",
    path: "/models/{model}/unload",
    tag: "Models",
    summary: "Release the model's sessions and caches",
    params: model,
    response: z.object({ releasedBytes: z.int() }),
  },
  tokenize: {
    method: "POST",
    path: "/models/{model}/tokens",
    tag: "Models",
    summary: "Text to tokens with exact character offsets",
    params: model,
    body: TokensRequest,
    response: z.object({ tokens: z.array(Token) }),
  },
  searchVocabulary: {
    method: "GET",
    path: "/models/{model}/vocabulary",
    tag: "Models",
    summary: "Tokens of the vocabulary whose text contains the query",
    params: model,
    query: VocabularySearchQuery,
    response: VocabularySearch,
  },
  run: {
    method: "POST",
    path: "/runs",
    tag: "Runs",
    summary: "Run a prompt under interventions and compute from the pass",
    body: RunRequest,
    response: RunResult,
    binary: true,
  },
  generate: {
    method: "POST",
    path: "/generations",
    tag: "Runs",
    summary: "Continue a prompt under interventions",
    body: GenerationRequest,
    response: GenerationResult,
    events: "start, token (each), done; or problem",
  },
  doseResponse: {
    method: "POST",
    path: "/dose-responses",
    tag: "Neurons",
    summary: "Clamp a neuron at many values in one batched run",
    body: DoseResponseRequest,
    response: DoseResponseResult,
  },
  ...QUESTION_OPERATIONS,
  listNeurons: {
    method: "GET",
    path: "/models/{model}/neurons",
    tag: "Neurons",
    summary: "Neurons by layer, peakedness, token read or written",
    params: model,
    query: NeuronListQuery,
    response: NeuronList,
  },
  scatterNeurons: {
    method: "GET",
    path: "/models/{model}/neurons/scatter",
    tag: "Neurons",
    summary: "Peakedness of every neuron, columnar",
    params: model,
    query: z.object({ side: NeuronSide.optional(), variant: MapVariant.optional() }),
    response: NeuronScatter,
  },
  tokenNeurons: {
    method: "GET",
    path: "/models/{model}/neurons/by-token",
    tag: "Neurons",
    summary: "Which neurons read or write a token",
    params: model,
    query: z.object({
      token: z.string().min(1).describe("Exact token text, or #id."),
      side: NeuronSide.optional(),
      variant: MapVariant.optional(),
      limit: z.coerce.number().int().min(1).max(500).optional(),
    }),
    response: TokenNeurons,
  },
  getNeuron: {
    method: "GET",
    path: "/models/{model}/layers/{layer}/neurons/{neuron}",
    tag: "Neurons",
    summary: "One neuron: what it reads and writes",
    params: neuron,
    response: NeuronPage,
  },
  listDictionaries: {
    method: "GET",
    path: "/models/{model}/dictionaries",
    tag: "Dictionaries",
    summary: "Installed dictionaries of a model, with their quality",
    params: model,
    response: DictionaryList,
  },
  getDictionary: {
    method: "GET",
    path: "/models/{model}/dictionaries/{dictionary}",
    tag: "Dictionaries",
    summary: "One dictionary: quality, recipe, caveats",
    params: dictionary,
    response: DictionaryPage,
  },
  removeDictionary: {
    method: "DELETE",
    path: "/models/{model}/dictionaries/{dictionary}",
    tag: "Dictionaries",
    summary: "Remove a dictionary (not a bundled one)",
    params: dictionary,
    response: z.object({ removed: DictionaryName }),
  },
  getFeature: {
    method: "GET",
    path: "/models/{model}/dictionaries/{dictionary}/features/{feature}",
    tag: "Dictionaries",
    summary: "One feature by its weights: tokens read and written, neighbours, seeds",
    params: feature,
    response: FeaturePage,
  },
  compareDictionaries: {
    method: "POST",
    path: "/dictionary-comparisons",
    tag: "Dictionaries",
    summary: "Match the features of two dictionaries",
    body: ComparisonRequest,
    response: Comparison,
  },
  listUnits: {
    method: "GET",
    path: "/models/{model}/units",
    tag: "Units",
    summary: "Search neurons and features by tokens, statistics, labels",
    params: model,
    query: UnitListQuery,
    response: UnitList,
  },
  searchUnitsByText: {
    method: "POST",
    path: "/models/{model}/units/by-text",
    tag: "Units",
    summary: "Which units fire on a text more than elsewhere",
    params: model,
    body: UnitTextSearchRequest,
    response: UnitTextSearch,
  },
  getUnit: {
    method: "GET",
    path: "/models/{model}/units/{source}/{unit}",
    tag: "Units",
    summary: "What a neuron or feature does on text: statistics and examples",
    params: unit,
    query: UnitPageQuery,
    response: UnitPage,
  },
  labelUnit: {
    method: "POST",
    path: "/models/{model}/units/{source}/{unit}/label",
    tag: "Units",
    summary: "Set or remove a unit's label",
    params: unit,
    body: UnitLabelRequest,
    response: z.object({ label: z.string().nullable() }),
  },
  unitEffect: {
    method: "POST",
    path: "/unit-effects",
    tag: "Units",
    summary: "Ablate or clamp a unit on its own examples, against random units",
    body: UnitEffectRequest,
    response: UnitEffect,
  },
  createJob: {
    method: "POST",
    path: "/jobs",
    tag: "Jobs",
    summary: "Start a long computation",
    body: JobRequest,
    response: Job,
  },
  listJobs: {
    method: "GET",
    path: "/jobs",
    tag: "Jobs",
    summary: "Jobs, newest first",
    response: z.object({ jobs: z.array(Job) }),
  },
  getJob: { method: "GET", path: "/jobs/{id}", tag: "Jobs", summary: "One job", params: id, response: Job },
  cancelJob: {
    method: "POST",
    path: "/jobs/{id}/cancel",
    tag: "Jobs",
    summary: "Stop a job",
    params: id,
    response: Job,
  },
  pauseJob: {
    method: "POST",
    path: "/jobs/{id}/pause",
    tag: "Jobs",
    summary: "Pause a job at its next safe point; resume continues from there",
    params: id,
    response: Job,
  },
  resumeJob: {
    method: "POST",
    path: "/jobs/{id}/resume",
    tag: "Jobs",
    summary: "Continue a paused job",
    params: id,
    response: Job,
  },
  watchJob: {
    method: "GET",
    path: "/jobs/{id}/events",
    tag: "Jobs",
    summary: "Progress of a job as it happens",
    params: id,
    response: Job,
    events: "job (each change, the whole job as data), until done, failed or cancelled",
  },
  createSnapshot: {
    method: "POST",
    path: "/snapshots",
    tag: "Findings",
    summary: "Compute and store an immutable finding",
    body: SnapshotRequest,
    response: SnapshotSummary,
  },
  listSnapshots: {
    method: "GET",
    path: "/snapshots",
    tag: "Findings",
    summary: "Findings, newest first",
    query: z.object({
      offset: z.coerce.number().int().min(0).optional(),
      limit: z.coerce.number().int().min(1).max(200).optional(),
    }),
    response: SnapshotList,
  },
  getSnapshot: {
    method: "GET",
    path: "/snapshots/{id}",
    tag: "Findings",
    summary: "A finding with its stored numbers",
    params: id,
    response: Snapshot,
  },
  replaySnapshot: {
    method: "POST",
    path: "/snapshots/{id}/replay",
    tag: "Findings",
    summary: "Compute a finding again and compare",
    params: id,
    response: ReplayReport,
  },
  listCircuits: {
    method: "GET",
    path: "/circuits",
    tag: "Circuits",
    summary: "Saved circuits, newest first",
    query: DocumentPageQuery,
    response: CircuitList,
  },
  saveCircuit: {
    method: "POST",
    path: "/circuits",
    tag: "Circuits",
    summary: "Save a circuit; the same circuit again keeps the first",
    body: Circuit,
    response: CircuitSummary,
  },
  getCircuit: {
    method: "GET",
    path: "/circuits/{id}",
    tag: "Circuits",
    summary: "A saved circuit",
    params: id,
    response: StoredCircuit,
  },
  removeCircuit: {
    method: "DELETE",
    path: "/circuits/{id}",
    tag: "Circuits",
    summary: "Remove a saved circuit",
    params: id,
    response: z.object({ removed: z.string() }),
  },
  listGraphs: {
    method: "GET",
    path: "/graphs",
    tag: "Circuits",
    summary: "Saved attribution graphs, newest first",
    query: DocumentPageQuery,
    response: GraphList,
  },
  saveGraph: {
    method: "POST",
    path: "/graphs",
    tag: "Circuits",
    summary: "Save an attribution graph: ours, or the JSON of circuit-tracer and Neuronpedia",
    body: GraphDocument,
    response: SavedGraph,
    bodyLimit: GRAPH_BYTES,
  },
  getGraph: {
    method: "GET",
    path: "/graphs/{id}",
    tag: "Circuits",
    summary: "A saved attribution graph",
    params: id,
    query: z.object({ format: z.enum(["patchbay", "neuronpedia"]).optional().describe("Default patchbay.") }),
    response: GraphDocument,
  },
  removeGraph: {
    method: "DELETE",
    path: "/graphs/{id}",
    tag: "Circuits",
    summary: "Remove a saved attribution graph",
    params: id,
    response: z.object({ removed: z.string() }),
  },
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof OPERATIONS;
type Table = typeof OPERATIONS;
type InferInput<T> = T extends z.ZodType ? z.input<T> : undefined;
type InferOutput<T> = T extends z.ZodType ? z.output<T> : undefined;

export type ParamsOf<Name extends OperationName> = Table[Name] extends { params: infer P } ? InferInput<P> : undefined;
export type QueryOf<Name extends OperationName> = Table[Name] extends { query: infer Q } ? InferInput<Q> : undefined;
export type BodyOf<Name extends OperationName> = Table[Name] extends { body: infer B } ? InferInput<B> : undefined;
export type ResponseOf<Name extends OperationName> = InferOutput<Table[Name]["response"]>;
/** What a handler receives after validation. */
export type CheckedParamsOf<Name extends OperationName> = Table[Name] extends { params: infer P }
  ? InferOutput<P>
  : undefined;
export type CheckedQueryOf<Name extends OperationName> = Table[Name] extends { query: infer Q }
  ? InferOutput<Q>
  : undefined;
export type CheckedBodyOf<Name extends OperationName> = Table[Name] extends { body: infer B }
  ? InferOutput<B>
  : undefined;

export const API_PREFIX = "/api/v1";
