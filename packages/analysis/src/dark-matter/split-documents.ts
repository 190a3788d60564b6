/** A corpus cut between documents: the first part to fit on, the second to test on. No document is in both. */
import type { Dictionary } from "@patchbay/dictionary";
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import { type Corpus, countedTokens } from "../corpus/corpus.ts";

export interface DocumentRange {
  /** Documents `from` … `to` of the corpus. */
  readonly from: number;
  readonly to: number;
  /** Counted tokens. */
  readonly tokens: number;
}

export interface DocumentSplit {
  readonly train: DocumentRange;
  readonly test: DocumentRange;
}

/**
 * Whole documents from the beginning of the corpus until each part has the tokens asked for. A corpus with fewer is divided
 * in the same proportion.
 * @throws PatchbayError `empty-input` where there are not two documents
 */
export function splitDocuments(corpus: Corpus, trainTokens: number, testTokens: number): DocumentSplit {
  const { documents, skip } = corpus;
  if (documents.length < 2) {
    throw new PatchbayError("empty-input", `The corpus "${corpus.name}" cannot be split by documents.`, {
      expected: "at least two texts",
      received: String(documents.length),
    });
  }
  const scale = Math.min(1, countedTokens(corpus) / (trainTokens + testTokens));
  const take = (from: number, wanted: number, last: number): DocumentRange => {
    let to = from;
    let tokens = 0;
    while (to < last && (tokens < wanted || to === from)) {
      tokens += Math.max(0, ensureDefined(documents[to]).length - skip);
      to += 1;
    }
    return { from, to, tokens };
  };
  const train = take(0, trainTokens * scale, documents.length - 1);
  return { train, test: take(train.to, testTokens * scale, documents.length) };
}

/** The corpus with the positions left out that the dictionary does not encode. */
export function corpusOf({ spec }: Dictionary, corpus: Corpus): Corpus {
  return spec.skipsFirstPosition && corpus.skip === 0 ? { ...corpus, skip: 1 } : corpus;
}
