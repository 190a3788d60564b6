/** What can be done to a graph's annotations, from wherever it is done: a key, a button, a row of a list. */
import {
  groupNodes,
  labelNode,
  pinNode,
  placeNode,
  renameSupernode,
  ungroupNodes,
  unpinNode,
} from "@patchbay/circuit-graph";
import type { CircuitsStore } from "@patchbay/workbench-state";

export function togglePin(store: CircuitsStore, id: string): void {
  store.edit((view) => (view.pins.includes(id) ? unpinNode(view, id) : pinNode(view, id)));
}

export function pinAll(store: CircuitsStore, ids: readonly string[]): void {
  store.edit((view) => ids.reduce(pinNode, view));
}

/** @returns the id of the new supernode. */
export function group(store: CircuitsStore, ids: readonly string[], label: string): string | undefined {
  if (ids.length === 0) return undefined;
  store.edit((view) => groupNodes(view, ids, label));
  return store.getState().view.annotations.supernodes.at(-1)?.id;
}

/** Several at once are one step for undo. */
export function groupAll(
  store: CircuitsStore,
  groups: readonly { readonly ids: readonly string[]; readonly label: string }[],
): void {
  store.edit((view) => groups.reduce((before, { ids, label }) => groupNodes(before, ids, label), view));
}

export function ungroup(store: CircuitsStore, supernode: string): void {
  store.edit((view) => ungroupNodes(view, supernode));
}

export function rename(store: CircuitsStore, supernode: string, label: string): void {
  store.edit((view) => {
    const known = view.supernodes.find(({ id }) => id === supernode);
    return known === undefined || known.label === label ? view : renameSupernode(view, supernode, label);
  });
}

export function label(store: CircuitsStore, id: string, text: string): void {
  store.edit((view) => ((view.labels[id] ?? "") === text ? view : labelNode(view, id, text)));
}

export function place(store: CircuitsStore, id: string, at: { readonly x: number; readonly y: number }): void {
  store.edit((view) => placeNode(view, id, at));
}

export function select(store: CircuitsStore, id: string | null): void {
  store.adjust((view) => (view.clicked === id ? view : { ...view, clicked: id }));
}

/** Takes nodes back to where the layout puts them. */
export function forgetPlaces(store: CircuitsStore): void {
  store.edit((view) => (Object.keys(view.positions).length === 0 ? view : { ...view, positions: {} }));
}
