/** The MLP of a block: plain (act(up)) or gated (act(gate) × up; Shazeer 2020). */
import type { GraphBuilder, ValueName } from "@patchbay/onnx-graph";
import { InvariantError } from "@patchbay/vocabulary";
import type { MlpWeights, ModelShape } from "../architecture.ts";
import type { TensorSource } from "../weights/tensor-source.ts";
import type { Hooks } from "./hooks.ts";
import { applyNormWeight } from "./norm.ts";
import { float32Value, linear } from "./weight-values.ts";

/** normalized [batch, position, residual] → mlp_out [batch, position, residual], before its own site. */
export function mlp(
  g: GraphBuilder,
  tensors: TensorSource,
  hooks: Hooks,
  { activation, norm }: ModelShape,
  weights: MlpWeights,
  normalized: ValueName,
): ValueName {
  if (weights.gate === undefined) {
    const pre = hooks.at("mlp.hook_pre", linear(g, tensors, normalized, weights.up));
    const active = activate(g, activation, pre);
    const normed =
      weights.neuronNorm === undefined
        ? active
        : applyNormWeight(
            g,
            tensors,
            standardise(g, hooks.at("mlp.hook_mid", active), norm.epsilon),
            weights.neuronNorm,
          );
    return linear(g, tensors, hooks.at("mlp.hook_post", normed), weights.down);
  }
  const gate = hooks.at("mlp.hook_pre", linear(g, tensors, normalized, weights.gate));
  const up = hooks.at("mlp.hook_pre_linear", linear(g, tensors, normalized, weights.up));
  const product = g.multiply(activate(g, activation, gate), up);
  const neurons =
    weights.productBias === undefined ? product : g.add(product, float32Value(g, tensors, weights.productBias));
  return linear(g, tensors, hooks.at("mlp.hook_post", neurons), weights.down);
}

/** (x − mean x) / √(mean (x − mean x)² + ε) over the neurons. */
function standardise(g: GraphBuilder, x: ValueName, epsilon: number): ValueName {
  const centred = g.subtract(x, g.mean(x, [-1], true));
  const meanSquare = g.mean(g.multiply(centred, centred), [-1], true);
  return g.divide(centred, g.squareRoot(g.add(meanSquare, g.scalar(epsilon))));
}

function activate(g: GraphBuilder, activation: ModelShape["activation"], x: ValueName): ValueName {
  switch (activation) {
    case "silu":
      return g.multiply(x, g.sigmoid(x));
    case "relu":
      return g.node("Relu", [x]);
    case "gelu":
      return g.node("Gelu", [x], { approximate: { string: "none" } });
    case "gelu-tanh":
      return g.node("Gelu", [x], { approximate: { string: "tanh" } });
    case "solu":
      return g.multiply(x, g.softmax(x, -1));
    case "none":
      throw new InvariantError("a model with an MLP has an activation function");
  }
}
