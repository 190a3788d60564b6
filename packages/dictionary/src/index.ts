export {
  DICTIONARY_TENSORS,
  type Dictionary,
  type DictionaryKind,
  type DictionarySpec,
  type DictionaryTensorName,
  type DictionaryWeights,
  type FeatureActivation,
  type InputNormalisation,
} from "./dictionary.ts";
export { checkAgainstModel, type ModelToFit, siteWidth } from "./formats/check-against-model.ts";
export { checkDictionary, checkSpec, expectedTensors } from "./formats/check-dictionary.ts";
export {
  type DetectedFormat,
  DICTIONARY_FORMATS,
  type DictionaryFormat,
  detectFormat,
} from "./formats/detect-format.ts";
export type { AcceptedDifference, ExportOptions } from "./formats/export-check.ts";
export { exportCircuitTracer } from "./formats/export-circuit-tracer.ts";
export { exportSaeLens } from "./formats/export-sae-lens.ts";
export { importDictionaries } from "./formats/import-dictionaries.ts";
export {
  checkDictionaryName,
  type ImportOptions,
  isDictionaryName,
  suggestDictionaryName,
} from "./formats/import-options.ts";
export { PATCHBAY_WEIGHTS } from "./formats/import-patchbay.ts";
export { exportedSiteName, fullSiteName } from "./formats/site-names.ts";
export { formatSpec, readSpec, SPEC_FILE } from "./formats/spec-json.ts";
export {
  buildDenseEncodeGraph,
  buildEncodeGraph,
  buildReconstructGraph,
  DICTIONARY_VALUES,
  keepsFixedNumber,
} from "./graphs/dictionary-graphs.ts";
export {
  type EncodedDictionary,
  type EncodeOptions,
  encodeDictionary,
  type OpenOptions,
  openDictionary,
  writeDictionaryFolder,
} from "./library/dictionary-folder.ts";
export {
  type AddDictionaryOptions,
  type DictionaryLibrary,
  type DictionaryListing,
  type DictionaryProblem,
  type DictionaryRoot,
  openDictionaryLibrary,
} from "./library/dictionary-library.ts";
export { narrowToFloat16 } from "./library/float16.ts";
