/** A stretch of activations in memory, shuffled: documents are mixed, and every site's rows stay together. */
import type { Engine } from "@patchbay/transformer";
import { ensureDefined, type Site, type Tensor, tensor } from "@patchbay/vocabulary";
import type { Corpus } from "../corpus/corpus.ts";
import { harvest } from "../corpus/harvest.ts";
import { seededRandom, shuffle } from "./random.ts";

export class ActivationChunk {
  readonly rows: number;
  readonly #values: readonly Tensor[];
  readonly #order: Int32Array;

  constructor(values: readonly Tensor[], seed: number) {
    this.#values = values;
    this.rows = values[0]?.shape[0] ?? 0;
    this.#order = shuffle(
      Int32Array.from({ length: this.rows }, (_, i) => i),
      seededRandom(seed),
    );
  }

  /** All rows of one site, in the order of the texts: [row, width] */
  site(index: number): Tensor {
    return ensureDefined(this.#values[index]);
  }

  /** Rows of one step: the `number`-th batch of the shuffled order, divided by `scale`, written into `rows`. */
  batch(site: number, number: number, scale: number, rows: Float32Array): Tensor {
    const { data, shape } = this.site(site);
    const width = shape[1] ?? 0;
    const size = rows.length / width;
    for (let i = 0; i < size; i++) {
      const source = (this.#order[number * size + i] ?? 0) * width;
      for (let j = 0; j < width; j++) rows[i * width + j] = (data[source + j] ?? 0) / scale;
    }
    return tensor(["row", "value"], [size, width], rows);
  }
}

/** Reads the sites over the documents `from` … `to`. */
export async function harvestChunk(
  engine: Engine,
  corpus: Corpus,
  sites: readonly Site[],
  options: { readonly from: number; readonly to: number; readonly seed: number; readonly signal?: AbortSignal },
): Promise<ActivationChunk> {
  const { from, to, seed, signal } = options;
  const parts: Tensor[][] = sites.map(() => []);
  let rows = 0;
  for await (const { values } of harvest(engine, corpus, sites, {
    from,
    to,
    ...(signal === undefined ? {} : { signal }),
  })) {
    values.forEach((value, site) => {
      parts[site]?.push(value);
    });
    rows += values[0]?.shape[0] ?? 0;
  }
  const joined = parts.map((pieces) => {
    const width = pieces[0]?.shape[1] ?? 0;
    const data = new Float32Array(rows * width);
    let offset = 0;
    // Pieces are let go as they are copied: the chunk is the largest thing in memory.
    for (let piece = pieces.shift(); piece !== undefined; piece = pieces.shift()) {
      data.set(piece.data, offset);
      offset += piece.data.length;
    }
    return tensor(["row", "value"], [rows, width], data);
  });
  return new ActivationChunk(joined, seed);
}
