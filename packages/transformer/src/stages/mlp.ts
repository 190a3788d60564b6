/** The MLP of a block: plain (act(up)) or gated (act(gate) × up; Shazeer 2020). */
import type { GraphBuilder, ValueName } from "@patchbay/onnx-graph";
import type { Activation, BlockWeights, ModelShape } from "../architecture.ts";
import type { TensorSource } from "../weights/tensor-source.ts";
import type { Hooks } from "./hooks.ts";
import { linear } from "./weight-values.ts";

/** normalized [batch, position, residual] → mlp_out [batch, position, residual], before its own site. */
export function mlp(
  g: GraphBuilder,
  tensors: TensorSource,
  hooks: Hooks,
  { activation }: ModelShape,
  weights: BlockWeights["mlp"],
  normalized: ValueName,
): ValueName {
  if (weights.gate === undefined) {
    const pre = hooks.at("mlp.hook_pre", linear(g, tensors, normalized, weights.up));
    return linear(g, tensors, hooks.at("mlp.hook_post", activate(g, activation, pre)), weights.down);
  }
  const gate = hooks.at("mlp.hook_pre", linear(g, tensors, normalized, weights.gate));
  const up = hooks.at("mlp.hook_pre_linear", linear(g, tensors, normalized, weights.up));
  const post = hooks.at("mlp.hook_post", g.multiply(activate(g, activation, gate), up));
  return linear(g, tensors, post, weights.down);
}

function activate(g: GraphBuilder, activation: Activation, x: ValueName): ValueName {
  switch (activation) {
    case "silu":
      return g.multiply(x, g.sigmoid(x));
    case "relu":
      return g.node("Relu", [x]);
    case "gelu":
      return g.node("Gelu", [x], { approximate: { string: "none" } });
    case "gelu-tanh":
      return g.node("Gelu", [x], { approximate: { string: "tanh" } });
  }
}
