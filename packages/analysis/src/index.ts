export { attributionGraph } from "./attribution-graph/attribution-graph.ts";
export { featureConnections } from "./attribution-graph/feature-connections.ts";
export { graphDeletion } from "./attribution-graph/graph-deletion.ts";
export { graphIntervention } from "./attribution-graph/graph-intervention.ts";
export type { GraphParts } from "./attribution-graph/replacement-model.ts";
export { type CircuitModel, checkCircuit } from "./circuits/circuit-nodes.ts";
export { corpusFromTexts } from "./corpus/corpus.ts";
export { harvest } from "./corpus/harvest.ts";
export { asRows, encodeFeatures, rowsPerPiece } from "./dictionaries/encode-features.ts";
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
export { type SweepParts, sweep } from "./sweeps/sweep.ts";
export { harvestChunk } from "./training/activation-chunk.ts";
export { measureScale } from "./training/activation-scale.ts";
export { type Recipe, recipeOf } from "./training/recipe.ts";
export { Trainee } from "./training/trainee.ts";
