/** RMSNorm (Zhang & Sennrich 2019) and LayerNorm (Ba et al. 2016), written out so that the scale is a site. */
import type { GraphBuilder, ValueName } from "@patchbay/onnx-graph";
import type { SiteKind } from "@patchbay/vocabulary";
import type { ModelShape, NormWeight } from "../architecture.ts";
import type { TensorSource } from "../weights/tensor-source.ts";
import type { Hooks } from "./hooks.ts";
import { float32Value } from "./weight-values.ts";

/** Only what the norm's weight (and bias) do; either may be absent. */
export function applyNormWeight(
  g: GraphBuilder,
  tensors: TensorSource,
  value: ValueName,
  { weight, bias }: NormWeight,
): ValueName {
  const weighted = weight === undefined ? value : g.multiply(value, float32Value(g, tensors, weight));
  return bias === undefined ? weighted : g.add(weighted, float32Value(g, tensors, bias));
}

export interface NormSites {
  readonly scale: SiteKind;
  readonly normalized: SiteKind;
}

/**
 * x [batch, position, residual] → normed x, weight (and bias) included.
 * scale [batch, position, 1] is √(mean x² + ε), of the centred x for LayerNorm. Without a norm x goes through as it is.
 */
export function norm(
  g: GraphBuilder,
  tensors: TensorSource,
  hooks: Hooks,
  { kind, epsilon }: ModelShape["norm"],
  input: ValueName,
  weight: NormWeight,
  sites: NormSites,
): ValueName {
  // A value of its own: in a readable graph two sites may not share one.
  if (kind === "none") return hooks.at(sites.normalized, g.node("Identity", [input]));
  const centred = kind === "layer" ? g.subtract(input, g.mean(input, [-1], true)) : input;
  const meanSquare = g.mean(g.multiply(centred, centred), [-1], true);
  const scale = hooks.at(sites.scale, g.squareRoot(g.add(meanSquare, g.scalar(epsilon))));
  return hooks.at(sites.normalized, applyNormWeight(g, tensors, g.divide(centred, scale), weight));
}
