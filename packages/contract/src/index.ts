export {
  DictionaryKind,
  DictionaryList,
  DictionaryName,
  DictionaryPage,
  DictionaryQuality,
  DictionarySummary,
  FeatureNeighbour,
  FeaturePage,
  SeedBadge,
  SetQuality,
  TokenSide,
} from "./dictionaries.ts";
export { FeatureQuery, FeatureResult } from "./features.ts";
export { GeneratedToken, type GenerationEvent, GenerationRequest, GenerationResult, Sampling } from "./generation.ts";
export {
  Comparison,
  ComparisonRequest,
  ComparisonVectors,
  DarkMatter,
  DarkMatterRequest,
  Rewrite,
  RewriteRequest,
  Simulator,
} from "./honesty.ts";
export { Job, JobKind, JobRequest, type JobRequestOf, JobState } from "./jobs.ts";
export { Metric } from "./metrics.ts";
export { ModelPage, ModelSummary, SiteInfo, TokensRequest, VocabularySearch, VocabularySearchQuery } from "./models.ts";
export {
  ClampPlace,
  DoseResponseRequest,
  DoseResponseResult,
  MapVariant,
  NeuronList,
  NeuronListQuery,
  NeuronPage,
  NeuronRow,
  NeuronScatter,
  NeuronSide,
  NeuronSideReport,
  SpecialisedNeuronTest,
  TokenNeurons,
} from "./neurons.ts";
export {
  API_PREFIX,
  type BodyOf,
  type CheckedBodyOf,
  type CheckedParamsOf,
  type CheckedQueryOf,
  OPERATIONS,
  type Operation,
  type OperationName,
  type ParamsOf,
  type QueryOf,
  type ResponseOf,
} from "./operations.ts";
export { ModelName, Positions, Problem, RankedToken, TensorJson, Token, TokenReference } from "./primitives.ts";
export {
  AttributionQuery,
  CaptureQuery,
  ComputeQuery,
  Intervention,
  InterventionPositions,
  LedgerQuery,
  LensQuery,
  LogitsQuery,
  RunInput,
  RunRequest,
} from "./run-request.ts";
export {
  AttributionComponent,
  AttributionResult,
  CaptureResult,
  LedgerResult,
  LensResult,
  LogitsResult,
  Recipe,
  RunResult,
} from "./run-result.ts";
export { ReplayReport, Snapshot, SnapshotList, SnapshotPart, SnapshotRequest, SnapshotSummary } from "./snapshots.ts";
export {
  TrainingCorpus,
  TrainingLive,
  TrainingOutcome,
  TrainingPoint,
  TrainingRequest,
  TrainingSparsity,
  TrainingTarget,
} from "./training.ts";
export {
  UnitEffect,
  UnitEffectRequest,
  UnitExample,
  UnitExampleGroup,
  UnitLabelRequest,
  UnitList,
  UnitListQuery,
  UnitPage,
  UnitPageQuery,
  UnitRow,
  UnitSort,
  UnitSource,
  UnitStatistics,
  UnitTextSearch,
  UnitTextSearchRequest,
} from "./units.ts";
