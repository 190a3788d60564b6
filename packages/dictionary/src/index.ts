export * from "./dictionary.ts";
export {
  buildDenseEncodeGraph,
  buildEncodeGraph,
  buildReconstructGraph,
  DICTIONARY_VALUES,
  keepsFixedNumber,
} from "./graphs/dictionary-graphs.ts";
