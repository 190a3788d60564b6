/**
 * The ids that circuit-tracer gives. An error's can be a feature's of layer 0 (the error of layer 5 at position 3 and
 * feature 5 of layer 0 there are both `0_5_3`), so ids are made for a whole list at once.
 */
import type { CircuitNode } from "./circuit-graph.ts";

export type IdFacts = Pick<CircuitNode, "kind" | "layer" | "position" | "unit" | "tokenId">;

/** Alone; two nodes of one graph may get the same. */
export function conventionalNodeId({ kind, layer, position, unit, tokenId }: IdFacts): string {
  if (kind === "feature") return `${layer}_${unit ?? "unknown"}_${position}`;
  if (kind === "error") return `0_${layer}_${position}`;
  if (kind === "token") return `E_${tokenId ?? "unknown"}_${position}`;
  if (kind === "logit") return `${layer + 1}_${tokenId ?? "unknown"}_${position}`;
  return `${kind}_${layer}_${position}`;
}

/** One id a node, all different: where two would be equal, errors give way, then the later one. */
export function conventionalNodeIds(nodes: readonly IdFacts[]): string[] {
  const ids = nodes.map(conventionalNodeId);
  const free = new FreeIds(ids);
  const taken = new Set<string>();
  const order = nodes.map((_, place) => place).sort((a, b) => rank(nodes[a]) - rank(nodes[b]) || a - b);
  for (const place of order) {
    const node = nodes[place];
    const id = ids[place];
    if (node === undefined || id === undefined) continue;
    if (taken.has(id)) ids[place] = free.next(node, id);
    else taken.add(id);
  }
  return ids;
}

/** Other ids for nodes whose own is taken. */
export class FreeIds {
  readonly #taken: Set<string>;
  /** Where counting goes on, so that a thousand equal ids do not count from 2 a thousand times. */
  readonly #counts = new Map<string, number>();

  /** @param taken ids that are never given. */
  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken);
  }

  next({ kind, layer, position }: IdFacts, id: string): string {
    const base = kind === "error" ? `${layer}_error_${position}` : `${id}_${kind}`;
    let count = this.#counts.get(base) ?? 1;
    let free = count === 1 ? base : `${base}_${count}`;
    while (this.#taken.has(free)) {
      count += 1;
      free = `${base}_${count}`;
    }
    this.#counts.set(base, count + 1);
    this.#taken.add(free);
    return free;
  }
}

function rank(node: IdFacts | undefined): number {
  return node?.kind === "error" ? 1 : 0;
}
