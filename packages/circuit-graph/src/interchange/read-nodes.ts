/** `nodes`: what each one is. Nothing is read out of an id. */
import { canonicalJson } from "@patchbay/vocabulary";
import type { CircuitNode, JsonObject, JsonValue, NodeKind } from "../circuit-graph.ts";
import { isJsonObject, member, numberMember, textMember } from "../json.ts";
import type { NoticeCollector } from "../notices.ts";
import { featureNumbering, type NumberedFeature, unitOf } from "./feature-number.ts";
import type { MetadataFacts } from "./metadata.ts";
import { kindOfFeatureType, readClerp, readExtension } from "./node-object.ts";

export interface ReadNodes {
  /** The ids are the file's, and need not be unique yet. */
  readonly nodes: readonly CircuitNode[];
  /** The file's objects of these nodes. */
  readonly originals: readonly JsonObject[];
  readonly layers: number;
}

interface Classified {
  readonly original: JsonObject;
  readonly id: string;
  readonly type: string;
  readonly kind: NodeKind;
  /** As the file states it; −1 for "E", null for what is no number. */
  readonly statedLayer: number | null;
}

export function readNodes(list: readonly JsonValue[], metadata: MetadataFacts, notices: NoticeCollector): ReadNodes {
  const classified = withoutRepeats(classify(list, notices), notices);
  const layers = metadata.layers ?? countLayers(classified);
  const features = classified.flatMap(({ original, kind, statedLayer }): NumberedFeature[] => {
    const number = numberMember(original, "feature");
    return kind === "feature" && number !== null && statedLayer !== null ? [{ layer: statedLayer, number }] : [];
  });
  const numbering = featureNumbering(metadata.isCantor, metadata.scan, features);

  const nodes = classified.map(({ original, id, type, kind, statedLayer }): CircuitNode => {
    const layer = kind === "token" ? -1 : kind === "logit" ? layers : (statedLayer ?? 0);
    if (statedLayer === null) notices.add("unknown-layer", id);
    const position = numberMember(original, "ctx_idx");
    if (position === null || position < 0 || (metadata.tokens.length > 0 && position >= metadata.tokens.length))
      notices.add("unknown-position", id);
    const number = numberMember(original, "feature");
    const unit = kind === "feature" && number !== null ? unitOf(numbering, { layer, number }) : null;
    if (kind === "feature" && number !== null && unit === null) notices.add("undecoded-feature", id);
    const extension = readExtension(original);
    const clerp = readClerp(kind, textMember(original, "clerp") ?? "");
    return {
      id,
      kind,
      layer,
      position: position ?? 0,
      dictionary: extension.dictionary ?? dictionaryOf(kind, type, layer, metadata),
      unit: unit ?? extension.unit,
      tokenId: kind === "logit" ? number : extension.tokenId,
      probability: kind === "logit" ? (numberMember(original, "token_prob") ?? clerp.probability) : null,
      ...(member(original, "is_target_logit") === true ? { isTarget: true } : {}),
      label: clerp.label,
      activation: numberMember(original, "activation"),
      preActivation: extension.preActivation,
      bias: extension.bias,
      inputSum: extension.inputSum,
      influence: numberMember(original, "influence"),
    };
  });
  return { nodes, originals: classified.map(({ original }) => original), layers };
}

function classify(list: readonly JsonValue[], notices: NoticeCollector): Classified[] {
  return list.flatMap((original, place): Classified[] => {
    const id = isJsonObject(original) ? endOf(member(original, "node_id")) : null;
    if (!isJsonObject(original) || id === null) {
      notices.add("malformed-node", `nodes/${place}`);
      return [];
    }
    const type = textMember(original, "feature_type") ?? "";
    const kind = kindOfFeatureType(type);
    if (kind === null) notices.add("unknown-kind", type === "" ? id : `${id}: ${type}`);
    return [{ original, id, type, kind: kind ?? "other", statedLayer: layerOf(member(original, "layer")) }];
  });
}

/** A node's name in a link or a node; numbers are taken as their digits. */
export function endOf(value: JsonValue | undefined): string | null {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : null;
}

/** Nodes of one type and id are compared by their text, so that any number of them takes no longer than reading them. */
function withoutRepeats(nodes: readonly Classified[], notices: NoticeCollector): readonly Classified[] {
  const seen = new Map<string, Classified | Set<string>>();
  return nodes.filter((node) => {
    const key = `${node.type}\n${node.id}`;
    const known = seen.get(key);
    if (known === undefined) {
      seen.set(key, node);
      return true;
    }
    const texts = known instanceof Set ? known : new Set([canonicalJson(known.original)]);
    seen.set(key, texts);
    const text = canonicalJson(node.original);
    const isNew = !texts.has(text);
    if (isNew) texts.add(text);
    else notices.add("duplicate-node", node.id);
    return isNew;
  });
}

/** "5", 5 or "E". */
function layerOf(value: JsonValue | undefined): number | null {
  if (value === "E") return -1;
  if (typeof value === "string") return /^\s*-?\d+\s*$/.test(value) ? Number(value) : null;
  return typeof value === "number" && Number.isInteger(value) ? value : null;
}

/** Logits stand at N + 1 (some files: N); a pruned graph need not have a node in its last layer. */
function countLayers(nodes: readonly Classified[]): number {
  let layers = 0;
  for (const { kind, statedLayer } of nodes) {
    if (statedLayer === null) continue;
    layers = Math.max(layers, kind === "logit" ? statedLayer - 1 : statedLayer + 1);
  }
  return layers;
}

/** Neuronpedia's name of a dictionary: `{layer}-{set}`. */
function dictionaryOf(kind: NodeKind, type: string, layer: number, metadata: MetadataFacts): string | null {
  if (kind !== "feature" && kind !== "error") return null;
  const set = type.toLowerCase().startsWith("lorsa") ? metadata.lorsaSourceSet : metadata.sourceSet;
  return set === null ? null : `${layer}-${set}`;
}
