/** The arithmetic of a fact trace, as graphs: directions of tokens, what heads carry from the subject, what neurons say. */
import { GraphBuilder, type ValueName } from "@patchbay/onnx-graph";
import {
  float32Value,
  type LinearWeight,
  matrixValue,
  type Program,
  type TransformerModel,
} from "@patchbay/transformer";

/**
 * tokens int64 [token], weights [direction, token] → direction [direction, residual]: w ∘ (Σ weights·W_U[token] − mean_v W_U[v]),
 * centred for LayerNorm, with w the final norm's weight. Divided by the final norm's scale it reads a component's share of the
 * demeaned logit. The rows of `weights` sum to 1.
 */
export function directionProgram({ architecture, tensors, shape }: TransformerModel): Program {
  return {
    key: "fact-trace.directions",
    build() {
      const g = new GraphBuilder("fact-trace.directions");
      const tokens = g.input("tokens", "int64", ["token"]);
      const weights = g.input("weights", "float32", ["direction", "token"]);
      // [residual, vocabulary]
      const unembedding = matrixValue(g, tensors, architecture.unembedding);
      const chosen = g.matrixProduct(weights, g.transpose(g.gather(unembedding, tokens, 1), [1, 0]));
      // A product adds up in blocks, where a mean over so long an axis would lose digits.
      const size = shape.outputVocabulary;
      const uniform = g.float32(
        "uniform",
        [size, 1],
        Array.from({ length: size }, () => 1 / size),
      );
      const mean = g.transpose(g.matrixProduct(unembedding, uniform), [1, 0]);
      const rows = g.subtract(chosen, mean);
      const { weight } = architecture.finalNorm;
      const weighted = weight === undefined ? rows : g.multiply(rows, float32Value(g, tensors, weight));
      const direction = shape.norm.kind === "layer" ? g.subtract(weighted, g.mean(weighted, [-1], true)) : weighted;
      g.output(direction, "float32", ["direction", shape.residualWidth], "direction");
      return g.build();
    },
  };
}

/** states [state, residual], direction [direction, residual] → share [state, direction] */
export function projectionProgram({ shape }: TransformerModel): Program {
  return {
    key: "fact-trace.project",
    build() {
      const g = new GraphBuilder("fact-trace.project");
      const states = g.input("states", "float32", ["state", shape.residualWidth]);
      const direction = g.input("direction", "float32", ["direction", shape.residualWidth]);
      g.output(g.matrixProduct(states, g.transpose(direction, [1, 0])), "float32", ["state", "direction"], "share");
      return g.build();
    },
  };
}

/**
 * Of the last position: pattern [head, key] and values [key, key_value_head, head_dimension], mask [1, key] with 1 at the
 * subject's tokens → what each head carries from there: attention [head], length [head], moved [direction, head].
 */
export function headsProgram({ architecture, tensors, shape }: TransformerModel, layer: number): Program {
  const { heads, keyValueHeads, headWidth, residualWidth } = shape;
  return {
    key: `fact-trace.heads.${layer}`,
    build() {
      const g = new GraphBuilder(`fact-trace.heads.${layer}`);
      const direction = g.input("direction", "float32", ["direction", residualWidth]);
      const pattern = g.input("pattern", "float32", [heads, "key"]);
      const mask = g.input("mask", "float32", [1, "key"]);
      const values = g.input("values", "float32", ["key", keyValueHeads, headWidth]);
      const attended = g.multiply(pattern, mask);
      g.output(g.sum(attended, [1]), "float32", [heads], "attention");
      // Query heads share the values of their group.
      const groups = Array.from({ length: heads }, (_, head) => Math.floor((head * keyValueHeads) / heads));
      const perHead = g.transpose(g.gather(values, g.int64(groups), 1), [1, 0, 2]);
      // [head, 1, head_dimension]
      const carried = g.matrixProduct(g.unsqueeze(attended, [1]), perHead);
      const output = g.reshape(matrixValue(g, tensors, architecture.block(layer).attention.output), [
        heads,
        headWidth,
        residualWidth,
      ]);
      const written = g.squeeze(g.matrixProduct(carried, output), [1]);
      g.output(g.squareRoot(g.sum(g.multiply(written, written), [1])), "float32", [heads], "length");
      g.output(g.matrixProduct(direction, g.transpose(written, [1, 0])), "float32", ["direction", heads], "moved");
      return g.build();
    },
  };
}

/** direction [1, residual], post [neuron] → share [neuron] of each neuron's output. */
export function neuronsProgram({ tensors, shape }: TransformerModel, layer: number, down: LinearWeight): Program {
  return {
    key: `fact-trace.neurons.${layer}`,
    build() {
      const g = new GraphBuilder(`fact-trace.neurons.${layer}`);
      const direction = g.input("direction", "float32", [1, shape.residualWidth]);
      const post = g.input("post", "float32", [shape.neurons]);
      const read: ValueName = g.matrixProduct(matrixValue(g, tensors, down), g.transpose(direction, [1, 0]));
      g.output(g.multiply(g.squeeze(read, [1]), post), "float32", [shape.neurons], "share");
      return g.build();
    },
  };
}
