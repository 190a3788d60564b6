/** Which tokens each unit of a source reads and writes, from weights alone: what lists show and searches look through. */
import { DICTIONARY_TENSORS, type Dictionary } from "@patchbay/dictionary";
import { GraphBuilder } from "@patchbay/onnx-graph";
import { decodeSafetensors, type Engine, encodeSafetensors, float32Value, type Program } from "@patchbay/transformer";
import { describeSite, PatchbayError, parseSite, type Tensor, tensor } from "@patchbay/vocabulary";
import type { WorkContext } from "../model-service.ts";
import { blockLength } from "../neuron-vocabulary/compute-neuron-map.ts";
import type { NeuronMap, NeuronMapPart } from "../neuron-vocabulary/neuron-map.ts";
import { int64 } from "../programs/readout.ts";
import { topTokens } from "../programs/top-tokens.ts";
import { foldFinalNorm, projectOnVocabulary } from "../programs/vocabulary-projection.ts";

export const TOKENS_PER_UNIT_SIDE = 8;
const FORMAT = "patchbay-token-sides-1";

export interface RankedSide {
  /** [unit × rank], the largest score first. */
  readonly tokens: Int32Array;
  readonly scores: Float32Array;
}

export interface TokenSides {
  /** Ranks held for each unit. */
  readonly perSide: number;
  /**
   * Features: encoder row · embedding. Neurons: the gate row (a plain MLP's up row) through the LM head, as in the neuron map.
   * undefined where the source reads no vector of the residual stream's width.
   */
  readonly reads: RankedSide | undefined;
  /** What the unit adds to the residual stream × final norm's weight, through the LM head. */
  readonly writes: RankedSide | undefined;
  /** [unit]: largest probability of softmax(scores of the write side); empty where nothing is written. */
  readonly peakedness: Float32Array;
}

/** Key of a dictionary's artefact. */
export function tokenSidesKey(dictionary: Dictionary): string {
  return `token-sides.${dictionary.hash}.safetensors`;
}

/**
 * One matrix product a side, in blocks. A cross-layer transcoder's feature writes the sum of its decoder rows.
 */
export async function computeTokenSides(
  engine: Engine,
  dictionary: Dictionary,
  { signal, progress }: WorkContext,
): Promise<TokenSides> {
  const { spec } = dictionary;
  const { model } = engine;
  const perSide = Math.min(TOKENS_PER_UNIT_SIDE, model.shape.vocabulary, model.shape.outputVocabulary);
  const reads = isResidual(spec.inputSite) ? emptySide(spec.features, perSide) : undefined;
  const writes = spec.outputSites.every(isResidual) ? emptySide(spec.features, perSide) : undefined;
  const peakedness = new Float32Array(writes === undefined ? 0 : spec.features);
  if (reads !== undefined) {
    const encoder = await dictionary.read(DICTIONARY_TENSORS.encoder);
    for (const { block, first } of blocks(encoder, model.shape.vocabulary)) {
      progress?.((0.5 * first) / spec.features, `tokens read by ${spec.name}`);
      const feeds = { vectors: block, top: int64([perSide]) };
      const found = await engine.evaluate(embeddingProgram(engine), feeds, ["scores", "tokens"], signal);
      reads.scores.set(found.scores.data, first * perSide);
      reads.tokens.set(found.tokens.data, first * perSide);
    }
  }
  if (writes !== undefined) {
    const folded = await foldFinalNorm(model, writtenVectors(await dictionary.read(DICTIONARY_TENSORS.decoder)));
    for (const { block, first } of blocks(folded, model.shape.outputVocabulary)) {
      progress?.(0.5 + (0.5 * first) / spec.features, `tokens written by ${spec.name}`);
      const { scores } = await projectOnVocabulary(engine, block, perSide, "scores", signal);
      writes.scores.set(scores.topScores.data, first * perSide);
      writes.tokens.set(scores.topTokens, first * perSide);
      scores.logSumExp.forEach((logSumExp, i) => {
        peakedness[first + i] = Math.exp((scores.topScores.data[i * perSide] ?? 0) - logSumExp);
      });
    }
  }
  progress?.(1, `tokens of ${spec.features} features found`);
  return { perSide, reads, writes, peakedness };
}

/** Whether a site's value is one vector of the residual stream's width at each position. */
function isResidual(site: string): boolean {
  return describeSite(parseSite(site).kind).unitAxis === "residual";
}

function emptySide(units: number, perSide: number): RankedSide {
  return { tokens: new Int32Array(units * perSide), scores: new Float32Array(units * perSide) };
}

