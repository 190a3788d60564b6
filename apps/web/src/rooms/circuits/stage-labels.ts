/** Text beside the nodes of a figure: targets, pinned, labelled and selected nodes, and one member of each group. */
import type { CircuitGraph, CircuitView } from "@patchbay/circuit-graph";
import { figureLabel, type NoteOf } from "./node-words.ts";

/** @param shown place in the drawing → place in the graph. @returns place in the drawing → text. */
export function stageLabels(
  graph: CircuitGraph,
  shown: Uint32Array,
  { pins, supernodes, labels, clicked }: CircuitView,
  noteOf: NoteOf,
): ReadonlyMap<number, string> {
  const pinned = new Set(pins);
  const groupOf = new Map(supernodes.flatMap(({ label, nodes }) => nodes.map((id) => [id, label] as const)));
  // Of a group one member carries the name; the others have its colour.
  const speakers = new Set(supernodes.flatMap(({ nodes }) => nodes.slice(0, 1)));
  const texts = new Map<number, string>();
  shown.forEach((place, n) => {
    const node = graph.nodes[place];
    if (node === undefined || node.kind === "token") return;
    const own = node.kind === "logit" || pinned.has(node.id) || Object.hasOwn(labels, node.id) || clicked === node.id;
    if (own) texts.set(n, figureLabel(node, labels, noteOf(node)));
    else if (speakers.has(node.id)) texts.set(n, groupOf.get(node.id) ?? "");
  });
  return texts;
}
