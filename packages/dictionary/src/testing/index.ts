export { decodeReference, encodeReference, type ReferenceResult, runReference } from "./reference-dictionary.ts";
