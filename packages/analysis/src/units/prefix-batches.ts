/** Beginnings of the corpus' documents as batches, for passes that need a few places of a few texts. */
import { ensureDefined } from "@patchbay/vocabulary";
import type { Corpus } from "../corpus/corpus.ts";

export interface Prefix {
  readonly document: number;
  /** Tokens from the document's first on. */
  readonly length: number;
  /** How often the pass will repeat it; default once. */
  readonly rows?: number;
}

export interface PrefixBatch<Of extends Prefix> {
  readonly prefixes: readonly Of[];
  /** [row][position], padded at the end to the longest: causal attention never looks there. */
  readonly tokens: readonly (readonly number[])[];
}

/** Tokens of one pass, padding included. */
export const BATCH_TOKENS = 4096;

/** Shortest first; each batch has one prefix at least, and at most `BATCH_TOKENS` tokens if it has more. */
export function prefixBatches<Of extends Prefix>({ documents }: Corpus, prefixes: readonly Of[]): PrefixBatch<Of>[] {
  const ordered = [...prefixes].sort((a, b) => a.length - b.length || a.document - b.document);
  const groups: Of[][] = [];
  let rows = 0;
  for (const prefix of ordered) {
    const group = groups.at(-1);
    rows += prefix.rows ?? 1;
    // The newest is the longest, so that it sets the width.
    if (group !== undefined && rows * prefix.length <= BATCH_TOKENS) group.push(prefix);
    else {
      groups.push([prefix]);
      rows = prefix.rows ?? 1;
    }
  }
  return groups.map((group) => {
    const longest = Math.max(...group.map(({ length }) => length));
    const tokens = group.map(({ document, length }) => {
      const row = new Array<number>(longest).fill(0);
      ensureDefined(documents[document], `document ${document}`)
        .subarray(0, length)
        .forEach((token, i) => {
          row[i] = token;
        });
      return row;
    });
    return { prefixes: group, tokens };
  });
}
