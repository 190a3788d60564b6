/**
 * The backward pass of the local replacement model, by hand, as graphs (reference: circuit-tracer; formulas in Ameisen et
 * al. 2025, "Circuit tracing"). With patterns, norm scales and MLP outputs held fixed every map is linear, so a gradient is
 * carried down by transposed matrices alone.
 *
 * A gradient is [position, target, residual], position first: the pattern's product over positions is then one large matrix
 * product a head, and the positions up to some place are the front of the array.
 *
 * Norms: x → w ∘ (x [− mean x]) / scale [+ b]. Transposed, weight and mean are folded into the matrix behind the norm, once;
 * only the division by the scale depends on the prompt.
 */
import { DICTIONARY_TENSORS, type Dictionary, type DictionaryTensorName } from "@patchbay/dictionary";
import { GraphBuilder, type ValueName } from "@patchbay/onnx-graph";
import {
  biasValue,
  float32Value,
  matrixValue,
  type NormWeight,
  type Program,
  type TensorSource,
  type TransformerModel,
} from "@patchbay/transformer";
import { InvariantError } from "@patchbay/vocabulary";
import type { ReadingPlace, ReplacementLayer } from "./replacement-model.ts";

/**
 * Names of inputs and outputs. T targets, P positions (those up to the last target's), d the residual width, H heads.
 * Inputs: `gradient` [P, T, d]; `pattern` [H, P(key), P(query)] each divided by the first norm's scale at its key;
 * `fixed` [P, 2, d], error and constant of the MLP; with a skip path `skip` [d, d] and, where it lies behind the norm,
 * `inverse_scale` [P, 1, 1], one over the second norm's. A graph's stored weights come from one folder, so what belongs to a
 * dictionary is fed.
 * Outputs: `next` [P, T, d] at the stream before the block; `errors` [P, T]; `bias` [T].
 */
export const BACKWARD_OUTPUTS = ["next", "errors", "bias"] as const;

const GRADIENT = ["position", "target", "residual"];

/** From the gradient behind block `layer` to the one before it, reading errors and constants on the way. */
export function backwardProgram(model: TransformerModel, layer: number, skip: SkipPath): Program {
  const key = `attribution-graph.backward.${layer}.${skip}`;
  return {
    key,
    // Every layer has a session of its own; each would keep a batch's temporaries.
    runsRarely: true,
    build() {
      const { shape } = model;
      const g = new GraphBuilder(key);
      const gradient = g.input("gradient", "float32", ["position", "target", shape.residualWidth]);
      const pattern = g.input("pattern", "float32", [shape.heads, "key", "position"]);
      const fixed = g.input("fixed", "float32", ["position", 2, shape.residualWidth]);
      // [position, target, 2]: how much of the target the error and the constant at each position make.
      const shares = productWithRows(g, gradient, fixed);
      g.output(g.squeeze(g.slice(shares, 2, 0, 1), [2]), "float32", ["position", "target"], "errors");
      const biases = [overPositions(g, g.slice(shares, 2, 1, 2))];

      let middle = gradient;
      let before: ValueName | undefined;
      if (skip !== "none") {
        const passed = skipGradient(g, model, layer, skip, gradient);
        if (passed.bias !== undefined) biases.push(overPositions(g, passed.bias));
        if (skip === "resid_pre" || shape.arrangement === "parallel") before = passed.gradient;
        else middle = g.add(gradient, passed.gradient);
      }
      const constant = attentionConstant(g, model, layer);
      if (constant !== undefined) {
        biases.push(overPositions(g, g.matrixProduct(middle, g.unsqueeze(constant, [1]))));
      }
      const attended = attentionGradient(g, model, layer, middle, pattern);
      const past = g.add(middle, attended);
      g.output(before === undefined ? past : g.add(past, before), "float32", GRADIENT, "next");
      g.output(
        biases.reduce((sum, value) => g.add(sum, value)),
        "float32",
        ["target"],
        "bias",
      );
      return g.build();
    },
  };
}

/** Where a transcoder's skip path begins; "none" without one. */
export type SkipPath = "none" | ReadingPlace;

export function skipPathOf(replaced: ReplacementLayer | undefined): SkipPath {
  return replaced?.dictionary.spec.skip === true ? replaced.reads : "none";
}

