/**
 * What an installed model offers to the server and the command line: the whole API of one model as plain calls.
 * `openModelService` (open-model-service.ts) makes one from a model folder and an engine.
 */
import type {
  AnswerOf,
  Comparison,
  ComparisonRequest,
  DarkMatter,
  DictionaryList,
  DictionaryPage,
  DoseResponseRequest,
  DoseResponseResult,
  FeaturePage,
  GeneratedToken,
  GenerationRequest,
  GenerationResult,
  JobRequestOf,
  MapVariant,
  ModelPage,
  ModelSummary,
  NeuronList,
  NeuronListQuery,
  NeuronPage,
  NeuronScatter,
  NeuronSide,
  QuestionName,
  QuestionOf,
  Recipe,
  Rewrite,
  RunRequest,
  RunResult,
  SpecialisedNeuronTest,
  Token,
  TokenNeurons,
  TrainingOutcome,
  UnitEffect,
  UnitEffectRequest,
  UnitList,
  UnitListQuery,
  UnitPage,
  UnitTextSearch,
  UnitTextSearchRequest,
  VocabularySearch,
} from "@patchbay/contract";
import type { Tensor } from "@patchbay/vocabulary";

export interface WorkContext {
  /** Aborted when the client goes away or the job is cancelled; work stops at the next block. */
  readonly signal: AbortSignal;
  /** Fraction in 0…1, a line for people, and what a page may draw while the work goes on. */
  readonly progress?: (fraction: number, message: string, details?: unknown) => void;
}

export interface RunAnswer {
  readonly result: RunResult;
  /** The same large arrays as in `result`, undecimated and unserialised, by JSON pointer: "results/capture/0/values". */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

export interface GenerationStart {
  readonly prompt: Token[][];
  readonly recipe: Recipe;
}

/** Where derived data of a model is kept between starts. Keys are file names such as "neuron-map.safetensors". */
export interface ArtefactStore {
  read(key: string): Promise<Uint8Array | undefined>;
  /** Atomic: a reader sees the old bytes or the new, never a part. */
  write(key: string, bytes: Uint8Array): Promise<void>;
  /** Keys that begin so, in alphabetical order. */
  list(prefix: string): Promise<string[]>;
  /** Nothing happens where there is none. */
  remove(key: string): Promise<void>;
}

/** Labels that people gave to units, by source ("blocks.3.mlp.hook_post", or a dictionary's name) and unit. */
export interface UnitLabels {
  list(): Promise<readonly { readonly source: string; readonly unit: number; readonly label: string }[]>;
  /** An empty label removes it. */
  set(source: string, unit: number, label: string): Promise<void>;
}

export interface DictionaryService {
  list(): Promise<DictionaryList>;
  page(name: string): Promise<DictionaryPage>;
  remove(name: string): Promise<void>;
  feature(dictionary: string, feature: number): Promise<FeaturePage>;
  compare(request: ComparisonRequest, context: WorkContext): Promise<Comparison>;
  /** Measures the named dictionaries (default all) on held-out text and stores the numbers. */
  measure(request: JobRequestOf<"dictionary-quality">, context: WorkContext): Promise<object>;
  train(request: JobRequestOf<"train-dictionary">, context: WorkContext): Promise<TrainingOutcome>;
  darkMatter(request: JobRequestOf<"dark-matter">, context: WorkContext): Promise<DarkMatter>;
  rewrite(request: JobRequestOf<"rewrite">, context: WorkContext): Promise<Rewrite>;
}

export interface UnitService {
  list(query: UnitListQuery): Promise<UnitList>;
  byText(request: UnitTextSearchRequest, context: WorkContext): Promise<UnitTextSearch>;
  page(source: string, unit: number, examples: number | undefined, context: WorkContext): Promise<UnitPage>;
  label(source: string, unit: number, label: string): Promise<string | null>;
  effect(request: UnitEffectRequest, context: WorkContext): Promise<UnitEffect>;
  index(request: JobRequestOf<"unit-index">, context: WorkContext): Promise<object>;
}

export interface ModelService {
  readonly name: string;
  readonly hash: string;
  readonly dictionaries: DictionaryService;
  readonly units: UnitService;
  summary(): ModelSummary;
  page(): ModelPage;
  tokenize(text: string, prependBos?: boolean): Token[];
  searchVocabulary(query: string, limit: number): VocabularySearch;

  run(request: RunRequest, context: WorkContext): Promise<RunAnswer>;
  generate(
    request: GenerationRequest,
    context: WorkContext,
    listen?: { start?(start: GenerationStart): void; token?(token: GeneratedToken): void },
  ): Promise<GenerationResult>;
  doseResponse(request: DoseResponseRequest, context: WorkContext): Promise<DoseResponseResult>;

  /**
   * A question about causes (sweeps, graphs, decompositions…). The same question about the same model and dictionaries is
   * answered from memory, unless `fresh`.
   */
  ask<Name extends QuestionName>(
    name: Name,
    request: QuestionOf<Name>,
    context: WorkContext,
    options?: { readonly fresh?: boolean },
  ): Promise<AnswerOf<Name>>;

  /** Long work, run by the job queue. Each stores its artefact and is idempotent. */
  computeNeuronMap(context: WorkContext): Promise<{ neurons: number; seconds: number }>;
  computeReferenceStatistics(context: WorkContext): Promise<{ tokens: number; seconds: number }>;
  testSpecialisedNeurons(
    options: { prompt?: string; place?: "post" | "up" | "written"; multiple?: number },
    context: WorkContext,
  ): Promise<SpecialisedNeuronTest>;

  /** These throw `not-ready` until the neuron map is there. */
  listNeurons(query: NeuronListQuery): Promise<NeuronList>;
  scatterNeurons(side: NeuronSide, variant: MapVariant): Promise<NeuronScatter>;
  tokenNeurons(query: {
    token: string;
    side?: NeuronSide;
    variant?: MapVariant;
    limit?: number;
  }): Promise<TokenNeurons>;
  neuronPage(layer: number, neuron: number): Promise<NeuronPage>;

  /** Releases sessions and caches; the next call opens them again. Returns the bytes released (estimated). */
  unload(): Promise<number>;
}
