/** Small random dictionaries, texts and artefact stores for tests of the unit index. */
import {
  type Dictionary,
  type DictionarySpec,
  type FeatureActivation,
  openDictionary,
  writeDictionaryFolder,
} from "@patchbay/dictionary";
import { tensor } from "@patchbay/vocabulary";
import { type Corpus, corpusFromTokens } from "../../corpus/corpus.ts";
import type { ArtefactStore } from "../../model-service.ts";
import { mix } from "../corpus-places.ts";

/** Uniform numbers in 0…1 from a seed. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    return mix(state) / 2 ** 32;
  };
}

export interface RandomDictionary {
  readonly name: string;
  readonly inputSite: string;
  readonly width: number;
  readonly features: number;
  readonly activation: FeatureActivation;
  readonly skipsFirstPosition?: boolean;
  /** The first feature never fires. */
  readonly firstIsDead?: boolean;
}

/** Written into a new folder and opened. */
export async function randomDictionary(folder: string, options: RandomDictionary): Promise<Dictionary> {
  const { name, inputSite, width, features, activation, skipsFirstPosition = false, firstIsDead = false } = options;
  const spec: DictionarySpec = {
    format: 1,
    name,
    set: null,
    kind: "sae",
    description: null,
    licence: null,
    model: { name: null, hash: null },
    inputSite,
    outputSites: [inputSite],
    inputWidth: width,
    outputWidth: width,
    features,
    activation,
    inputNormalisation: "none",
    subtractDecoderBias: false,
    skip: false,
    skipsFirstPosition,
    source: { format: "patchbay", address: null, notes: [] },
    training: null,
    quality: null,
  };
  const random = randomNumbers(features);
  const matrix = (axes: readonly string[]) =>
    tensor(
      axes,
      [features, width],
      Float32Array.from({ length: features * width }, () => (2 * random() - 1) / Math.sqrt(width)),
    );
  const encoderBias = new Float32Array(features);
  if (firstIsDead) encoderBias[0] = -1e6;
  const vector = (axis: string, length: number, value: number) =>
    tensor([axis], [length], new Float32Array(length).fill(value));
  await writeDictionaryFolder(folder, {
    spec,
    tensors: {
      W_enc: matrix(["feature", "input"]),
      W_dec: matrix(["feature", "output"]),
      b_enc: tensor(["feature"], [features], encoderBias),
      b_dec: vector("output", width, 0),
      ...(activation.kind === "jumprelu" ? { threshold: vector("feature", features, 0.1) } : {}),
    },
  });
  return openDictionary(folder);
}

/** Texts of 6 to 46 tokens below `vocabulary` behind BOS; every ninth repeats one before it. */
export function randomCorpus(seed: number, documents: number, vocabulary: number, skip = 1): Corpus {
  const random = randomNumbers(seed);
  const texts: Int32Array[] = [];
  for (let d = 0; d < documents; d++) {
    const earlier = texts[Math.floor(random() * texts.length)];
    const length = 6 + Math.floor(random() * 40);
    const word = () => 1 + Math.floor(random() * (vocabulary - 1));
    const fresh = Int32Array.from({ length }, (_, i) => (i < skip ? 0 : word()));
    texts.push(d % 9 === 8 && earlier !== undefined ? earlier.slice() : fresh);
  }
  return corpusFromTokens("random texts", texts, skip);
}

export interface TestArtefacts extends ArtefactStore {
  readonly files: Map<string, Uint8Array>;
}

/** In memory. `beforeWrite` may throw. */
export function memoryArtefacts(beforeWrite: (key: string) => void = () => undefined): TestArtefacts {
  const files = new Map<string, Uint8Array>();
  return {
    files,
    read: async (key) => files.get(key),
    write: async (key, bytes) => {
      beforeWrite(key);
      files.set(key, bytes.slice());
    },
    list: async (prefix) => [...files.keys()].filter((key) => key.startsWith(prefix)).sort(),
    remove: async (key) => void files.delete(key),
  };
}