/** [feature, output], or the sum over targets of [feature, target, output]. */
function writtenVectors(decoder: Tensor): Tensor {
  const [features = 0, targets = 1, width = 0] = decoder.shape;
  if (decoder.shape.length === 2) return decoder;
  const sums = new Float32Array(features * width);
  for (let feature = 0; feature < features; feature++) {
    for (let target = 0; target < targets; target++) {
      for (let i = 0; i < width; i++) {
        const at = feature * width + i;
        sums[at] = (sums[at] ?? 0) + (decoder.data[(feature * targets + target) * width + i] ?? 0);
      }
    }
  }
  return tensor(["feature", "output"], [features, width], sums);
}

/** Vectors in blocks whose scores fit the cache. */
function* blocks({ shape, data }: Tensor, vocabulary: number): Generator<{ block: Tensor; first: number }> {
  const [count = 0, width = 0] = shape;
  const step = blockLength(vocabulary, count);
  for (let first = 0; first < count; first += step) {
    const rows = Math.min(step, count - first);
    const values = data.subarray(first * width, (first + rows) * width);
    yield { block: tensor(["vector", "residual"], [rows, width], values), first };
  }
}

/** Vectors × token embeddings: their largest products. */
function embeddingProgram({ model }: Engine): Program {
  return {
    key: "token-sides.embedding",
    runsRarely: true,
    build() {
      const { residualWidth, vocabulary } = model.shape;
      const g = new GraphBuilder("token-sides.embedding");
      const vectors = g.input("vectors", "float32", ["vector", residualWidth]);
      const top = g.input("top", "int64", [1]);
      const embedding = float32Value(g, model.tensors, model.architecture.tokenEmbedding);
      const products = g.matrixProduct(vectors, g.transpose(embedding, [1, 0]));
      const best = topTokens(g, products, top, vocabulary);
      g.output(best.values, "float32", ["vector", "rank"], "scores");
      g.output(best.tokens, "int32", ["vector", "rank"], "tokens");
      return g.build();
    },
  };
}

export function encodeTokenSides({ perSide, reads, writes, peakedness }: TokenSides): Uint8Array {
  const sides = Object.entries({ reads, writes }).flatMap(([name, side]) => {
    if (side === undefined) return [];
    const shape = [side.tokens.length / perSide, perSide];
    return [
      [`${name}.tokens`, tensor(["unit", "rank"], shape, side.tokens)] as const,
      [`${name}.scores`, tensor(["unit", "rank"], shape, side.scores)] as const,
    ];
  });
  const all = [...sides, ["peakedness", tensor(["unit"], [peakedness.length], peakedness)] as const];
  return encodeSafetensors(all, { format: FORMAT, perSide: String(perSide) });
}

/** @throws PatchbayError `damaged-file` */
export function decodeTokenSides(bytes: Uint8Array): TokenSides {
  const { tensors, metadata } = decodeSafetensors(bytes, "The file of token sides");
  const perSide = Number(metadata["perSide"]);
  const peakedness = tensors.get("peakedness")?.data;
  if (metadata["format"] !== FORMAT || !(perSide > 0) || !(peakedness instanceof Float32Array)) {
    throw new PatchbayError("damaged-file", "The file of token sides cannot be read.", {
      expected: FORMAT,
      received: metadata["format"] ?? "no format",
    });
  }
  const side = (name: string): RankedSide | undefined => {
    const [tokens, scores] = [tensors.get(`${name}.tokens`)?.data, tensors.get(`${name}.scores`)?.data];
    return tokens instanceof Int32Array && scores instanceof Float32Array ? { tokens, scores } : undefined;
  };
  return { perSide, reads: side("reads"), writes: side("writes"), peakedness };
}

/** One layer's part of the neuron map (variant folded). */
export function tokenSidesOfNeurons(map: NeuronMap, layer: number, neurons: number): TokenSides {
  const perSide = Math.min(TOKENS_PER_UNIT_SIDE, map.tokensPerSide);
  const first = layer * neurons;
  const cut = (part: NeuronMapPart): RankedSide => {
    const side = emptySide(neurons, perSide);
    for (let neuron = 0; neuron < neurons; neuron++) {
      const from = (first + neuron) * map.tokensPerSide;
      side.tokens.set(part.top.subarray(from, from + perSide), neuron * perSide);
      side.scores.set(part.topScores.subarray(from, from + perSide), neuron * perSide);
    }
    return side;
  };
  const write = map.part("write", "folded");
  return {
    perSide,
    reads: cut(map.part(map.sides.includes("gate") ? "gate" : "up", "folded")),
    writes: cut(write),
    peakedness: write.peakedness.slice(first, first + neurons),
  };
}
