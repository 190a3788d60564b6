/** What nodes write and read by weights alone, and how heads carry one to the other: programs that know no prompt. */
import { DICTIONARY_TENSORS } from "@patchbay/dictionary";
import { GraphBuilder } from "@patchbay/onnx-graph";
import { type Engine, float32Value, matrixValue, type Program, type TransformerModel } from "@patchbay/transformer";
import { type Tensor, tensor } from "@patchbay/vocabulary";
import { int64 } from "../programs/readout.ts";
import { topTokens } from "../programs/top-tokens.ts";
import { dictionaryTensor, foldNorm, headDirections } from "./linear-parts.ts";
import type { ReplacementLayer } from "./replacement-model.ts";
import { encoderProgram } from "./start-programs.ts";

/** [n, residual]: decoder rows for one output site. */
export async function decoderRows(
  engine: Engine,
  { dictionary }: Pick<ReplacementLayer, "dictionary">,
  output: number,
  features: readonly number[],
  signal: AbortSignal,
): Promise<Tensor> {
  const key = `attribution-graph.decoder-rows.${dictionary.hash}.${output}`;
  const program: Program = {
    key,
    build() {
      const g = new GraphBuilder(key);
      const chosen = g.input("features", "int64", ["row"]);
      const decoder = dictionaryTensor(g, dictionary, DICTIONARY_TENSORS.decoder);
      const rows = g.gather(decoder, chosen, 0);
      const crossLayer = dictionary.describe(DICTIONARY_TENSORS.decoder).shape.length === 3;
      g.output(crossLayer ? g.gather(rows, g.index(output), 1) : rows, "float32", ["row", "residual"], "rows");
      return g.build();
    },
  };
  return (await engine.evaluate(program, { features: int64(features) }, ["rows"], signal)).rows;
}

/** [n, residual]: encoder rows as directions of the residual stream, with the weight of the norm between folded in. */
export async function encoderDirections(
  engine: Engine,
  { dictionary, layer, reads }: ReplacementLayer,
  features: readonly number[],
  signal: AbortSignal,
): Promise<Tensor> {
  const ones = tensor(["target", "one"], [features.length, 1], new Float32Array(features.length).fill(1));
  const feeds = { features: int64(features), scale: ones };
  const { direction } = await engine.evaluate(encoderProgram(dictionary), feeds, ["direction"], signal);
  const { norm2 } = engine.model.architecture.block(layer);
  if (reads !== "normalised" || norm2 === undefined) return direction;
  const key = `attribution-graph.fold-norm.${layer}`;
  const program: Program = {
    key,
    build() {
      const g = new GraphBuilder(key);
      const rows = g.input("rows", "float32", ["row", engine.model.shape.residualWidth]);
      g.output(foldNorm(g, engine.model, norm2, rows), "float32", ["row", "residual"], "folded");
      return g.build();
    },
  };
  return (await engine.evaluate(program, { rows: direction }, ["folded"], signal)).folded;
}

/** Direct factors of pairs: `vectors` [s, d], `directions` [t, d], places of both int64 [pair] → `factors` [pair]. */
export function directFactorProgram({ shape }: TransformerModel): Program {
  return {
    key: "attribution-graph.direct-factors",
    runsRarely: true,
    build() {
      const g = new GraphBuilder("attribution-graph.direct-factors");
      const row = (name: string, places: string) =>
        g.gather(
          g.input(name, "float32", [`${name}_rows`, shape.residualWidth]),
          g.input(places, "int64", ["pair"]),
          0,
        );
      const product = g.multiply(row("vectors", "source"), row("directions", "target"));
      g.output(g.sum(product, [1]), "float32", ["pair"], "factors");
      return g.build();
    },
  };
}

