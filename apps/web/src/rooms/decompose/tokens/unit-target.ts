/** Inner numbers that can be taken apart, as people write them: `L3N45`, `L3N45.up`, `L4H4.query`, `mlp-2[1027]`. */
import type { DecompositionTarget } from "@patchbay/contract";

export const UNIT_NOTATION = "neuron L3N45 (or L3N45.up), head’s side L4H4.query, feature mlp-2[1027]";

/** @param place where in the prompt; nothing: the last position. undefined where the text names nothing. */
export function readUnitTarget(
  text: string,
  place: { readonly position?: number } = {},
): DecompositionTarget | undefined {
  const word = text.trim();
  const neuron = /^L(\d{1,3})\.?N(\d{1,6})(?:\.(gate|up))?$/i.exec(word);
  if (neuron !== null) {
    const side = neuron[3]?.toLowerCase();
    return {
      kind: "neuron",
      layer: Number(neuron[1]),
      neuron: Number(neuron[2]),
      ...(side === "gate" || side === "up" ? { side } : {}),
      ...place,
    };
  }
  const head = /^L(\d{1,3})\.?H(\d{1,4})\.(q|k|v|query|key|value)$/i.exec(word);
  if (head !== null) {
    const side = SIDES[(head[3] ?? "").charAt(0).toLowerCase()];
    return side && { kind: "head-input", layer: Number(head[1]), head: Number(head[2]), side, ...place };
  }
  const feature = /^([a-z0-9][\w.-]*)\[(\d{1,7})\]$/i.exec(word);
  if (feature === null) return undefined;
  return { kind: "feature", dictionary: feature[1] ?? "", feature: Number(feature[2]), ...place };
}

const SIDES: Readonly<Record<string, "query" | "key" | "value">> = { q: "query", k: "key", v: "value" };
