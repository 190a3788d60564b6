/**
 * Ids that are not unique. circuit-tracer gives the error of layer L at position P the id of feature L of layer 0 there.
 * One of the two is renamed; a link that names the id is told apart by who can write to whom, and by how often it occurs.
 */
import type { CircuitNode, NodeKind } from "../circuit-graph.ts";
import { FreeIds } from "../node-ids.ts";
import type { NoticeCollector } from "../notices.ts";

export interface ResolvedIds {
  /** One a node, all different. */
  readonly ids: readonly string[];
  /** Id as links name it → places of the nodes that had it, features first. */
  readonly places: ReadonlyMap<string, number | readonly number[]>;
}

type Identified = Pick<CircuitNode, "kind" | "layer" | "position" | "unit" | "tokenId">;

export function resolveIds(
  nodes: readonly Identified[],
  named: readonly string[],
  notices: NoticeCollector,
): ResolvedIds {
  const places = new Map<string, number | number[]>();
  named.forEach((id, place) => {
    const known = places.get(id);
    if (known === undefined) places.set(id, place);
    else if (typeof known === "number") places.set(id, [known, place]);
    else known.push(place);
  });
  if (places.size === named.length) return { ids: named, places };
  const ids = [...named];
  const free = new FreeIds(named);
  for (const [id, group] of places) {
    if (typeof group === "number") continue;
    group.sort((a, b) => rank(nodes[a]?.kind) - rank(nodes[b]?.kind) || a - b);
    for (const place of group.slice(1)) {
      const node = nodes[place];
      if (node === undefined) continue;
      const other = free.next(node, id);
      ids[place] = other;
      notices.add("clashing-id", `${id} → ${other}`);
    }
  }
  return { ids, places };
}

export interface NamedLink {
  readonly source: string;
  readonly target: string;
}

/**
 * Which nodes each link joins.
 * @returns two places a link; −1 twice for a link with an unknown end.
 */
export function resolveLinks(
  links: readonly NamedLink[],
  nodes: readonly Identified[],
  places: ResolvedIds["places"],
  notices: NoticeCollector,
): { readonly source: Int32Array; readonly target: Int32Array } {
  const source = new Int32Array(links.length).fill(-1);
  const target = new Int32Array(links.length).fill(-1);
  /** Links that name the same two ends, of which the source can be several nodes. */
  const open = new Map<string, { candidates: readonly number[]; links: number[] }>();
  // Both depend on little beside the id, of which a file may have few.
  const readers = remembered((id: string) => readersAmong(groupAt(places, id), nodes));
  const writers = remembered((key: string) => {
    const [layer = "", ...id] = key.split(" ");
    return writersBelow(groupAt(places, id.join(" ")), nodes, Number(layer));
  });
  links.forEach((link, place) => {
    const from = places.get(link.source);
    const to = places.get(link.target);
    if (from === undefined || to === undefined) {
      notices.add("dangling-link", `${link.source} → ${link.target}`);
      return;
    }
    let reader = typeof to === "number" ? to : -1;
    if (typeof to !== "number") {
      const found = readers(link.target);
      if (found.length !== 1) notices.add("ambiguous-link", `${link.source} → ${link.target}`);
      reader = found[0] ?? to[0] ?? -1;
    }
    target[place] = reader;
    if (typeof from === "number") {
      source[place] = from;
      return;
    }
    const candidates = writers(`${nodes[reader]?.layer ?? 0} ${link.source}`);
    const [first = from[0] ?? -1, second] = candidates;
    source[place] = first;
    if (second === undefined) return;
    const key = `${first} ${reader}`;
    const entry = open.get(key) ?? { candidates, links: [] };
    open.set(key, entry);
    entry.links.push(place);
  });
  for (const { candidates, links: same } of open.values()) {
    // Rows of an adjacency matrix are written in its column order: features, then errors.
    same.forEach((place, turn) => {
      source[place] = candidates[turn % candidates.length] ?? -1;
    });
    if (same.length < candidates.length)
      notices.add("ambiguous-link", `${links[same[0] ?? 0]?.source} → ${links[same[0] ?? 0]?.target}`);
  }
  return { source, target };
}

const RANKS: readonly NodeKind[] = ["feature", "logit", "token", "other", "bias", "error"];
const rank = (kind: NodeKind | undefined): number => (kind === undefined ? 0 : RANKS.indexOf(kind));

function groupAt(places: ResolvedIds["places"], id: string): readonly number[] {
  const group = places.get(id) ?? [];
  return typeof group === "number" ? [group] : group;
}

function readersAmong(group: readonly number[], nodes: readonly Identified[]): number[] {
  return group.filter((place) => {
    const kind = nodes[place]?.kind;
    return kind === "feature" || kind === "logit" || kind === "other";
  });
}

/** Those that can write into a layer. */
function writersBelow(group: readonly number[], nodes: readonly Identified[], layer: number): number[] {
  return group.filter((place) => {
    const writer = nodes[place];
    return writer !== undefined && writer.kind !== "logit" && writer.layer < layer;
  });
}

function remembered<Value>(compute: (key: string) => Value): (key: string) => Value {
  const known = new Map<string, Value>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const value = compute(key);
    known.set(key, value);
    return value;
  };
}
