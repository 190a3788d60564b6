/**
 * Documents as batches of equal length: sorted by length within a run of consecutive documents, then padded at the end.
 * Causal attention never looks ahead, so padding changes nothing before it; with `equalLengths` there is none.
 */
import { ensureDefined } from "@patchbay/vocabulary";
import type { Corpus } from "./corpus.ts";

export interface DocumentBatch {
  /** Numbers of the documents in the corpus, one a row. */
  readonly documents: readonly number[];
  /** Without padding. */
  readonly lengths: readonly number[];
  /** [row][position], padded to the longest. */
  readonly tokens: readonly (readonly number[])[];
}

/** Batches of at most `batchTokens` (padding included), over documents `from` … `to` of the corpus, in a fixed order. */
export function* documentBatches(
  { documents }: Corpus,
  {
    from = 0,
    to = documents.length,
    batchTokens = 4096,
    equalLengths = false,
  }: { from?: number; to?: number; batchTokens?: number; equalLengths?: boolean } = {},
): Generator<DocumentBatch> {
  const order = Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
  // Enough documents for several batches are sorted together: equal lengths meet, and the order stays nearly the corpus'.
  const runLength = Math.max(1, Math.ceil(batchTokens / 16));
  for (let start = 0; start < order.length; start += runLength) {
    const run = order
      .slice(start, start + runLength)
      .sort((a, b) => lengthOf(documents, a) - lengthOf(documents, b) || a - b);
    let rows: number[] = [];
    for (const document of run) {
      const length = lengthOf(documents, document);
      const full = (rows.length + 1) * length > batchTokens;
      const other = equalLengths && rows.some((row) => lengthOf(documents, row) !== length);
      if (rows.length > 0 && (full || other)) {
        yield batchOf(documents, rows);
        rows = [];
      }
      rows.push(document);
    }
    if (rows.length > 0) yield batchOf(documents, rows);
  }
}

function batchOf(documents: Corpus["documents"], rows: readonly number[]): DocumentBatch {
  const lengths = rows.map((row) => lengthOf(documents, row));
  const longest = Math.max(...lengths);
  const tokens = rows.map((row) => {
    const ids = Array.from(ensureDefined(documents[row]));
    while (ids.length < longest) ids.push(0);
    return ids;
  });
  return { documents: rows, lengths, tokens };
}

function lengthOf(documents: Corpus["documents"], document: number): number {
  return ensureDefined(documents[document]).length;
}
