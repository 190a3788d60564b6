/** Next-token loss over a corpus, with output sites replaced or not. */
import type { Engine } from "@patchbay/transformer";
import type { OutputReplacement } from "../dictionaries/replace-output.ts";
import { residualWithReplacements } from "../dictionaries/replace-output.ts";
import { nextTokenLoss } from "../programs/next-token-loss.ts";
import { type DocumentBatch, documentBatches } from "./batches.ts";
import type { Corpus } from "./corpus.ts";
import { countedRows, type HarvestOptions, looksAhead, takeRows } from "./harvest.ts";

export interface CorpusLoss {
  /** Nats a token, over all counted tokens but each document's last, which has no next token. */
  readonly mean: number;
  readonly tokens: number;
  /** Sum and count of each document, by its number in the corpus: for intervals over documents. */
  readonly byDocument: ReadonlyMap<number, { readonly sum: number; readonly count: number }>;
}

/**
 * `replacementsFor` is asked once a batch, so that it may look at the batch's tokens; give nothing for the model as it is.
 */
export async function corpusLoss(
  engine: Engine,
  corpus: Corpus,
  options: HarvestOptions & { replacementsFor?(batch: DocumentBatch): readonly OutputReplacement[] } = {},
): Promise<CorpusLoss> {
  const { signal, replacementsFor, ...range } = options;
  const byDocument = new Map<number, { sum: number; count: number }>();
  let total = 0;
  let tokens = 0;
  for (const batch of documentBatches(corpus, { ...range, equalLengths: looksAhead(engine) })) {
    const residual = await residualWithReplacements(engine, {
      tokens: batch.tokens,
      replacements: replacementsFor?.(batch) ?? [],
      ...(signal === undefined ? {} : { signal }),
    });
    const { sources, targets, documents } = predictions(batch, corpus.skip);
    const losses = await nextTokenLoss(engine, takeRows(residual, sources).data, targets, signal);
    for (const [i, loss] of losses.entries()) {
      const document = documents[i] ?? 0;
      const entry = byDocument.get(document) ?? { sum: 0, count: 0 };
      byDocument.set(document, { sum: entry.sum + loss, count: entry.count + 1 });
      total += loss;
      tokens++;
    }
  }
  return { mean: total / tokens, tokens, byDocument };
}

/** Counted tokens that have a next token, and that token. */
function predictions(batch: DocumentBatch, skip: number) {
  const shorter = { ...batch, lengths: batch.lengths.map((length) => length - 1) };
  const { sources, documents } = countedRows(shorter, skip);
  const flat = batch.tokens.flat();
  return { sources, documents, targets: Int32Array.from(sources, (source) => flat[source + 1] ?? 0) };
}
