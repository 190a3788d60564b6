/** `links`: between which nodes, and what is wrong with them. */
import type { CircuitNode, JsonObject, JsonValue } from "../circuit-graph.ts";
import { indexColumns } from "../edge-index.ts";
import { isJsonObject, member, numberMember } from "../json.ts";
import type { NoticeCollector } from "../notices.ts";
import { endOf } from "./read-nodes.ts";
import { type NamedLink, type ResolvedIds, resolveLinks } from "./resolve-ids.ts";

export interface ReadLinks {
  readonly source: number[];
  readonly target: number[];
  readonly weight: number[];
  readonly factor: (number | null)[];
  /** The file's objects of these links. */
  readonly originals: JsonObject[];
}

interface RawLink extends NamedLink {
  readonly original: JsonObject;
}

/** As the interchange writes a link, `factor` where it is known. */
export function linkObject(source: string, target: string, weight: number, factor: number | null): JsonObject {
  return factor === null ? { source, target, weight } : { source, target, weight, factor };
}

export function readLinks(
  list: readonly JsonValue[],
  nodes: readonly CircuitNode[],
  places: ResolvedIds["places"],
  notices: NoticeCollector,
): ReadLinks {
  const raw: RawLink[] = [];
  list.forEach((original, place) => {
    const source = isJsonObject(original) ? endOf(member(original, "source")) : null;
    const target = isJsonObject(original) ? endOf(member(original, "target")) : null;
    if (!isJsonObject(original) || source === null || target === null) notices.add("malformed-link", `links/${place}`);
    else raw.push({ original, source, target });
  });
  const ends = resolveLinks(raw, nodes, places, notices);
  const links: ReadLinks = { source: [], target: [], weight: [], factor: [], originals: [] };
  raw.forEach(({ original, source, target }, place) => {
    const from = ends.source[place] ?? -1;
    const to = ends.target[place] ?? -1;
    if (from < 0 || to < 0) return;
    const weight = numberMember(original, "weight");
    if (weight === null) notices.add("weight-missing", `${source} → ${target}`);
    links.source.push(from);
    links.target.push(to);
    links.weight.push(weight ?? 0);
    links.factor.push(numberMember(original, "factor"));
    links.originals.push(original);
  });
  return withoutRepeats(links, nodes, notices);
}

/** A repeated link would count twice in every sum. */
function withoutRepeats(links: ReadLinks, nodes: readonly CircuitNode[], notices: NoticeCollector): ReadLinks {
  const { byTarget } = indexColumns(nodes.length, links);
  /** The last edge seen from each source, in the row that is looked at. */
  const last = new Int32Array(nodes.length).fill(-1);
  const repeated = new Set<number>();
  for (let target = 0; target < nodes.length; target += 1) {
    const row = byTarget.edges.subarray(byTarget.start[target], byTarget.start[target + 1]);
    for (const edge of row) {
      const source = links.source[edge] ?? 0;
      const known = last[source] ?? -1;
      if (known >= 0) {
        const isSame = links.weight[known] === links.weight[edge];
        if (isSame) repeated.add(edge);
        notices.add(isSame ? "duplicate-link" : "parallel-link", `${nodes[source]?.id} → ${nodes[target]?.id}`);
      }
      last[source] = edge;
    }
    for (const edge of row) last[links.source[edge] ?? 0] = -1;
  }
  if (repeated.size === 0) return links;
  const keep = <Value>(column: readonly Value[]): Value[] => column.filter((_, edge) => !repeated.has(edge));
  return {
    source: keep(links.source),
    target: keep(links.target),
    weight: keep(links.weight),
    factor: keep(links.factor),
    originals: keep(links.originals),
  };
}
