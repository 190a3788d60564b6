/**
 * What an installed model offers to the server and the command line: the whole API of one model as plain calls.
 * `openModelService` (open-model-service.ts) makes one from a model folder and an engine.
 */
import type {
  DoseResponseRequest,
  DoseResponseResult,
  GeneratedToken,
  GenerationRequest,
  GenerationResult,
  MapVariant,
  ModelPage,
  ModelSummary,
  NeuronList,
  NeuronListQuery,
  NeuronPage,
  NeuronScatter,
  NeuronSide,
  Recipe,
  RunRequest,
  RunResult,
  SpecialisedNeuronTest,
  Token,
  TokenNeurons,
  VocabularySearch,
} from "@patchbay/contract";
import type { Tensor } from "@patchbay/vocabulary";

export interface WorkContext {
  /** Aborted when the client goes away or the job is cancelled; work stops at the next block. */
  readonly signal: AbortSignal;
  /** Fraction in 0…1 and a line for people. */
  readonly progress?: (fraction: number, message: string) => void;
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
}

export interface ModelService {
  readonly name: string;
  readonly hash: string;
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
