/** Where the backward pass begins and what it reads, as graphs: features' encoders, tokens' directions, sources. */
import { DICTIONARY_TENSORS, type Dictionary, type DictionaryTensorName } from "@patchbay/dictionary";
import { GraphBuilder, type ValueName } from "@patchbay/onnx-graph";
import { biasValue, float32Value, matrixValue, type Program, type TransformerModel } from "@patchbay/transformer";
import {
  attentionConstant,
  dictionaryTensor,
  dotWith,
  foldNorm,
  headDirections,
  passesOwnAttention,
  productWithRows,
} from "./linear-parts.ts";
import type { ReplacementLayer } from "./replacement-model.ts";

const GRADIENT = ["position", "target", "residual"];

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

/** [T, P, H]: each target's row of every head's pattern. */
function patternRows(g: GraphBuilder, heads: number): ValueName {
  const pattern = g.input("pattern", "float32", [heads, "position", "query"]);
  const positions = g.input("positions", "int64", ["target"]);
  return g.transpose(g.gather(pattern, positions, 2), [2, 1, 0]);
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
