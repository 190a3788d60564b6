/** Texts drawn from the model itself: temperature 1, nucleus 0.95, until the end of text or the model's context. */
import type { Engine } from "@patchbay/transformer";
import { selectAlong } from "@patchbay/vocabulary";
import { seededRandom } from "./random.ts";

/** Rows drawn together: large enough for matrix products, small enough for a cache of a few hundred megabytes. */
const ROWS = 64;
const NUCLEUS = 0.95;
/** Most tokens looked at for the nucleus; what lies beyond is cut off. */
const CANDIDATES = 512;

export interface SamplePlan {
  /** At least so many tokens in all, BOS left out. */
  readonly tokens: number;
  readonly seed: number;
  readonly bosToken: number;
  readonly eosToken: number | undefined;
  /** Told the tokens drawn so far, every few steps. */
  progress?(drawn: number): void;
}

export async function sampleDocuments(
  engine: Engine,
  { tokens, seed, bosToken, eosToken, progress }: SamplePlan,
  signal?: AbortSignal,
): Promise<Int32Array[]> {
  const random = seededRandom(seed);
  const documents: Int32Array[] = [];
  let count = 0;
  while (count < tokens) {
    const before = count;
    const tell = (drawn: number) => progress?.(Math.min(tokens, before + drawn));
    for (const document of await sampleRows(engine, bosToken, eosToken, random.uniform, tell, signal)) {
      documents.push(document);
      count += document.length - 1;
    }
  }
  return documents;
}

async function sampleRows(
  engine: Engine,
  bosToken: number,
  eosToken: number | undefined,
  uniform: () => number,
  tell: (drawn: number) => void,
  signal: AbortSignal | undefined,
): Promise<Int32Array[]> {
  const { context, outputVocabulary: vocabulary } = engine.model.shape;
  const rows = Array.from({ length: ROWS }, () => [bosToken]);
  const open = rows.map(() => true);
  const options = signal === undefined ? {} : { signal };
  const cache = engine.newCache(ROWS, context);
  try {
    let next = rows.map(() => bosToken);
    for (let position = 0; position < context - 1 && open.includes(true); position++) {
      const pass = await engine.forward({ tokens: next.map((id) => [id]), cache, ...options });
      const { topLogits, topTokens, logSumExp } = await engine.unembed({
        residual: selectAlong(pass.residual, "position", [0]),
        positions: [position],
        top: Math.min(CANDIDATES, vocabulary),
        ...options,
      });
      const width = topTokens.shape[2] ?? 0;
      next = rows.map((row, r) => {
        const id = drawFrom(
          topLogits.data.subarray(r * width, (r + 1) * width),
          topTokens.data.subarray(r * width, (r + 1) * width),
          logSumExp.data[r] ?? 0,
          uniform(),
        );
        if (open[r] === false) return id;
        // BOS separates texts in some models' data: it ends a text as EOS does.
        if (id === eosToken || id === bosToken) open[r] = false;
        else row.push(id);
        return id;
      });
      if (position % 16 === 0) tell(rows.reduce((sum, { length }) => sum + length - 1, 0));
    }
  } finally {
    cache.release();
  }
  return rows.filter(({ length }) => length > 2).map((row) => Int32Array.from(row));
}

function drawFrom(logits: Float32Array, ids: Int32Array, logSumExp: number, uniform: number): number {
  let mass = 0;
  let count = 0;
  while (count < logits.length && mass < NUCLEUS) mass += Math.exp((logits[count++] ?? 0) - logSumExp);
  let rest = uniform * mass;
  for (let i = 0; i < count; i++) {
    rest -= Math.exp((logits[i] ?? 0) - logSumExp);
    if (rest < 0) return ids[i] ?? 0;
  }
  return ids[count - 1] ?? 0;
}