/** Factors through each head of a layer: as above, → `factors` [pair, head]. */
export function headFactorProgram(model: TransformerModel, layer: number): Program {
  const key = `attribution-graph.head-factors.${layer}`;
  return {
    key,
    runsRarely: true,
    build() {
      const { heads, keyValueHeads, headWidth, residualWidth } = model.shape;
      const { attention, norm1 } = model.architecture.block(layer);
      const g = new GraphBuilder(key);
      const vectors = g.input("vectors", "float32", ["source_row", residualWidth]);
      const directions = g.input("directions", "float32", ["target_row", residualWidth]);
      // The norm's weight and mean, folded into the values' matrix: [key/value heads × dimensions, residual].
      const value = foldNorm(g, model, norm1, g.transpose(matrixValue(g, model.tensors, attention.value), [1, 0]));
      const values = g.reshape(g.matrixProduct(vectors, g.transpose(value, [1, 0])), [0, keyValueHeads, headWidth]);
      const group = heads / keyValueHeads;
      const perHead = g.gather(
        values,
        g.int64(Array.from({ length: heads }, (_, head) => Math.floor(head / group))),
        1,
      );
      const output = g.transpose(matrixValue(g, model.tensors, attention.output), [1, 0]);
      const read = g.reshape(g.matrixProduct(directions, output), [0, heads, headWidth]);
      const sources = g.gather(perHead, g.input("source", "int64", ["pair"]), 0);
      const targets = g.gather(read, g.input("target", "int64", ["pair"]), 0);
      g.output(g.sum(g.multiply(sources, targets), [2]), "float32", ["pair", "head"], "factors");
      return g.build();
    },
  };
}

/** Rows of equal width as one tensor [row, residual]. */
export function stacked(rows: readonly Float32Array[], width: number): Tensor {
  const data = new Float32Array(rows.length * width);
  for (const [i, row] of rows.entries()) data.set(row, i * width);
  return tensor(["row", "residual"], [rows.length, width], data);
}

/** What each head of a layer reads of directions behind it: `directions` [n, d] → [n, head, residual]. */
export async function readThroughHeads(
  engine: Engine,
  layer: number,
  directions: Tensor,
  signal: AbortSignal,
): Promise<Tensor> {
  const { model } = engine;
  const key = `attribution-graph.read-through-heads.${layer}`;
  const program: Program = {
    key,
    build() {
      const g = new GraphBuilder(key);
      const given = g.input("directions", "float32", ["row", model.shape.residualWidth]);
      g.output(headDirections(g, model, layer, given), "float32", ["row", "head", "residual"], "read");
      return g.build();
    },
  };
  return (await engine.evaluate(program, { directions }, ["read"], signal)).read;
}

/** What each head's OV map makes of vectors before its norm: `vectors` [n, d] → [n, head, residual]. */
export async function writtenByHeads(
  engine: Engine,
  layer: number,
  vectors: Tensor,
  signal: AbortSignal,
): Promise<Tensor> {
  const { model } = engine;
  const { heads, keyValueHeads, headWidth, residualWidth } = model.shape;
  const { attention, norm1 } = model.architecture.block(layer);
  const key = `attribution-graph.written-by-heads.${layer}`;
  const program: Program = {
    key,
    build() {
      const g = new GraphBuilder(key);
      const given = g.input("vectors", "float32", ["row", residualWidth]);
      const value = foldNorm(g, model, norm1, g.transpose(matrixValue(g, model.tensors, attention.value), [1, 0]));
      const values = g.reshape(g.matrixProduct(given, g.transpose(value, [1, 0])), [0, keyValueHeads, headWidth]);
      const group = heads / keyValueHeads;
      const perHead = g.gather(
        values,
        g.int64(Array.from({ length: heads }, (_, head) => Math.floor(head / group))),
        1,
      );
      const output = g.reshape(matrixValue(g, model.tensors, attention.output), [heads, headWidth, residualWidth]);
      const written = g.matrixProduct(g.transpose(perHead, [1, 0, 2]), output);
      g.output(g.transpose(written, [1, 0, 2]), "float32", ["row", "head", "residual"], "written");
      return g.build();
    },
  };
  return (await engine.evaluate(program, { vectors }, ["written"], signal)).written;
}

