/** The computed map: columnar, one entry per neuron of the model (layer-major), stored as one safetensors file. */
import type { MapVariant, NeuronSide } from "@patchbay/contract";
import { decodeSafetensors, encodeSafetensors } from "@patchbay/transformer";
import { PatchbayError, type Tensor, type TensorData, tensor } from "@patchbay/vocabulary";

export const MAP_VARIANTS: readonly MapVariant[] = ["folded", "raw", "cosine"];

export interface NeuronMapPart {
  /** [neuron × rank] token ids and scores, the most promoted first. */
  readonly top: Int32Array;
  readonly topScores: Float32Array;
  /** The most suppressed first. */
  readonly bottom: Int32Array;
  readonly bottomScores: Float32Array;
  /** [neuron]: largest probability, and entropy in nats, of softmax(scores). */
  readonly peakedness: Float32Array;
  readonly entropy: Float32Array;
  /** [neuron]: length of the weight vector. */
  readonly lengths: Float32Array;
}

export interface NeuronMap {
  readonly tokensPerSide: number;
  /** None where the model has no neurons: every part is then empty. */
  readonly sides: readonly NeuronSide[];
  part(side: NeuronSide, variant: MapVariant): NeuronMapPart;
}

export function emptyPart(count: number, top: number): NeuronMapPart {
  return {
    top: new Int32Array(count * top),
    topScores: new Float32Array(count * top),
    bottom: new Int32Array(count * top),
    bottomScores: new Float32Array(count * top),
    peakedness: new Float32Array(count),
    entropy: new Float32Array(count),
    lengths: new Float32Array(count),
  };
}

export function partKey(side: NeuronSide, variant: MapVariant): string {
  return `${side}.${variant}`;
}

const FIELDS = ["top", "topScores", "bottom", "bottomScores", "peakedness", "entropy", "lengths"] as const;

export function encodeNeuronMap(parts: ReadonlyMap<string, NeuronMapPart>, tokensPerSide: number): Uint8Array {
  const tensors = new Map<string, Tensor<TensorData>>();
  for (const [key, part] of parts) {
    for (const field of FIELDS) {
      const data = part[field];
      const ranked = data.length > part.entropy.length || field.startsWith("top") || field.startsWith("bottom");
      const shape = ranked ? [part.entropy.length, tokensPerSide] : [part.entropy.length];
      tensors.set(`${key}.${field}`, tensor(ranked ? ["neuron", "rank"] : ["neuron"], shape, data));
    }
  }
  return encodeSafetensors(tensors, { tokensPerSide: String(tokensPerSide), format: "patchbay-neuron-map-1" });
}

export function decodeNeuronMap(bytes: Uint8Array): NeuronMap {
  const { tensors, metadata } = decodeSafetensors(bytes, "The neuron map");
  const sides = (["gate", "up", "write"] as const).filter((side) => tensors.has(`${partKey(side, "folded")}.top`));
  const parts = new Map<string, NeuronMapPart>();
  for (const side of sides) {
    for (const variant of MAP_VARIANTS) {
      const field = (name: string) => tensors.get(`${partKey(side, variant)}.${name}`)?.data;
      const part = Object.fromEntries(FIELDS.map((name) => [name, field(name)])) as unknown as NeuronMapPart;
      parts.set(partKey(side, variant), part);
    }
  }
  return {
    tokensPerSide: Number(metadata["tokensPerSide"]),
    sides,
    part(side, variant) {
      const part = parts.get(partKey(side, variant));
      if (part !== undefined) return part;
      if (sides.length === 0) return emptyPart(0, 0);
      throw new PatchbayError("invalid-request", `This model's neurons have no ${side} side.`, {
        expected: sides.join(", "),
        received: side,
      });
    },
  };
}
