/** One feature by its weights: the tokens it reads and writes, and its nearest relatives. */
import type { FeatureNeighbour, FeaturePage, RankedToken, TokenSide } from "@patchbay/contract";
import { DICTIONARY_TENSORS, type Dictionary } from "@patchbay/dictionary";
import { GraphBuilder } from "@patchbay/onnx-graph";
import { type Engine, float32Value, type Program, type Tokenizer } from "@patchbay/transformer";
import { describeSite, ensureDefined, PatchbayError, parseSite, tensor } from "@patchbay/vocabulary";
import { foldFinalNorm, projectOnVocabulary } from "../programs/vocabulary-projection.ts";
import type { DictionaryRows } from "./dictionary-rows.ts";

const TOKENS_PER_SIDE = 10;
const NEIGHBOURS = 12;

export interface FeaturePageParts {
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  readonly rows: DictionaryRows;
  readonly signal: AbortSignal;
}

export type FeatureWeights = Pick<FeaturePage, "sides" | "encoderDecoderCosine" | "bias" | "threshold" | "nearest">;

/** `others` are every dictionary whose features may be relatives, the own one included. */
export async function featureWeights(
  { engine, tokenizer, rows, signal }: FeaturePageParts,
  dictionary: Dictionary,
  feature: number,
  others: readonly Dictionary[],
): Promise<FeatureWeights> {
  const { spec } = dictionary;
  if (feature >= spec.features) {
    throw new PatchbayError("unit-out-of-range", `"${spec.name}" has no feature ${feature}.`, {
      expected: `0 to ${spec.features - 1}`,
      received: String(feature),
    });
  }
  const encoder = await rows.encoder(dictionary, feature);
  const decoder = await rows.decoder(dictionary, feature);
  const ranked = (ids: Int32Array, scores: Float32Array): RankedToken[] =>
    Array.from(ids, (id, i) => ({ id, text: tokenizer.textOf(id), score: scores[i] ?? 0 }));
  const sides: TokenSide[] = [];
  if (isResidual(spec.inputSite)) sides.push(await embeddingSide(engine, "reads", encoder, ranked, signal));
  if (isResidual(ensureDefined(spec.outputSites[0]))) {
    const vectors = tensor(["vector", "residual"], [1, decoder.length], decoder);
    const folded = await foldFinalNorm(engine.model, vectors);
    const { scores } = await projectOnVocabulary(engine, folded, TOKENS_PER_SIDE, "scores", signal);
    sides.push({
      side: "writes",
      norm: lengthOf(decoder),
      top: ranked(scores.topTokens, scores.topScores.data),
      bottom: ranked(scores.bottomTokens, scores.bottomScores.data),
    });
    if (spec.kind !== "sae") sides.push(await embeddingSide(engine, "writes-input-side", decoder, ranked, signal));
  }
  const one = async (name: "b_enc" | "threshold") =>
    dictionary.has(name) ? ((await dictionary.read(name)).data[feature] ?? null) : null;
  return {
    sides,
    encoderDecoderCosine: encoder.length === decoder.length ? cosine(encoder, decoder) : null,
    bias: await one(DICTIONARY_TENSORS.encoderBias),
    threshold: await one(DICTIONARY_TENSORS.threshold),
    nearest: await nearestFeatures(rows, dictionary, feature, decoder, others),
  };
}

async function embeddingSide(
  engine: Engine,
  side: TokenSide["side"],
  vector: Float32Array,
  ranked: (ids: Int32Array, scores: Float32Array) => RankedToken[],
  signal: AbortSignal,
): Promise<TokenSide> {
  const found = await engine.evaluate(
    embeddingProgram(engine),
    { vector: tensor(["residual", "one"], [vector.length, 1], vector) },
    ["top", "topTokens", "bottom", "bottomTokens"],
    signal,
  );
  const ids = (name: "topTokens" | "bottomTokens") => Int32Array.from(found[name].data);
  return {
    side,
    norm: lengthOf(vector),
    top: ranked(ids("topTokens"), found.top.data),
    bottom: ranked(ids("bottomTokens"), found.bottom.data),
  };
}

/** Token embeddings × one vector. */
function embeddingProgram({ model }: Engine): Program {
  return {
    key: "feature-page.embedding",
    runsRarely: true,
    build() {
      const g = new GraphBuilder("feature-page.embedding");
      const vector = g.input("vector", "float32", [model.shape.residualWidth, 1]);
      const embedding = float32Value(g, model.tensors, model.architecture.tokenEmbedding);
      const scores = g.reshape(g.matrixProduct(embedding, vector), [1, -1]);
      const count = g.int64([Math.min(TOKENS_PER_SIDE, model.shape.vocabulary)]);
      const best = g.topK(scores, count);
      const worst = g.topK(g.negate(scores), count);
      g.output(best.values, "float32", [1, "rank"], "top");
      g.output(g.cast(best.indices, "int32"), "int32", [1, "rank"], "topTokens");
      g.output(g.negate(worst.values), "float32", [1, "rank"], "bottom");
      g.output(g.cast(worst.indices, "int32"), "int32", [1, "rank"], "bottomTokens");
      return g.build();
    },
  };
}

async function nearestFeatures(
  rows: DictionaryRows,
  dictionary: Dictionary,
  feature: number,
  decoder: Float32Array,
  others: readonly Dictionary[],
): Promise<FeatureNeighbour[]> {
  const own = lengthOf(decoder);
  const found: FeatureNeighbour[] = [];
  for (const other of others) {
    if (other.spec.outputWidth !== decoder.length) continue;
    const { data, norms, stride } = await rows.decoders(other);
    let smallest = found.length < NEIGHBOURS ? Number.NEGATIVE_INFINITY : (found.at(-1)?.cosine ?? 0);
    for (let candidate = 0; candidate < other.spec.features; candidate++) {
      if (other.spec.name === dictionary.spec.name && candidate === feature) continue;
      let dot = 0;
      const start = candidate * stride;
      for (let i = 0; i < decoder.length; i++) dot += (decoder[i] ?? 0) * (data[start + i] ?? 0);
      const similarity = dot / (own * (norms[candidate] ?? 0));
      if (!(similarity > smallest)) continue;
      found.push({ dictionary: other.spec.name, feature: candidate, cosine: similarity });
      found.sort((a, b) => b.cosine - a.cosine);
      if (found.length > NEIGHBOURS) found.pop();
      if (found.length === NEIGHBOURS) smallest = found.at(-1)?.cosine ?? 0;
    }
  }
  return found;
}

function isResidual(site: string): boolean {
  return describeSite(parseSite(site).kind).unitAxis === "residual";
}

function lengthOf(vector: Float32Array): number {
  return Math.hypot(...vector);
}

function cosine(a: Float32Array, b: Float32Array): number {
  let dot = 0;
  for (let i = 0; i < a.length; i++) dot += (a[i] ?? 0) * (b[i] ?? 0);
  return dot / (lengthOf(a) * lengthOf(b) || 1);
}
