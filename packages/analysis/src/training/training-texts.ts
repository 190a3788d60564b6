/** Where training text comes from: a file, or the model itself. Both give documents by number, the same ones every time. */
import type { TrainingCorpus } from "@patchbay/contract";
import type { Engine } from "@patchbay/transformer";
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import {
  type Corpus,
  type CorpusRules,
  corpusFromTexts,
  corpusFromTokens,
  countedTokens,
  readTexts,
} from "../corpus/corpus.ts";
import { seededRandom, shuffle } from "./random.ts";
import { sampleDocuments } from "./sample-documents.ts";

export interface TrainingTexts {
  readonly name: string;
  /** Never trained on. */
  readonly heldOut: Corpus | undefined;
  /** Documents of the n-th chunk, of about the asked number of tokens. */
  chunk(number: number, signal?: AbortSignal, tell?: (message: string) => void): Promise<Corpus>;
}

export interface TextsOptions {
  readonly engine: Engine;
  readonly rules: CorpusRules;
  readonly bosToken: number | undefined;
  readonly eosToken: number | undefined;
  readonly chunkTokens: number;
  readonly evaluationTokens: number;
}

export async function openTrainingTexts(corpus: TrainingCorpus, options: TextsOptions): Promise<TrainingTexts> {
  return corpus.kind === "file" ? fileTexts(corpus.path, options) : sampledTexts(corpus.seed ?? 0, options);
}

async function fileTexts(path: string, { rules, chunkTokens, evaluationTokens }: TextsOptions): Promise<TrainingTexts> {
  const name = path.split(/[\\/]/).at(-1) ?? path;
  const whole = corpusFromTexts(name, await readTexts(path), rules);
  const { skip } = whole;
  // The same shuffle for every recipe: what is held out of one is held out of all.
  const order = shuffle(
    whole.documents.map((_, i) => i),
    seededRandom(1),
  );
  const documents = order.map((i) => ensureDefined(whole.documents[i]));
  let held = 0;
  let count = 0;
  while (held < evaluationTokens && count < documents.length - 1) {
    held += Math.max(0, ensureDefined(documents[count]).length - skip);
    count++;
  }
  const training = documents.slice(count);
  const chunks = cutIntoChunks(training, skip, chunkTokens);
  return {
    name,
    heldOut: count === 0 ? undefined : corpusFromTokens(`${name}, held-out texts`, documents.slice(0, count), skip),
    async chunk(number) {
      // A short file is read again from its start.
      return corpusFromTokens(name, ensureDefined(chunks[number % chunks.length]), skip);
    },
  };
}

function cutIntoChunks(documents: readonly Int32Array[], skip: number, chunkTokens: number): Int32Array[][] {
  const chunks: Int32Array[][] = [];
  let current: Int32Array[] = [];
  let tokens = 0;
  for (const document of documents) {
    current.push(document);
    tokens += document.length - skip;
    if (tokens < chunkTokens) continue;
    chunks.push(current);
    current = [];
    tokens = 0;
  }
  if (chunks.length === 0 || tokens > chunkTokens / 2) chunks.push(current);
  return chunks;
}

function sampledTexts(seed: number, options: TextsOptions): TrainingTexts {
  const { engine, bosToken, eosToken, chunkTokens, evaluationTokens } = options;
  if (bosToken === undefined) {
    throw new PatchbayError("invalid-request", "The model cannot be sampled without a first token.", {
      expected: "a model whose tokenizer has a BOS token",
      advice: "Give a text file as the corpus.",
    });
  }
  const sample = (tokens: number, stream: number, signal?: AbortSignal, tell?: (message: string) => void) => {
    const what = stream === 0 ? "held-out text" : "text";
    const progress = (drawn: number) =>
      tell?.(`drawing ${what} from the model: ${drawn.toLocaleString("en")} of ${tokens.toLocaleString("en")} tokens`);
    return sampleDocuments(engine, { tokens, seed: seed * 1_000_003 + stream, bosToken, eosToken, progress }, signal);
  };
  const name = `samples of the model, seed ${seed}`;
  let heldOut: Corpus | undefined;
  return {
    name,
    get heldOut() {
      return heldOut;
    },
    async chunk(number, signal, tell) {
      // Stream 0 is held out, so the chunks begin at 1.
      if (heldOut === undefined && evaluationTokens > 0) {
        heldOut = corpusFromTokens(`${name}, held out`, await sample(evaluationTokens, 0, signal, tell), 1);
      }
      return corpusFromTokens(name, await sample(chunkTokens, number + 1, signal, tell), 1);
    },
  };
}

/** Steps that a chunk holds. */
export function stepsOf(corpus: Corpus, batch: number): number {
  return Math.floor(countedTokens(corpus) / batch);
}
