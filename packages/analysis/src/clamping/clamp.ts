/** Where a clamp sits in an MLP (Davies 2025, paper A1 leaves it open), as an edit of a site. */
import type { ClampPlace } from "@patchbay/contract";
import type { PositionSelection, SiteEdit, TransformerModel } from "@patchbay/transformer";
import { ensureDefined } from "@patchbay/vocabulary";
import { lengthsOf, neuronVectors } from "../neuron-vocabulary/neuron-vectors.ts";

export interface Clamp {
  readonly layer: number;
  readonly neuron: number;
  readonly place: ClampPlace;
  readonly positions: PositionSelection;
}

/**
 * - post: the neuron's activation (act(gate) × up in a gated MLP) becomes `value`.
 * - up: the up projection becomes `value` and the gate still multiplies it; in a plain MLP, the pre-activation.
 * - written: the vector added to the residual stream gets length `value` (against its direction where negative).
 */
export function clampEdit(
  model: TransformerModel,
  { layer, neuron, place, positions }: Clamp,
  value: number,
  row: number,
  writtenLength: number,
): SiteEdit {
  const kind = place === "up" ? (model.shape.gated ? "mlp.hook_pre_linear" : "mlp.hook_pre") : "mlp.hook_post";
  return {
    site: { kind, layer },
    rows: [row],
    positions,
    units: [neuron],
    dimensions: "all",
    scale: 0,
    offset: place === "written" ? value / writtenLength : value,
  };
}

/** Length of the neuron's value vector. */
export async function writtenLengthOf(model: TransformerModel, layer: number, neuron: number): Promise<number> {
  return ensureDefined(lengthsOf(await neuronVectors(model, layer, "write"))[neuron], "neuron");
}
