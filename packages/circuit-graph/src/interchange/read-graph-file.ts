/** Reading the JSON of circuit-tracer, Neuronpedia and the original viewer, in every dialect, without losing anything. */
import { PatchbayError } from "@patchbay/vocabulary";
import {
  CIRCUIT_GRAPH_FORMAT,
  CIRCUIT_GRAPH_VERSION,
  type CircuitGraph,
  type CircuitNode,
  type ForeignRemainder,
  type JsonObject,
  type JsonValue,
} from "../circuit-graph.ts";
import { findCycle, indexColumns, sourcesFirst } from "../edge-index.ts";
import { isJsonObject, jsonObject, kindOfJson, listMember, member, objectMember, sameJson } from "../json.ts";
import { type GraphNotice, NoticeCollector } from "../notices.ts";
import { readMetadata, writeMetadata } from "./metadata.ts";
import { nodeObject } from "./node-object.ts";
import { linkObject, type ReadLinks, readLinks } from "./read-links.ts";
import { readNodes } from "./read-nodes.ts";
import { hasRemainders, RemainderRecorder } from "./remainders.ts";
import { resolveIds } from "./resolve-ids.ts";
import { readSavedView, writeSavedView } from "./saved-view.ts";

export interface ReadGraph {
  readonly graph: CircuitGraph;
  /** What was wrong, and what became of it. Empty for a file in order. */
  readonly notices: readonly GraphNotice[];
}

/** Top level of a file that we write. */
export const TOP_LEVEL: readonly string[] = ["metadata", "qParams", "nodes", "links"];

/**
 * @param notFinite the places that `parseGraphText` reports.
 * @throws PatchbayError `damaged-file` for what is no attribution graph.
 */
export function readGraphFile(json: unknown, notFinite: readonly string[] = []): ReadGraph {
  const file = requireTopLevel(json);
  const notices = new NoticeCollector();
  for (const place of notFinite) notices.add("not-finite", place);

  const metadata = readMetadata(file.metadata);
  const read = readNodes(file.nodes, metadata, notices);
  const { ids, places } = resolveIds(
    read.nodes,
    read.nodes.map(({ id }) => id),
    notices,
  );
  const links = readLinks(file.links, read.nodes, places, notices);
  const saved = readSavedView(objectMember(file.members, "qParams"), metadata.thresholds);

  const labels: [string, string][] = [];
  const nodes = read.nodes.map((node, place): CircuitNode => {
    const id = ids[place] ?? node.id;
    const was = Object.hasOwn(saved.labelled, id) ? saved.labelled[id] : undefined;
    if (was === undefined) return id === node.id ? node : { ...node, id };
    labels.push([id, node.label]);
    return { ...node, id, label: was };
  });
  const dictionaries = [...new Set(nodes.flatMap(({ dictionary }) => (dictionary === null ? [] : [dictionary])))];
  const graph: CircuitGraph = {
    format: CIRCUIT_GRAPH_FORMAT,
    version: CIRCUIT_GRAPH_VERSION,
    title: metadata.title,
    slug: metadata.slug,
    prompt: metadata.prompt,
    tokens: metadata.tokens,
    model: { name: metadata.modelName, hash: metadata.modelHash, layers: read.layers },
    dictionaries: metadata.dictionaries ?? dictionaries.sort().map((name) => ({ name, hash: null })),
    origin: metadata.origin,
    nodes,
    edges: {
      source: links.source,
      target: links.target,
      weight: links.weight,
      ...(links.factor.some((factor) => factor !== null) ? { factor: links.factor } : {}),
    },
    scores: metadata.scores,
    view: { ...saved.view, labels: Object.fromEntries(labels) },
    foreign: null,
  };
  lookForTrouble(graph, notices);
  const foreign = remainderOf(graph, file, read.originals, links);
  return { graph: { ...graph, foreign }, notices: notices.list() };
}

interface GraphFile {
  readonly order: readonly string[];
  readonly members: JsonObject;
  readonly metadata: JsonObject;
  readonly nodes: readonly JsonValue[];
  readonly links: readonly JsonValue[];
}

/** Whether a document has the outline of an interchange file. */
export function looksLikeGraphFile(json: unknown): json is JsonObject {
  return isJsonObject(json) && listMember(json, "nodes") !== null && listMember(json, "links") !== null;
}

