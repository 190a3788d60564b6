/** `qParams`: the view that was saved with a graph. What it has no member for stands in its member `patchbay`. */
import type {
  CircuitGraph,
  CircuitView,
  JsonObject,
  JsonValue,
  Place,
  Supernode,
  Thresholds,
} from "../circuit-graph.ts";
import { isJsonObject, jsonObject, listMember, member, numberMember, objectMember, sameJson } from "../json.ts";
import { EXTENSION } from "./node-object.ts";

export interface SavedView {
  readonly view: Omit<CircuitView, "labels">;
  /** Node id → the node's own label, of the nodes whose label in the file is a person's. */
  readonly labelled: Readonly<Record<string, string>>;
}

/** @param fallback thresholds that hold where the view states none. */
export function readSavedView(saved: JsonObject | null, fallback: Thresholds): SavedView {
  const extension = objectMember(saved, EXTENSION);
  const thresholds = objectMember(extension, "thresholds");
  const ids = listMember(extension, "supernodeIds");
  const clicked = saved === null ? undefined : member(saved, "clickedId");
  return {
    view: {
      pins: readPins(saved === null ? undefined : member(saved, "pinnedIds")),
      supernodes: readSupernodes(listMember(saved, "supernodes") ?? [], ids),
      thresholds:
        thresholds === null
          ? fallback
          : { node: numberMember(thresholds, "node"), edge: numberMember(thresholds, "edge") },
      positions: Object.fromEntries(
        Object.entries(objectMember(extension, "positions") ?? {}).flatMap(([id, place]): [string, Place][] => {
          if (!isJsonObject(place)) return [];
          return [[id, { x: numberMember(place, "x") ?? 0, y: numberMember(place, "y") ?? 0 }]];
        }),
      ),
      clicked: typeof clicked === "string" && clicked !== "" ? clicked : null,
    },
    labelled: Object.fromEntries(
      Object.entries(objectMember(extension, "labels") ?? {}).flatMap(([id, was]): [string, string][] =>
        typeof was === "string" ? [[id, was]] : [],
      ),
    ),
  };
}

/** A list, or all in one text with commas. */
function readPins(value: JsonValue | undefined): string[] {
  const list = typeof value === "string" ? value.split(",") : Array.isArray(value) ? value : [];
  return list.map((id) => (typeof id === "string" ? id.trim() : String(id))).filter((id) => id !== "");
}

function readSupernodes(list: readonly JsonValue[], ids: readonly JsonValue[] | null): Supernode[] {
  return list.filter(Array.isArray).map(([label, ...nodes]: readonly JsonValue[], place) => {
    const id = ids?.[place];
    return {
      id: typeof id === "string" ? id : standardId(place),
      label: typeof label === "string" ? label : "",
      nodes: nodes.map(String),
    };
  });
}

const standardId = (place: number): string => `supernode-${place + 1}`;

/**
 * @param original what the graph was read with: every member whose meaning has not changed goes out as it was.
 * @param fallback the thresholds that the metadata already state.
 * @returns undefined where the file had none and needs none.
 */
export function writeSavedView(
  graph: CircuitGraph,
  original: JsonValue | undefined,
  fallback: Thresholds,
  isOwn: boolean,
): JsonValue | undefined {
  const { view } = graph;
  const saved = isJsonObject(original) ? original : null;
  const before = readSavedView(saved, fallback);
  const labelled = personalLabels(graph);
  const extension = writeExtension(view, labelled, fallback);
  if (isOwn) {
    return jsonObject([
      ["pinnedIds", view.pins],
      ["supernodes", writeSupernodes(view)],
      ["linkType", "both"],
      ["clickedId", view.clicked ?? ""],
      ["sg_pos", ""],
      [EXTENSION, extension ?? undefined],
    ]);
  }
  const changed: [string, JsonValue][] = [];
  if (!sameJson(before.view.pins, view.pins)) changed.push(["pinnedIds", view.pins]);
  const groups = (supernodes: readonly Supernode[]) => supernodes.map(({ label, nodes }) => [label, ...nodes]);
  if (!sameJson(groups(before.view.supernodes), groups(view.supernodes)))
    changed.push(["supernodes", writeSupernodes(view)]);
  if (before.view.clicked !== view.clicked) changed.push(["clickedId", view.clicked ?? ""]);
  if (!sameJson(extensionFacts(before.view, before.labelled), extensionFacts(view, labelled)))
    changed.push([EXTENSION, extension ?? {}]);
  return changed.length === 0 ? original : { ...saved, ...Object.fromEntries(changed) };
}

function personalLabels({ nodes, view }: CircuitGraph): Readonly<Record<string, string>> {
  if (Object.keys(view.labels).length === 0) return {};
  return Object.fromEntries(
    nodes.flatMap(({ id, label }): [string, string][] => (Object.hasOwn(view.labels, id) ? [[id, label]] : [])),
  );
}

const writeSupernodes = ({ supernodes }: CircuitView): JsonValue =>
  supernodes.map(({ label, nodes }) => [label, ...nodes]);

type ExtensionView = Pick<CircuitView, "supernodes" | "positions" | "thresholds">;

function extensionFacts(view: ExtensionView, labelled: Readonly<Record<string, string>>): JsonObject {
  return {
    labels: labelled,
    ids: view.supernodes.map(({ id }) => id),
    positions: placesObject(view),
    thresholds: { node: view.thresholds.node, edge: view.thresholds.edge },
  };
}

function writeExtension(
  view: ExtensionView,
  labelled: Readonly<Record<string, string>>,
  fallback: Thresholds,
): JsonObject | null {
  const { supernodes, positions, thresholds } = view;
  const isPlain = supernodes.every(({ id }, place) => id === standardId(place));
  const isFallback = thresholds.node === fallback.node && thresholds.edge === fallback.edge;
  const extension = jsonObject([
    ["labels", Object.keys(labelled).length === 0 ? undefined : labelled],
    ["supernodeIds", isPlain ? undefined : supernodes.map(({ id }) => id)],
    ["positions", Object.keys(positions).length === 0 ? undefined : placesObject(view)],
    ["thresholds", isFallback ? undefined : { node: thresholds.node, edge: thresholds.edge }],
  ]);
  return Object.keys(extension).length === 0 ? null : extension;
}

function placesObject({ positions }: Pick<CircuitView, "positions">): JsonObject {
  return Object.fromEntries(Object.entries(positions).map(([id, { x, y }]) => [id, { x, y }]));
}
