/** Activations at chosen sites over a corpus, as rows of counted tokens: BOS and padding left out. */
import type { Engine } from "@patchbay/transformer";
import { ensureDefined, type Site, sizeOfShape, type Tensor, tensor } from "@patchbay/vocabulary";
import { type DocumentBatch, documentBatches } from "./batches.ts";
import type { Corpus } from "./corpus.ts";

export interface Harvest {
  /** Of each row: its document in the corpus, its position there, its token. */
  readonly documents: Int32Array;
  readonly positions: Int32Array;
  readonly tokens: Int32Array;
  /** One for each site: [row, width]; a head's dimensions join their heads. */
  readonly values: readonly Tensor[];
}

export interface HarvestOptions {
  /** Documents `from` … `to` of the corpus; default all. */
  readonly from?: number;
  readonly to?: number;
  /** Tokens a pass, padding included; default 4,096. */
  readonly batchTokens?: number;
  readonly signal?: AbortSignal;
}

export async function* harvest(
  engine: Engine,
  corpus: Corpus,
  sites: readonly Site[],
  { signal, ...range }: HarvestOptions = {},
): AsyncGenerator<Harvest> {
  const until = Math.max(0, ...sites.map(({ layer }) => (layer ?? engine.model.shape.layers - 1) + 1));
  for (const batch of documentBatches(corpus, { ...range, equalLengths: looksAhead(engine) })) {
    const pass = await engine.forward({
      tokens: batch.tokens,
      reads: sites.map((site) => ({ site })),
      until,
      ...(signal === undefined ? {} : { signal }),
    });
    const rows = countedRows(batch, corpus.skip);
    yield { ...rows, values: pass.reads.map((value) => takeRows(value, rows.sources)) };
  }
}

/** Whether padding at the end would change what comes before it. */
export function looksAhead({ model }: Engine): boolean {
  return model.shape.direction === "bidirectional";
}

/** The counted tokens of a batch, row by row; `sources` are their places in a [batch, position] array. */
export function countedRows({ documents, lengths, tokens }: DocumentBatch, skip: number) {
  const width = tokens[0]?.length ?? 0;
  const count = lengths.reduce((sum, length) => sum + Math.max(0, length - skip), 0);
  const rows = {
    documents: new Int32Array(count),
    positions: new Int32Array(count),
    tokens: new Int32Array(count),
    sources: new Int32Array(count),
  };
  let i = 0;
  for (const [b, length] of lengths.entries()) {
    for (let position = skip; position < length; position++, i++) {
      rows.documents[i] = ensureDefined(documents[b]);
      rows.positions[i] = position;
      rows.tokens[i] = tokens[b]?.[position] ?? 0;
      rows.sources[i] = b * width + position;
    }
  }
  return rows;
}

/** [batch, position, …] → [row, width] of the given places. */
export function takeRows({ shape, data }: Tensor, sources: Int32Array): Tensor {
  const width = sizeOfShape(shape.slice(2));
  const values = new Float32Array(sources.length * width);
  for (const [i, source] of sources.entries()) {
    values.set(data.subarray(source * width, (source + 1) * width), i * width);
  }
  return tensor(["row", "value"], [sources.length, width], values);
}