/** W_skip and the norm in front of it, transposed. */
function skipGradient(
  g: GraphBuilder,
  model: TransformerModel,
  layer: number,
  reads: ReadingPlace,
  gradient: ValueName,
): { gradient: ValueName; bias: ValueName | undefined } {
  const { residualWidth } = model.shape;
  const skip = g.input("skip", "float32", [residualWidth, residualWidth]);
  if (reads !== "normalised") return { gradient: g.matrixProduct(gradient, skip), bias: undefined };
  const { norm2 = {} } = model.architecture.block(layer);
  const inverseScale = g.input("inverse_scale", "float32", ["position", 1, 1]);
  const back = g.multiply(g.matrixProduct(gradient, foldNorm(g, model, norm2, skip)), inverseScale);
  if (norm2.bias === undefined) return { gradient: back, bias: undefined };
  // The norm's bias through the skip path is a constant of the MLP's output.
  const constant = g.matrixProduct(skip, g.unsqueeze(float32Value(g, model.tensors, norm2.bias), [1]));
  return { gradient: back, bias: g.matrixProduct(gradient, constant) };
}

/** Values, output projection and the first norm, transposed; the pattern mixes positions. */
function attentionGradient(
  g: GraphBuilder,
  model: TransformerModel,
  layer: number,
  gradient: ValueName,
  pattern: ValueName,
): ValueName {
  const { heads, keyValueHeads, headWidth } = model.shape;
  const { attention, norm1 } = model.architecture.block(layer);
  const output = g.transpose(matrixValue(g, model.tensors, attention.output), [1, 0]);
  const perHead = g.reshape(g.matrixProduct(gradient, output), [0, 0, heads, headWidth]);
  // [head, query, target × dimension]: one product a head moves the gradient of all targets to the keys.
  const queries = g.reshape(g.transpose(perHead, [2, 0, 1, 3]), [0, 0, -1]);
  const keys = g.matrixProduct(pattern, queries);
  const group = heads / keyValueHeads;
  const shared =
    group === 1 ? keys : g.sum(g.node("Reshape", [keys, groupedShape(g, keys, keyValueHeads, group)]), [1]);
  const dimensions = g.node("Reshape", [shared, splitShape(g, shared, headWidth)]);
  const values = g.reshape(g.transpose(dimensions, [1, 2, 0, 3]), [0, 0, keyValueHeads * headWidth]);
  const value = g.transpose(matrixValue(g, model.tensors, attention.value), [1, 0]);
  return g.matrixProduct(values, foldNorm(g, model, norm1, value));
}

/** [head, key, x] → lengths [key/value head, group, key, x] */
function groupedShape(g: GraphBuilder, value: ValueName, keyValueHeads: number, group: number): ValueName {
  return g.concat([g.int64([keyValueHeads, group]), g.slice(g.shapeOf(value), 0, 1, 3)], 0);
}

/** [head, key, target × dimension] → lengths [head, key, target, dimension] */
function splitShape(g: GraphBuilder, value: ValueName, headWidth: number): ValueName {
  return g.concat([g.slice(g.shapeOf(value), 0, 0, 2), g.int64([-1, headWidth])], 0);
}

/**
 * Rows [any, residual] that multiply a norm's output, as rows that multiply its centred, scaled input: r ↦ r∘w, and for
 * LayerNorm minus its mean.
 */
export function foldNorm(
  g: GraphBuilder,
  { shape, tensors }: TransformerModel,
  { weight }: NormWeight,
  rows: ValueName,
): ValueName {
  const weighted = weight === undefined ? rows : g.multiply(rows, float32Value(g, tensors, weight));
  return shape.norm.kind === "layer" ? g.subtract(weighted, g.mean(weighted, [-1], true)) : weighted;
}

/**
 * [residual]: what attention adds whatever it looks at, b_O + (b_norm·W_V + b_V)·W_O, since each pattern row sums to 1.
 * undefined where there are no biases.
 */
