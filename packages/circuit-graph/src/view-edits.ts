/** What people do to a graph's view, as pure functions: the old view stays, so undoing is going back to it. */
import { PatchbayError } from "@patchbay/vocabulary";
import type { CircuitView, Place, Thresholds } from "./circuit-graph.ts";

/** Puts nodes into a new supernode, out of those that they were in; supernodes that become empty go. */
export function groupNodes(view: CircuitView, nodes: readonly string[], label: string): CircuitView {
  const members = [...new Set(nodes)];
  if (members.length === 0)
    throw new PatchbayError("empty-input", "A supernode needs nodes.", { advice: "Choose at least one node." });
  const taken = new Set(members);
  const others = view.supernodes
    .map((supernode) => ({ ...supernode, nodes: supernode.nodes.filter((node) => !taken.has(node)) }))
    .filter((supernode) => supernode.nodes.length > 0);
  const supernodes = [...others, { id: freeSupernodeId(view), label, nodes: members }];
  return withoutLostPlaces(view, { ...view, supernodes });
}

/** The nodes stay, their supernode goes. */
export function ungroupNodes(view: CircuitView, supernode: string): CircuitView {
  requireSupernode(view, supernode);
  return withoutLostPlaces(view, { ...view, supernodes: view.supernodes.filter(({ id }) => id !== supernode) });
}

export function renameSupernode(view: CircuitView, supernode: string, label: string): CircuitView {
  requireSupernode(view, supernode);
  return { ...view, supernodes: view.supernodes.map((each) => (each.id === supernode ? { ...each, label } : each)) };
}

/** @param label an empty one gives the node its own label back. */
export function labelNode(view: CircuitView, node: string, label: string): CircuitView {
  const { [node]: _, ...others } = view.labels;
  return { ...view, labels: label === "" ? others : { ...others, [node]: label } };
}

export function pinNode(view: CircuitView, node: string): CircuitView {
  return view.pins.includes(node) ? view : { ...view, pins: [...view.pins, node] };
}

export function unpinNode(view: CircuitView, node: string): CircuitView {
  return { ...view, pins: view.pins.filter((pin) => pin !== node) };
}

/** @param id of a node or a supernode. */
export function placeNode(view: CircuitView, id: string, place: Place): CircuitView {
  return { ...view, positions: { ...view.positions, [id]: place } };
}

export function setThresholds(view: CircuitView, thresholds: Thresholds): CircuitView {
  return { ...view, thresholds };
}

function requireSupernode(view: CircuitView, supernode: string): void {
  if (view.supernodes.some(({ id }) => id === supernode)) return;
  throw new PatchbayError("not-found", `There is no supernode ${supernode}.`, {
    expected: view.supernodes.map(({ id }) => id).join(", ") || "none: nothing is grouped",
    received: supernode,
  });
}

function freeSupernodeId({ supernodes }: CircuitView): string {
  const taken = new Set(supernodes.map(({ id }) => id));
  for (let count = supernodes.length + 1; ; count += 1)
    if (!taken.has(`supernode-${count}`)) return `supernode-${count}`;
}

/** A supernode that is gone leaves no place behind, which a later one of the same id would inherit. */
function withoutLostPlaces(before: CircuitView, after: CircuitView): CircuitView {
  const gone = new Set(before.supernodes.map(({ id }) => id));
  for (const { id } of after.supernodes) gone.delete(id);
  return { ...after, positions: Object.fromEntries(Object.entries(after.positions).filter(([id]) => !gone.has(id))) };
}
