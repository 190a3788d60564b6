export {
  type Activation,
  type BlockWeights,
  type LinearWeight,
  type MlpWeights,
  type ModelArchitecture,
  type ModelConfig,
  type ModelFamily,
  type ModelShape,
  mlpWeightsOf,
  type NormWeight,
  scoreScaleOf,
  visibleKeys,
} from "./architecture.ts";
export { attentionMask, distanceBias } from "./attention-mask.ts";
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
export { importLlama2c, type Llama2cImport } from "./importers/llama2c.ts";
export { readLlama2cCheckpoint, refuseOtherFormats } from "./importers/llama2c-checkpoint.ts";
export { readLlama2cTokenizer } from "./importers/llama2c-tokenizer.ts";
export { MANIFEST_FILE, type ModelManifest, type ModelRecipe, readModelManifest } from "./importers/model-manifest.ts";
export { type RotaryDescription, rotaryTables } from "./rotary.ts";
export {
  buildPlainModel,
  buildStage,
  buildTrunk,
  logSumExpOf,
  STAGE_VALUES,
  type Stage,
  type StageGraph,
  type StageVariant,
  type TrunkGraph,
} from "./stages/build-stage.ts";
export { EDIT_INPUTS, SELECTION_INPUTS, type SiteOutput, sitesOfRank } from "./stages/hooks.ts";
export { applyNormWeight } from "./stages/norm.ts";
export { axisLengthOf, siteKindsOf, siteKindsOfStage } from "./stages/sites.ts";
export { biasValue, float32Value, linear, matrixValue } from "./stages/weight-values.ts";
export { prependsBosByDefault } from "./tokenizer/bos-policy.ts";
export { openTokenizer } from "./tokenizer/open-tokenizer.ts";
export type { Tokenizer, TokenPiece } from "./tokenizer/tokenizer.ts";
export { describeModel, readModelConfig, type TransformerModel } from "./transformer-model.ts";
export { type FileRange, readRange, sha256OfRange } from "./weights/file-range.ts";
export { HASH_CACHE_FILE, type HashOptions, hashModelFolder } from "./weights/model-hash.ts";
export { readNormWeight } from "./weights/read-norm-weight.ts";
export { readRows } from "./weights/read-rows.ts";
export { type DecodedSafetensors, decodeSafetensors, encodeSafetensors } from "./weights/safetensors.ts";
export { openTensorFile, openTensorFolder, weightFiles } from "./weights/tensor-folder.ts";
export type { StoredTensor, StoredType, TensorSource } from "./weights/tensor-source.ts";
export { widenToFloat32 } from "./weights/widen.ts";
export { type TensorToWrite, type WriteOptions, writeSafetensors } from "./weights/write-safetensors.ts";
