export type {
  Activation,
  BlockWeights,
  LinearWeight,
  ModelArchitecture,
  ModelConfig,
  ModelFamily,
  ModelShape,
  NormWeight,
} from "./architecture.ts";
export { checkEdit, checkRead, checkSite, type SequenceExtent } from "./check-edits.ts";
export { familyOf, MODEL_FAMILIES } from "./families/registry.ts";
export type {
  Engine,
  ForwardRequest,
  ForwardResult,
  KeyValueCache,
  PositionSelection,
  Program,
  SiteEdit,
  SiteRead,
  UnembedRequest,
  UnembedResult,
} from "./forward-pass.ts";
export { type RotaryDescription, rotaryTables } from "./rotary.ts";
export {
  buildPlainModel,
  buildStage,
  type Stage,
  STAGE_VALUES,
  type StageGraph,
  type StageVariant,
} from "./stages/build-stage.ts";
export { EDIT_INPUTS, SELECTION_INPUTS, type SiteOutput, sitesOfRank } from "./stages/hooks.ts";
export { axisLengthOf, siteKindsOf, siteKindsOfStage } from "./stages/sites.ts";
export { biasValue, float32Value, linear, matrixValue } from "./stages/weight-values.ts";
export { describeModel, readModelConfig, type TransformerModel } from "./transformer-model.ts";
export type { TokenPiece, Tokenizer } from "./tokenizer/tokenizer.ts";
export type { StoredTensor, StoredType, TensorSource } from "./weights/tensor-source.ts";
export { openTensorFolder } from "./weights/tensor-folder.ts";
export { decodeSafetensors, encodeSafetensors } from "./weights/safetensors.ts";
