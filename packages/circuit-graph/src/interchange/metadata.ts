/** `metadata`: what a file says about the whole graph. Our own facts stand in its member `patchbay`. */
import type {
  CircuitDictionary,
  CircuitGraph,
  CircuitToken,
  GraphScores,
  JsonObject,
  JsonValue,
  Thresholds,
} from "../circuit-graph.ts";
import { isJsonObject, jsonObject, listMember, member, numberMember, objectMember, textMember } from "../json.ts";
import { EXTENSION } from "./node-object.ts";

export interface MetadataFacts {
  readonly title: string;
  readonly slug: string;
  readonly prompt: string;
  readonly tokens: readonly CircuitToken[];
  readonly modelName: string | null;
  readonly modelHash: string | null;
  /** Null where the file does not say it; then the nodes do. */
  readonly layers: number | null;
  readonly dictionaries: readonly CircuitDictionary[] | null;
  readonly origin: JsonObject | null;
  readonly scores: GraphScores | null;
  readonly thresholds: Thresholds;
  /** Whether feature numbers are Cantor-paired. */
  readonly isCantor: boolean;
  readonly scan: string | null;
  readonly sourceSet: string | null;
  readonly lorsaSourceSet: string | null;
}

export function readMetadata(metadata: JsonObject): MetadataFacts {
  const extension = objectMember(metadata, EXTENSION);
  const model = objectMember(extension, "model");
  const scores = objectMember(extension, "scores");
  const details = objectMember(metadata, "feature_details");
  const pruning = objectMember(metadata, "pruning_settings");
  const slug = textMember(metadata, "slug") ?? "";
  const scan = textMember(metadata, "scan");
  const tokenIds = listMember(extension, "tokenIds");
  const sourceSet =
    textMember(details, "neuronpedia_source_set") ??
    textMember(objectMember(metadata, "info"), "neuronpedia_source_set");
  return {
    title: textMember(extension, "title") ?? (textMember(metadata, "title_prefix") || slug),
    slug,
    prompt: textMember(metadata, "prompt") ?? "",
    tokens: (listMember(metadata, "prompt_tokens") ?? []).map((text, position) => {
      const id = tokenIds?.[position];
      return { id: typeof id === "number" ? id : null, text: typeof text === "string" ? text : JSON.stringify(text) };
    }),
    modelName: extension === null ? scan : textMember(model, "name"),
    modelHash: textMember(model, "hash"),
    layers: numberMember(model, "layers"),
    dictionaries:
      listMember(extension, "dictionaries")
        ?.filter(isJsonObject)
        .map((entry) => ({ name: textMember(entry, "name") ?? "", hash: textMember(entry, "hash") })) ?? null,
    origin: objectMember(extension, "origin"),
    scores:
      scores === null
        ? null
        : { replacement: numberMember(scores, "replacement"), completeness: numberMember(scores, "completeness") },
    thresholds: {
      node: numberMember(metadata, "node_threshold") ?? numberMember(pruning, "node_threshold"),
      edge: numberMember(pruning, "edge_threshold"),
    },
    isCantor: numberMember(metadata, "schema_version") === 1 || sourceSet !== null,
    scan,
    sourceSet,
    lorsaSourceSet: textMember(details, "neuronpedia_lorsa_source_set"),
  };
}

/** @param original the metadata that the graph was read with; only what has changed since is written over it. */
export function writeMetadata(graph: CircuitGraph, original: JsonObject | null): JsonObject {
  if (original === null) return ownMetadata(graph);
  const before = readMetadata(original);
  const changed: (readonly [string, JsonValue])[] = [];
  if (before.slug !== graph.slug) changed.push(["slug", graph.slug]);
  if (before.prompt !== graph.prompt) changed.push(["prompt", graph.prompt]);
  if (before.title !== graph.title)
    changed.push([EXTENSION, { ...objectMember(original, EXTENSION), title: graph.title }]);
  // The default of a viewer's slider. How the file was pruned, `pruning_settings`, is a fact that stays.
  const threshold = graph.view.thresholds.node;
  if (threshold !== null && before.thresholds.node !== threshold) changed.push(["node_threshold", threshold]);
  return changed.length === 0 ? original : { ...original, ...Object.fromEntries(changed) };
}

function ownMetadata({
  slug,
  title,
  prompt,
  tokens,
  model,
  dictionaries,
  origin,
  scores,
  view,
}: CircuitGraph): JsonObject {
  const { node, edge } = view.thresholds;
  const pruning = jsonObject([
    ["node_threshold", node ?? undefined],
    ["edge_threshold", edge ?? undefined],
  ]);
  return jsonObject([
    ["slug", slug],
    ["scan", model.name ?? ""],
    ["transcoder_list", []],
    ["prompt_tokens", tokens.map(({ text }) => text)],
    ["prompt", prompt],
    ["node_threshold", node ?? undefined],
    ["schema_version", 1],
    ["info", { generator: { name: "Patchbay" } }],
    ["pruning_settings", Object.keys(pruning).length === 0 ? undefined : pruning],
    [
      EXTENSION,
      {
        title,
        model: { name: model.name, hash: model.hash, layers: model.layers },
        dictionaries: dictionaries.map(({ name, hash }) => ({ name, hash })),
        tokenIds: tokens.map(({ id }) => id),
        scores: scores === null ? null : { replacement: scores.replacement, completeness: scores.completeness },
        origin,
      },
    ],
  ]);
}

/** A `metadata` member that is there, whatever it holds. */
export function rawMember(members: JsonObject, name: string): JsonObject | null {
  const value = member(members, name);
  return isJsonObject(value) ? value : null;
}
