/**
 * One node as the interchange files write it, members in circuit-tracer's order. What those have no member for goes into
 * `patchbay`, which other tools pass over.
 */
import type { CircuitNode, JsonObject, JsonValue, NodeKind } from "../circuit-graph.ts";
import { jsonObject, numberMember, objectMember, textMember } from "../json.ts";
import { cantorNumber } from "./feature-number.ts";

/** Our member in their objects. */
export const EXTENSION = "patchbay";

export const FEATURE_TYPES: Readonly<Record<NodeKind, string>> = {
  feature: "cross layer transcoder",
  error: "mlp reconstruction error",
  token: "embedding",
  logit: "logit",
  bias: "bias",
  other: "other",
};

/** @returns null for a type that we have no word for. */
export function kindOfFeatureType(type: string): NodeKind | null {
  const name = type.trim().toLowerCase();
  if (name === "unexplored node" || name === "other") return "other";
  if (name === "embedding") return "token";
  if (name === "logit" || name === "bias") return name;
  if (name.endsWith("error")) return "error";
  return name === "lorsa" || name.endsWith("transcoder") ? "feature" : null;
}

/** @param label what the node is called now: a person's label, or its own. */
export function nodeObject(node: CircuitNode, layers: number, label: string): JsonObject {
  const { id, kind, position, probability, isTarget, influence, activation } = node;
  const extension = extensionOf(node);
  return {
    node_id: id,
    feature: featureMember(node),
    layer: kind === "token" ? "E" : String(kind === "logit" ? layers + 1 : node.layer),
    ctx_idx: position,
    feature_type: FEATURE_TYPES[kind],
    token_prob: kind === "logit" ? (probability ?? 0) : 0,
    is_target_logit: isTarget ?? false,
    run_idx: 0,
    reverse_ctx_idx: 0,
    jsNodeId: viewerId(node),
    clerp: kind === "logit" ? logitClerp(label, probability) : label,
    influence,
    activation,
    ...(extension === null ? {} : { [EXTENSION]: extension }),
  };
}

/** Viewers read token and probability out of this text; they look for "(p=". */
function logitClerp(label: string, probability: number | null): string {
  return `Output "${label}" (p=${(probability ?? 0).toFixed(3)})`;
}

export interface LabelFacts {
  readonly label: string;
  readonly probability: number | null;
}

export function readClerp(kind: NodeKind, clerp: string): LabelFacts {
  const found = kind === "logit" ? /^Output "(.*)" \(p=([^)]*)\)$/s.exec(clerp) : null;
  if (found === null) return { label: clerp, probability: null };
  const probability = Number(found[2]);
  return { label: found[1] ?? "", probability: Number.isFinite(probability) ? probability : null };
}

export interface NodeExtension {
  readonly dictionary: string | null;
  readonly unit: number | null;
  readonly tokenId: number | null;
  readonly preActivation: number | null;
  readonly bias: number | null;
  readonly inputSum: number | null;
}

export function readExtension(object: JsonObject): NodeExtension {
  const extension = objectMember(object, EXTENSION);
  return {
    dictionary: textMember(extension, "dictionary"),
    unit: numberMember(extension, "unit"),
    tokenId: numberMember(extension, "tokenId"),
    preActivation: numberMember(extension, "preActivation"),
    bias: numberMember(extension, "bias"),
    inputSum: numberMember(extension, "inputSum"),
  };
}

/** Only what the other members do not say. */
function extensionOf(node: CircuitNode): JsonObject | null {
  const { kind, dictionary, unit, tokenId, preActivation, bias, inputSum } = node;
  const entries: (readonly [string, JsonValue | undefined])[] = [
    ["dictionary", dictionary ?? undefined],
    ["unit", kind === "feature" ? undefined : (unit ?? undefined)],
    ["tokenId", kind === "logit" ? undefined : (tokenId ?? undefined)],
    ["preActivation", preActivation ?? undefined],
    ["bias", bias ?? undefined],
    ["inputSum", inputSum ?? undefined],
  ];
  const extension = jsonObject(entries);
  return Object.keys(extension).length === 0 ? null : extension;
}

function featureMember({ kind, layer, unit, position, tokenId }: CircuitNode): number | null {
  if (kind === "feature") return unit === null ? null : cantorNumber(layer, unit);
  if (kind === "error") return -1;
  if (kind === "token") return position;
  return kind === "logit" ? tokenId : null;
}

/** `jsNodeId`: by what the original viewer tells nodes apart. */
function viewerId({ id, kind, layer, unit, position, tokenId }: CircuitNode): string {
  if (kind === "feature") return `${layer}_${unit ?? id}-0`;
  if (kind === "error") return `${layer}_${position}-0`;
  if (kind === "token") return `E_${tokenId ?? "unknown"}-${position}`;
  return kind === "logit" ? `L_${tokenId ?? id}-${position}` : `${id}-0`;
}