export function attentionConstant(g: GraphBuilder, model: TransformerModel, layer: number): ValueName | undefined {
  const { heads, keyValueHeads, headWidth } = model.shape;
  const { attention, norm1 } = model.architecture.block(layer);
  const parts: ValueName[] = [];
  const valueBias = biasValue(g, model.tensors, attention.value);
  if (valueBias !== undefined) parts.push(g.unsqueeze(valueBias, [0]));
  if (norm1.bias !== undefined) {
    const bias = g.unsqueeze(float32Value(g, model.tensors, norm1.bias), [0]);
    parts.push(g.matrixProduct(bias, matrixValue(g, model.tensors, attention.value)));
  }
  const outputBias = biasValue(g, model.tensors, attention.output);
  if (parts.length === 0) return outputBias;
  const values = parts.reduce((sum, value) => g.add(sum, value));
  const group = heads / keyValueHeads;
  const repeated = g.gather(
    g.reshape(values, [keyValueHeads, headWidth]),
    g.int64(Array.from({ length: heads }, (_, head) => Math.floor(head / group))),
    0,
  );
  const written = g.squeeze(
    g.matrixProduct(g.reshape(repeated, [1, heads * headWidth]), matrixValue(g, model.tensors, attention.output)),
    [0],
  );
  return outputBias === undefined ? written : g.add(written, outputBias);
}

/**
 * From features of one layer to the gradient before its block. Attention of the own layer is passed at once: a gradient at
 * one position becomes, at each position, a mixture of one vector a head.
 *
 * Inputs: `direction` [T, d] at the place that is read; `scale` [T, 1], one over the second norm's (1 where the stream is
 * read); `at` [T, P, 1], 1 at each target's position; where the own attention is passed also `pattern` (as above) and
 * `positions` int64 [T]. Outputs: `next` [P, T, d], `bias` [T].
 */
export function featureStartProgram(model: TransformerModel, replaced: ReplacementLayer): Program {
  const { layer, reads } = replaced;
  const key = `attribution-graph.start.${layer}.${reads}`;
  return {
    key,
    runsRarely: true,
    build() {
      const { shape, architecture, tensors } = model;
      const g = new GraphBuilder(key);
      const at = g.input("at", "float32", ["target", "position", 1]);
      const scale = g.input("scale", "float32", ["target", 1]);
      let direction = g.input("direction", "float32", ["target", shape.residualWidth]);
      const biases = [g.multiply(g.squeeze(scale, [1]), g.scalar(0))];
      const { norm2 } = architecture.block(layer);
      if (reads === "normalised" && norm2 !== undefined) {
        if (norm2.bias !== undefined) biases.push(dotWith(g, direction, float32Value(g, tensors, norm2.bias)));
        direction = foldNorm(g, model, norm2, direction);
      }
      direction = g.multiply(direction, scale);
      const throughAttention = passesOwnAttention(model, replaced);
      const constant = throughAttention ? attentionConstant(g, model, layer) : undefined;
      if (constant !== undefined) biases.push(dotWith(g, direction, constant));
      const own = g.unsqueeze(direction, [1]);
      const mixed = throughAttention
        ? g.matrixProduct(
            g.concat([patternRows(g, shape.heads), at], 2),
            g.concat([headDirections(g, model, layer, direction), own], 1),
          )
        : g.matrixProduct(at, own);
      g.output(g.transpose(mixed, [1, 0, 2]), "float32", GRADIENT, "next");
      const bias = biases.reduce((sum, value) => g.add(sum, value));
      g.output(bias, "float32", ["target"], "bias");
      return g.build();
    },
  };
}

/** Whether what a dictionary reads lies behind the attention of its own block. */
export function passesOwnAttention({ shape }: TransformerModel, { reads }: ReplacementLayer): boolean {
  return reads !== "resid_pre" && shape.arrangement === "sequential";
}

/** [T, P, H]: each target's row of every head's pattern. */
function patternRows(g: GraphBuilder, heads: number): ValueName {
  const pattern = g.input("pattern", "float32", [heads, "position", "query"]);
  const positions = g.input("positions", "int64", ["target"]);
  return g.transpose(g.gather(pattern, positions, 2), [2, 1, 0]);
}

