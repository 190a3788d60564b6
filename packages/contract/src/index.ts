export { TokenReference, Token, Positions, TensorJson, RankedToken, ModelName, Problem } from "./primitives.ts";
export { RunInput, InterventionPositions, Intervention, LogitsQuery, LensQuery, CaptureQuery, LedgerQuery, AttributionQuery, ComputeQuery, RunRequest } from "./run-request.ts";
export { LogitsResult, LensResult, CaptureResult, LedgerResult, AttributionComponent, AttributionResult, Recipe, RunResult } from "./run-result.ts";
export { Sampling, GenerationRequest, GeneratedToken, GenerationResult, type GenerationEvent } from "./generation.ts";
export { NeuronSide, MapVariant, NeuronRow, NeuronListQuery, NeuronList, NeuronScatter, NeuronSideReport, NeuronPage, TokenNeurons, ClampPlace, DoseResponseRequest, DoseResponseResult, SpecialisedNeuronTest } from "./neurons.ts";
export { SiteInfo, ModelSummary, ModelPage, TokensRequest, VocabularySearchQuery, VocabularySearch } from "./models.ts";
export { JobKind, JobRequest, JobState, Job } from "./jobs.ts";
export { SnapshotRequest, SnapshotPart, Snapshot, SnapshotSummary, SnapshotList, ReplayReport } from "./snapshots.ts";
export { OPERATIONS, API_PREFIX, type Operation, type OperationName, type ParamsOf, type QueryOf, type BodyOf, type ResponseOf, type CheckedParamsOf, type CheckedQueryOf, type CheckedBodyOf } from "./operations.ts";
