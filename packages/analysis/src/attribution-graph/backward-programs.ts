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
import { GraphBuilder, type ValueName } from "@patchbay/onnx-graph";
import { float32Value, matrixValue, type Program, type TransformerModel } from "@patchbay/transformer";
import { attentionConstant, foldNorm, productWithRows } from "./linear-parts.ts";
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

/** [P, T, 1] → [T] */
function overPositions(g: GraphBuilder, shares: ValueName): ValueName {
  return g.sum(shares, [0, 2]);
}