/** [T, H, d]: what each head reads of a direction behind it, through its OV map and the norm. */
export function headDirections(
  g: GraphBuilder,
  model: TransformerModel,
  layer: number,
  direction: ValueName,
): ValueName {
  const { heads, keyValueHeads, headWidth, residualWidth } = model.shape;
  const { attention, norm1 } = model.architecture.block(layer);
  const output = g.transpose(matrixValue(g, model.tensors, attention.output), [1, 0]);
  const perHead = g.transpose(g.reshape(g.matrixProduct(direction, output), [0, heads, headWidth]), [1, 0, 2]);
  const value = foldNorm(g, model, norm1, g.transpose(matrixValue(g, model.tensors, attention.value), [1, 0]));
  const perValueHead = g.reshape(value, [keyValueHeads, headWidth, residualWidth]);
  const group = heads / keyValueHeads;
  const matrices =
    group === 1
      ? perValueHead
      : g.gather(perValueHead, g.int64(Array.from({ length: heads }, (_, head) => Math.floor(head / group))), 0);
  return g.transpose(g.matrixProduct(perHead, matrices), [1, 0, 2]);
}

/**
 * What features read: [T, input] directions at the dictionary's input site, and the constant parts of the pre-activations.
 * Inputs: `features` int64 [T], `scale` [T, 1], the dictionary's own input normalisation. Outputs: `direction`, `bias` [T].
 */
export function encoderProgram(dictionary: Dictionary): Program {
  const { spec } = dictionary;
  const key = `attribution-graph.encoder.${dictionary.hash}`;
  return {
    key,
    build() {
      const g = new GraphBuilder(key);
      const features = g.input("features", "int64", ["target"]);
      const scale = g.input("scale", "float32", ["target", 1]);
      const chosen = (name: DictionaryTensorName) => g.gather(dictionaryTensor(g, dictionary, name), features, 0);
      const gated = spec.activation.kind === "gated";
      const rows = chosen(DICTIONARY_TENSORS.encoder);
      const gain = gated ? g.unsqueeze(g.exponential(chosen(DICTIONARY_TENSORS.magnitudeScale)), [1]) : undefined;
      const encoder = gain === undefined ? rows : g.multiply(rows, gain);
      const bias = chosen(gated ? DICTIONARY_TENSORS.magnitudeBias : DICTIONARY_TENSORS.encoderBias);
      const shift = () => dotWith(g, encoder, dictionaryTensor(g, dictionary, DICTIONARY_TENSORS.decoderBias));
      g.output(spec.subtractDecoderBias ? g.subtract(bias, shift()) : bias, "float32", ["target"], "bias");
      const centred =
        spec.inputNormalisation === "layer-norm" ? g.subtract(encoder, g.mean(encoder, [-1], true)) : encoder;
      g.output(g.multiply(centred, scale), "float32", ["target", "input"], "direction");
      return g.build();
    },
  };
}

/**
 * What active features of one dictionary write to one layer, read off a gradient at some positions.
 * Inputs: `gradient` [p, T, d], `places` int64 [p, K] (0 where fewer are active), `activations` [p, K] (0 there).
 * Output: `edges` [p, T, K].
 */
export function featureReadProgram(dictionary: Dictionary, output: number): Program {
  const key = `attribution-graph.read.${dictionary.hash}.${output}`;
  return {
    key,
    runsRarely: true,
    build() {
      const g = new GraphBuilder(key);
      const gradient = g.input("gradient", "float32", ["position", "target", dictionary.spec.outputWidth]);
      const places = g.input("places", "int64", ["position", "active"]);
      const activations = g.input("activations", "float32", ["position", "active"]);
      const decoder = dictionaryTensor(g, dictionary, DICTIONARY_TENSORS.decoder);
      const crossLayer = dictionary.describe(DICTIONARY_TENSORS.decoder).shape.length === 3;
      const matrix = crossLayer ? g.gather(decoder, g.index(output), 1) : decoder;
      const edges = productWithRows(g, gradient, g.gather(matrix, places, 0));
      const scaled = g.multiply(edges, g.unsqueeze(activations, [1]));
      g.output(scaled, "float32", ["position", "target", "active"], "edges");
      return g.build();
    },
  };
}

