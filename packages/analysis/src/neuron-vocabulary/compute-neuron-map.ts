/**
 * The neuron ↔ token map (Davies 2025, paper A1): every neuron's weight vectors decoded through the LM head, without
 * running any text. One blocked matrix product with its top tokens taken in the graph.
 */
import type { MapVariant, NeuronSide } from "@patchbay/contract";
import type { Engine } from "@patchbay/transformer";
import { type Tensor, tensor } from "@patchbay/vocabulary";
import type { WorkContext } from "../model-service.ts";
import { foldFinalNorm, projectOnVocabulary, type Ranking } from "../programs/vocabulary-projection.ts";
import { emptyPart, MAP_VARIANTS, type NeuronMapPart, partKey } from "./neuron-map.ts";
import { lengthsOf, neuronVectors, sidesOf } from "./neuron-vectors.ts";

export const TOKENS_PER_SIDE = 10;
/** Scores of one block: what follows the product reads them several times, which is cheap while they are in the cache. */
const BLOCK_IN_BYTES = 8 * 2 ** 20;

export async function computeNeuronMap(
  engine: Engine,
  { signal, progress }: WorkContext,
): Promise<Map<string, NeuronMapPart>> {
  const { model } = engine;
  const { layers, neurons } = model.shape;
  const sides = sidesOf(model);
  const top = Math.min(TOKENS_PER_SIDE, model.shape.outputVocabulary);
  const parts = new Map<string, NeuronMapPart>();
  for (const side of sides)
    for (const variant of MAP_VARIANTS) parts.set(partKey(side, variant), emptyPart(layers * neurons, top));

  const steps = layers * sides.length;
  for (let layer = 0; layer < layers; layer++) {
    for (const [s, side] of sides.entries()) {
      progress?.((layer * sides.length + s) / steps, `layer ${layer}, ${side} side`);
      const vectors = await neuronVectors(model, layer, side);
      const lengths = lengthsOf(vectors);
      const first = layer * neurons;
      const fill = (variant: MapVariant, ranking: Ranking, offset: number) =>
        fillPart(parts, side, variant, ranking, first + offset, top);
      await inBlocks(engine, vectors, async (block, offset) => {
        const raw = await projectOnVocabulary(engine, block, top, "scores+cosines", signal);
        fill("raw", raw.scores, offset);
        if (raw.cosines !== undefined) fill("cosine", raw.cosines, offset);
      });
      await inBlocks(engine, await foldFinalNorm(model, vectors), async (block, offset) => {
        fill("folded", (await projectOnVocabulary(engine, block, top, "scores", signal)).scores, offset);
      });
      for (const variant of MAP_VARIANTS) parts.get(partKey(side, variant))?.lengths.set(lengths, first);
    }
  }
  progress?.(1, `${layers * neurons} neurons mapped`);
  return parts;
}

/** Vectors in blocks whose scores fit the byte limit. */
async function inBlocks(
  engine: Engine,
  vectors: Tensor,
  work: (block: Tensor, offset: number) => Promise<void>,
): Promise<void> {
  const [count = 0, width = 0] = vectors.shape;
  const step = blockLength(engine.model.shape.outputVocabulary, count);
  for (let offset = 0; offset < count; offset += step) {
    const rows = Math.min(step, count - offset);
    const data = vectors.data.subarray(offset * width, (offset + rows) * width);
    await work(tensor(["vector", "residual"], [rows, width], data), offset);
  }
}

/** Equal blocks are kinder to the runtime's memory planner than one short last block. */
export function blockLength(vocabulary: number, count: number): number {
  const most = Math.max(1, Math.floor(BLOCK_IN_BYTES / (4 * vocabulary)));
  return Math.ceil(count / Math.ceil(count / most));
}

function fillPart(
  parts: ReadonlyMap<string, NeuronMapPart>,
  side: NeuronSide,
  variant: MapVariant,
  ranking: Ranking,
  first: number,
  top: number,
): void {
  const part = parts.get(partKey(side, variant));
  if (part === undefined) return;
  part.top.set(ranking.topTokens, first * top);
  part.topScores.set(ranking.topScores.data, first * top);
  part.bottom.set(ranking.bottomTokens, first * top);
  part.bottomScores.set(ranking.bottomScores.data, first * top);
  part.entropy.set(ranking.entropy, first);
  ranking.logSumExp.forEach((logSumExp, i) => {
    part.peakedness[first + i] = Math.exp((ranking.topScores.data[i * top] ?? 0) - logSumExp);
  });
}
