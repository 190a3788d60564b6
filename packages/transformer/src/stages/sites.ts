/** Which hook sites a model has, and their shapes. */
import { type AxisName, SITE_KINDS, SITES, type SiteKind } from "@patchbay/vocabulary";
import type { ModelShape } from "../architecture.ts";

/** In order of computation. */
export function siteKindsOf(shape: ModelShape): SiteKind[] {
  return SITE_KINDS.filter((kind) => {
    if (kind === "hook_pos_embed") return shape.positions.kind === "learned";
    if (kind === "attn.hook_rot_q" || kind === "attn.hook_rot_k") return shape.positions.kind === "rotary";
    if (SITES[kind].axes.at(-1) === "norm" && shape.norm.kind === "none") return false;
    if (shape.neurons === 0 && ofMlp(kind)) return false;
    if (kind === "mlp.hook_pre_linear") return shape.gated;
    if (kind === "mlp.hook_mid") return shape.neuronNorm === true;
    if (kind === "hook_resid_mid") return shape.arrangement === "sequential";
    return true;
  });
}

/** Sites that blocks of attention only lack; between attention and nothing there is no middle. */
function ofMlp(kind: SiteKind): boolean {
  return kind.startsWith("mlp.") || kind.startsWith("ln2.") || kind === "hook_mlp_out" || kind === "hook_resid_mid";
}

export function siteKindsOfStage(
  shape: ModelShape,
  stage: "embed" | "block" | "unembed",
  perHeadResults: boolean,
): SiteKind[] {
  return siteKindsOf(shape).filter(
    (kind) => SITES[kind].stage === stage && (perHeadResults || kind !== "attn.hook_result"),
  );
}

/** Length of an axis where the model fixes it; undefined for batch, position, query and key. */
export function axisLengthOf(shape: ModelShape, axis: AxisName): number | undefined {
  switch (axis) {
    case "residual":
      return shape.residualWidth;
    case "head":
      return shape.heads;
    case "key_value_head":
      return shape.keyValueHeads;
    case "head_dimension":
      return shape.headWidth;
    case "neuron":
      return shape.neurons;
    case "norm":
      return 1;
    case "token":
      return shape.outputVocabulary;
    default:
      return undefined;
  }
}
