/** Writing the interchange JSON: a foreign graph as it came, but for what people changed; one of ours in schema version 1. */
import { PatchbayError } from "@patchbay/vocabulary";
import type { CircuitGraph, CircuitNode, JsonObject, JsonValue } from "../circuit-graph.ts";
import { jsonObject, member, textMember } from "../json.ts";
import { readMetadata, writeMetadata } from "./metadata.ts";
import { nodeObject, readClerp } from "./node-object.ts";
import { TOP_LEVEL } from "./read-graph-file.ts";
import { linkObject } from "./read-links.ts";
import { NO_REMAINDERS, restore } from "./remainders.ts";
import { writeSavedView } from "./saved-view.ts";

/** @throws PatchbayError `not-finite` where a weight is no finite number: JSON could not hold it. */
export function writeGraphFile(graph: CircuitGraph): JsonObject {
  const { foreign } = graph;
  const originalMetadata = foreign === null ? undefined : member(foreign.members, "metadata");
  const metadata = writeMetadata(graph, isObject(originalMetadata) ? originalMetadata : null);
  const fallback = readMetadata(isObject(originalMetadata) ? originalMetadata : metadata).thresholds;
  const originalView = foreign === null ? undefined : member(foreign.members, "qParams");
  const written: Readonly<Record<string, JsonValue | undefined>> = {
    metadata,
    qParams: writeSavedView(graph, originalView, fallback, foreign === null),
    nodes: writeNodes(graph),
    links: writeLinks(graph),
  };
  const order = foreign?.order ?? TOP_LEVEL;
  const names = [...order, ...TOP_LEVEL.filter((name) => !order.includes(name))];
  return jsonObject(
    names.map((name) => [
      name,
      TOP_LEVEL.includes(name) ? written[name] : foreign === null ? undefined : member(foreign.members, name),
    ]),
  );
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function writeNodes({ nodes, model, view, foreign }: CircuitGraph): JsonObject[] {
  const remainders = foreign?.nodes ?? NO_REMAINDERS;
  return nodes.map((node, place) => {
    const label = Object.hasOwn(view.labels, node.id) ? (view.labels[node.id] ?? "") : node.label;
    const written = nodeObject(node, model.layers, label);
    const restored = restore(remainders, place, written);
    // What the file said stands, unless somebody has called the node otherwise since.
    return foreign === null || labelIn(restored, node) === label
      ? restored
      : restore(remainders, place, written, { clerp: member(written, "clerp") ?? label });
  });
}

const labelIn = (object: JsonObject, { kind }: CircuitNode): string =>
  readClerp(kind, textMember(object, "clerp") ?? "").label;

function writeLinks({ nodes, edges, foreign }: CircuitGraph): JsonObject[] {
  const remainders = foreign?.links ?? NO_REMAINDERS;
  return edges.weight.map((weight, edge) => {
    const source = nodes[edges.source[edge] ?? -1]?.id ?? "";
    const target = nodes[edges.target[edge] ?? -1]?.id ?? "";
    if (!Number.isFinite(weight)) {
      throw new PatchbayError("not-finite", `The weight of the edge ${source} → ${target} is no finite number.`, {
        expected: "a finite number",
        received: String(weight),
        at: `edges/weight/${edge}`,
      });
    }
    return restore(remainders, edge, linkObject(source, target, weight, edges.factor?.[edge] ?? null));
  });
}