function requireTopLevel(json: unknown): GraphFile {
  if (!isJsonObject(json)) throw notAGraph(kindOfJson(json));
  const metadata = objectMember(json, "metadata");
  const nodes = listMember(json, "nodes");
  const links = listMember(json, "links");
  if (metadata === null || nodes === null || links === null) {
    const wrong = ["metadata", "nodes", "links"].filter(
      (name) => (name === "metadata" ? objectMember : listMember)(json, name) === null,
    );
    const facts = wrong.map((name) => `${name} is ${kindOfJson(member(json, name))}`);
    throw notAGraph(`${kindOfJson(json)}; ${facts.join(", ")}`);
  }
  const members = jsonObject(Object.entries(json).filter(([name]) => name !== "nodes" && name !== "links"));
  return { order: Object.keys(json), members, metadata, nodes, links };
}

function notAGraph(received: string): PatchbayError {
  return new PatchbayError("damaged-file", "This is not an attribution graph.", {
    expected: 'an object with "metadata" (an object), "nodes" and "links" (lists), as circuit-tracer writes it',
    received,
  });
}

function lookForTrouble({ nodes, edges, view }: CircuitGraph, notices: NoticeCollector): void {
  const named = [...view.pins, ...view.supernodes.flatMap((supernode) => supernode.nodes)];
  if (named.length > 0) {
    const known = new Set([...nodes.map(({ id }) => id), ...view.supernodes.map(({ id }) => id)]);
    for (const id of named) if (!known.has(id)) notices.add("dangling-reference", id);
  }
  if (nodes.length === 0) {
    notices.add("empty-graph");
    return;
  }
  const index = indexColumns(nodes.length, edges);
  if (sourcesFirst(index).blocked.length > 0) {
    const cycle = findCycle(index).map((node) => nodes[node]?.id ?? "");
    notices.add("cycle", [...cycle, cycle[0]].join(" → "), cycle.length);
  }
  const has = (wanted: CircuitNode["kind"]) => nodes.some(({ kind }) => kind === wanted);
  if (has("error") && !has("feature")) notices.add("only-errors");
  if (!nodes.some(({ kind, probability }) => kind === "logit" && (probability ?? 0) > 0)) notices.add("no-probability");
}

function remainderOf(
  graph: CircuitGraph,
  file: GraphFile,
  originals: readonly JsonObject[],
  links: ReadLinks,
): ForeignRemainder | null {
  const { nodes, view, model } = graph;
  const nodeRemainders = new RemainderRecorder();
  nodes.forEach((node, place) => {
    const original = originals[place] ?? {};
    const label = Object.hasOwn(view.labels, node.id) ? (view.labels[node.id] ?? "") : node.label;
    nodeRemainders.add(renamed(original, { node_id: node.id }), nodeObject(node, model.layers, label));
  });
  const linkRemainders = new RemainderRecorder();
  links.originals.forEach((original, edge) => {
    const source = nodes[links.source[edge] ?? 0]?.id ?? "";
    const target = nodes[links.target[edge] ?? 0]?.id ?? "";
    const written = linkObject(source, target, links.weight[edge] ?? 0, links.factor[edge] ?? null);
    linkRemainders.add(renamed(original, { source, target }), written);
  });
  const remainder: ForeignRemainder = {
    format: "attribution-graph-json",
    order: file.order,
    members: file.members,
    nodes: nodeRemainders.finish(),
    links: linkRemainders.finish(),
  };
  return isAsWeWrite(graph, remainder) ? null : remainder;
}

/** With the ids that nodes have now, where they are others: a remainder must not bring an old id back. */
function renamed(original: JsonObject, ids: Readonly<Record<string, string>>): JsonObject {
  for (const [name, id] of Object.entries(ids)) {
    if (endOfId(original[name]) !== id) return { ...original, ...ids };
  }
  return original;
}

const endOfId = (value: JsonValue | undefined): string => (typeof value === "number" ? String(value) : `${value}`);

/** A file of our own needs no remainder. */
function isAsWeWrite(graph: CircuitGraph, { order, members, nodes, links }: ForeignRemainder): boolean {
  if (hasRemainders(nodes) || hasRemainders(links) || !sameJson(order, TOP_LEVEL)) return false;
  const metadata = writeMetadata(graph, null);
  if (!sameJson(metadata, members.metadata)) return false;
  return sameJson(writeSavedView(graph, undefined, readMetadata(metadata).thresholds, true), members.qParams);
}
