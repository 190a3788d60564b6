/** The parts of a logit as bars: named, ordered by size, with the same part of the other run beside it. */
import type { AttributionResult } from "@patchbay/contract";

type Component = AttributionResult["components"][number];

export interface Contribution {
  readonly key: string;
  readonly name: string;
  readonly share: number;
  readonly before: number | undefined;
  readonly layer: number | undefined;
  readonly kind: Component["kind"];
  readonly unit: number | undefined;
}

/** Largest first, by magnitude. `reference` is the run before the patches, when `result` is the run after. */
export function contributions(result: AttributionResult, reference: AttributionResult | undefined): Contribution[] {
  const old = new Map(reference?.components.map(({ label, share }) => [label, share]));
  return result.components
    .map((component) => ({
      key: component.label,
      name: componentName(component),
      share: component.share,
      before: old.get(component.label),
      layer: component.layer,
      kind: component.kind,
      unit: component.unit,
    }))
    .sort((a, b) => Math.abs(b.share) - Math.abs(a.share));
}

/** After minus before, part by part. */
export function contributionChanges(after: AttributionResult, before: AttributionResult): Contribution[] {
  return contributions(after, before)
    .map((part) => ({ ...part, share: part.share - (part.before ?? 0), before: undefined }))
    .sort((a, b) => Math.abs(b.share) - Math.abs(a.share));
}

export function componentName({
  kind,
  layer,
  unit,
  label,
}: Pick<Component, "kind" | "layer" | "unit" | "label">): string {
  switch (kind) {
    case "head":
      return `L${layer} attention · H${unit}`;
    case "mlp":
      return `L${layer} MLP`;
    case "neuron":
      return `L${layer}·N${unit}`;
    case "embedding":
      return label === "pos_embed" ? "position embedding" : "embedding";
    default:
      return label.replaceAll("_", " ");
  }
}

/** Layers × (heads, MLP), row-major, layer 0 first; NaN where a layer has no such part. */
export function contributionGrid(parts: readonly Contribution[], layers: number, heads: number): Float32Array {
  const values = new Float32Array(layers * (heads + 1)).fill(Number.NaN);
  for (const { layer, kind, unit, share } of parts) {
    if (layer === undefined || (kind !== "head" && kind !== "mlp")) continue;
    const column = kind === "mlp" ? heads : (unit ?? 0);
    if (layer < layers && column <= heads) values[layer * (heads + 1) + column] = share;
  }
  return values;
}
