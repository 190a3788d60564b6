export {
  DICTIONARY_FIXTURES,
  type DictionaryFixture,
  dictionaryFixture,
  dictionaryFixtures,
  type GoldenDictionary,
  importAll,
} from "./fixtures.ts";
export { decodeReference, encodeReference, type ReferenceResult, runReference } from "./reference-dictionary.ts";