/** Decoder rows of one output · directions [n, d] → [n, feature]. */
export async function decoderScores(
  engine: Engine,
  { dictionary }: ReplacementLayer,
  output: number,
  directions: Tensor,
  signal: AbortSignal,
): Promise<Tensor> {
  const key = `attribution-graph.decoder-scores.${dictionary.hash}.${output}`;
  const program: Program = {
    key,
    build() {
      const g = new GraphBuilder(key);
      const given = g.input("directions", "float32", ["row", dictionary.spec.outputWidth]);
      const decoder = dictionaryTensor(g, dictionary, DICTIONARY_TENSORS.decoder);
      const crossLayer = dictionary.describe(DICTIONARY_TENSORS.decoder).shape.length === 3;
      const matrix = crossLayer ? g.gather(decoder, g.index(output), 1) : decoder;
      g.output(g.generalProduct(given, matrix, { transposeB: true }), "float32", ["row", "feature"], "scores");
      return g.build();
    },
  };
  return (await engine.evaluate(program, { directions }, ["scores"], signal)).scores;
}

/** Encoder rows · vectors of the residual stream [n, d], the norm's weight between → [n, feature]. */
export async function encoderScores(
  engine: Engine,
  { dictionary, layer, reads }: ReplacementLayer,
  vectors: Tensor,
  signal: AbortSignal,
): Promise<Tensor> {
  const { model } = engine;
  const { norm2 } = model.architecture.block(layer);
  const normKey = `attribution-graph.norm-of-vectors.${layer}`;
  const normed: Program = {
    key: normKey,
    build() {
      const g = new GraphBuilder(normKey);
      const given = g.input("vectors", "float32", ["row", model.shape.residualWidth]);
      const centred = model.shape.norm.kind === "layer" ? g.subtract(given, g.mean(given, [-1], true)) : given;
      const weight = norm2?.weight === undefined ? undefined : float32Value(g, model.tensors, norm2.weight);
      const scaled = weight === undefined ? centred : g.multiply(centred, weight);
      g.output(scaled, "float32", ["row", "residual"], "read");
      return g.build();
    },
  };
  const seen = reads === "normalised" ? (await engine.evaluate(normed, { vectors }, ["read"], signal)).read : vectors;
  const key = `attribution-graph.encoder-scores.${dictionary.hash}`;
  const program: Program = {
    key,
    build() {
      const { spec } = dictionary;
      const g = new GraphBuilder(key);
      const given = g.input("vectors", "float32", ["row", spec.inputWidth]);
      const centred = spec.inputNormalisation === "layer-norm" ? g.subtract(given, g.mean(given, [-1], true)) : given;
      const encoder = dictionaryTensor(g, dictionary, DICTIONARY_TENSORS.encoder);
      const scores = g.generalProduct(centred, encoder, { transposeB: true });
      const gain =
        spec.activation.kind === "gated"
          ? g.exponential(dictionaryTensor(g, dictionary, DICTIONARY_TENSORS.magnitudeScale))
          : undefined;
      g.output(gain === undefined ? scores : g.multiply(scores, gain), "float32", ["row", "feature"], "scores");
      return g.build();
    },
  };
  return (await engine.evaluate(program, { vectors: seen }, ["scores"], signal)).scores;
}

/** Token embeddings · directions [n, d]: most and least, [n, rank]. */
export async function embeddingScores(engine: Engine, directions: Tensor, top: number, signal: AbortSignal) {
  const { architecture, tensors, shape } = engine.model;
  const program: Program = {
    key: "attribution-graph.embedding-scores",
    runsRarely: true,
    build() {
      const g = new GraphBuilder("attribution-graph.embedding-scores");
      const given = g.input("directions", "float32", ["row", shape.residualWidth]);
      const count = g.input("top", "int64", [1]);
      const table = float32Value(g, tensors, architecture.tokenEmbedding);
      const scores = g.generalProduct(given, table, { transposeB: true });
      for (const side of ["largest", "smallest"] as const) {
        const best = topTokens(g, scores, count, shape.vocabulary, side);
        g.output(best.values, "float32", ["row", "rank"], `${side}.scores`);
        g.output(best.tokens, "int32", ["row", "rank"], `${side}.tokens`);
      }
      return g.build();
    },
  };
  const fetches = ["largest.scores", "largest.tokens", "smallest.scores", "smallest.tokens"] as const;
  return engine.evaluate(program, { directions, top: int64([Math.min(top, shape.vocabulary)]) }, fetches, signal);
}
