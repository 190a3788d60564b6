/**
 * A place is one number for a token of the corpus: the tokens before it in the corpus, BOS included. Samples are kept by
 * place, and document and position are found again at the end.
 */
import { ensureDefined } from "@patchbay/vocabulary";
import type { Corpus } from "../corpus/corpus.ts";
import type { Harvest } from "../corpus/harvest.ts";
import { WINDOW_AFTER, WINDOW_BEFORE } from "./source-index.ts";

export interface CorpusPlaces {
  readonly corpus: Corpus;
  /** [document + 1]: place of each document's first token, then the corpus' length. */
  readonly starts: Float64Array;
  /** [token]: how often each is counted in the corpus. */
  readonly occurrences: Uint32Array;
}

/** Rows of a harvest, and where each document's rows begin. */
export interface PlacedRows extends Pick<Harvest, "documents" | "positions" | "tokens"> {
  readonly places: Uint32Array;
  /** Row at which each document's rows begin, then the number of rows. */
  readonly segments: readonly number[];
}

export function corpusPlaces(corpus: Corpus, vocabulary: number): CorpusPlaces {
  const starts = new Float64Array(corpus.documents.length + 1);
  for (const [i, { length }] of corpus.documents.entries()) starts[i + 1] = (starts[i] ?? 0) + length;
  const occurrences = new Uint32Array(vocabulary);
  countTokens(corpus, 0, corpus.documents.length, occurrences);
  return { corpus, starts, occurrences };
}

/** Adds the counted tokens of documents `from` … `to` to [token] counts. */
export function countTokens({ documents, skip }: Corpus, from: number, to: number, counts: Uint32Array): void {
  for (let d = from; d < to; d++) {
    const document = ensureDefined(documents[d]);
    for (let i = skip; i < document.length; i++) {
      const token = document[i] ?? 0;
      counts[token] = (counts[token] ?? 0) + 1;
    }
  }
}

export function placeRows({ starts }: CorpusPlaces, rows: Omit<Harvest, "values">): PlacedRows {
  const { documents, positions, tokens } = rows;
  const places = new Uint32Array(documents.length);
  const segments: number[] = [];
  for (let row = 0; row < documents.length; row++) {
    const document = documents[row] ?? 0;
    places[row] = (starts[document] ?? 0) + (positions[row] ?? 0);
    if (row === 0 || document !== documents[row - 1]) segments.push(row);
  }
  segments.push(documents.length);
  return { documents, positions, tokens, places, segments };
}

/** The document that holds a place: binary search. */
export function documentAt({ starts }: CorpusPlaces, place: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= place) low = middle;
    else high = middle;
  }
  return low;
}

/** 32-bit hash (FNV-1a over whole ids, then mixed) of the tokens around a peak, cut at the document's ends. */
export function windowHash(document: Int32Array, peak: number): number {
  const from = Math.max(0, peak - WINDOW_BEFORE);
  const to = Math.min(document.length, peak + WINDOW_AFTER + 1);
  let hash = 0x811c9dc5 ^ (peak - from);
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ (document[i] ?? 0), 0x01000193);
  return mix(hash);
}

/** A permutation of the 32-bit numbers (the finaliser of MurmurHash3): equal only where the arguments are. */
export function mix(number: number): number {
  let hash = number;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