/** Embeddings read off the gradient at the bottom: `gradient` [P, T, d], `embedding` [P, 1, d] → `edges` [P, T]. */
export function tokenReadProgram({ shape }: TransformerModel): Program {
  return {
    key: "attribution-graph.tokens",
    build() {
      const g = new GraphBuilder("attribution-graph.tokens");
      const gradient = g.input("gradient", "float32", ["position", "target", shape.residualWidth]);
      const embedding = g.input("embedding", "float32", ["position", 1, shape.residualWidth]);
      const edges = g.squeeze(productWithRows(g, gradient, embedding), [2]);
      g.output(edges, "float32", ["position", "target"], "edges");
      return g.build();
    },
  };
}

/**
 * Directions of tokens before the final norm: the LM head's row minus the mean of all, through the norm.
 * Inputs: `tokens` int64 [T], `scale` [1], one over the final norm's at the position. Outputs: `directions` [T, d], `bias` [T].
 */
export function tokenDirectionProgram(model: TransformerModel): Program {
  return {
    key: "attribution-graph.token-directions",
    runsRarely: true,
    build() {
      const { architecture, tensors, shape } = model;
      const g = new GraphBuilder("attribution-graph.token-directions");
      const tokens = g.input("tokens", "int64", ["target"]);
      const scale = g.input("scale", "float32", [1]);
      // A mean as a product: the runtime's reductions over so long an axis lose digits. The head is large: it stays as it is
      // stored, and nothing is turned round but the rows that are asked for.
      const { unembedding } = architecture;
      const rowsAreTokens = unembedding.layout === "output-input" && unembedding.outputs === undefined;
      const count = shape.outputVocabulary;
      const average = g.float32(
        "average",
        rowsAreTokens ? [1, count] : [count, 1],
        new Float32Array(count).fill(1 / count),
      );
      const head = rowsAreTokens ? float32Value(g, tensors, unembedding.tensor) : matrixValue(g, tensors, unembedding);
      const mean = rowsAreTokens
        ? g.squeeze(g.matrixProduct(average, head), [0])
        : g.squeeze(g.matrixProduct(head, average), [1]);
      const chosen = rowsAreTokens ? g.gather(head, tokens, 0) : g.transpose(g.gather(head, tokens, 1), [1, 0]);
      const rows = g.subtract(chosen, mean);
      const { finalNorm } = architecture;
      g.output(g.multiply(foldNorm(g, model, finalNorm, rows), scale), "float32", ["target", "residual"], "directions");
      const biases: ValueName[] = [];
      if (finalNorm.bias !== undefined) biases.push(dotWith(g, rows, float32Value(g, tensors, finalNorm.bias)));
      const headBias = biasValue(g, tensors, architecture.unembedding);
      if (headBias !== undefined) {
        const column = g.reshape(average, [count, 1]);
        const all = g.squeeze(g.matrixProduct(g.unsqueeze(headBias, [0]), column), [0]);
        biases.push(g.subtract(g.gather(headBias, tokens, 0), all));
      }
      const none = () => g.multiply(g.cast(tokens, "float32"), g.scalar(0));
      const [first = none(), ...more] = biases;
      g.output(
        more.reduce((sum, value) => g.add(sum, value), first),
        "float32",
        ["target"],
        "bias",
      );
      return g.build();
    },
  };
}

/** [p, T, d] · [p, K, d] → [p, T, K], without writing the second factor turned round. */
function productWithRows(g: GraphBuilder, a: ValueName, rows: ValueName): ValueName {
  return g.node("FusedMatMul", [a, rows], { transB: { int: 1 } }, undefined, "com.microsoft");
}

/** [P, T, 1] → [T] */
function overPositions(g: GraphBuilder, shares: ValueName): ValueName {
  return g.sum(shares, [0, 2]);
}

/** rows [T, x] · vector [x] → [T] */
function dotWith(g: GraphBuilder, rows: ValueName, vector: ValueName): ValueName {
  return g.squeeze(g.matrixProduct(rows, g.unsqueeze(vector, [1])), [1]);
}

/** A dictionary's tensor as a float32 constant, by reference to its bytes on disk. */
export function dictionaryTensor(g: GraphBuilder, dictionary: Dictionary, name: DictionaryTensorName): ValueName {
  if (!dictionary.has(name)) throw new InvariantError(`the dictionary ${dictionary.spec.name} has no ${name}`);
  const source: TensorSource = {
    names: [name],
    has: (other) => other === name,
    describe: () => dictionary.describe(name),
    read: () => dictionary.read(name),
  };
  return float32Value(g, source, name);
}
