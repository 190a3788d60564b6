export type {
  ArtefactStore,
  GenerationStart,
  ModelService,
  RunAnswer,
  WorkContext,
} from "./model-service.ts";
export { blockLength, computeNeuronMap } from "./neuron-vocabulary/compute-neuron-map.ts";
export { encodeNeuronMap, type NeuronMap } from "./neuron-vocabulary/neuron-map.ts";
export { neuronVectors } from "./neuron-vocabulary/neuron-vectors.ts";
export { type ModelFacts, type ModelServiceOptions, openModelService } from "./open-model-service.ts";
export { int64, readOut } from "./programs/readout.ts";
export { projectionProgram, projectOnVocabulary } from "./programs/vocabulary-projection.ts";
export { ENGINE_VERSION, sha256 } from "./run/recipe.ts";
export { tensorToJson } from "./run/tensor-json.ts";
