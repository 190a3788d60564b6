/** What was wrong with a file that could be read all the same. */

export const NOTICE_CODES = [
  "not-finite",
  "malformed-node",
  "malformed-link",
  "duplicate-node",
  "clashing-id",
  "ambiguous-link",
  "dangling-link",
  "duplicate-link",
  "parallel-link",
  "weight-missing",
  "unknown-kind",
  "unknown-layer",
  "unknown-position",
  "undecoded-feature",
  "dangling-reference",
  "cycle",
  "empty-graph",
  "only-errors",
  "no-probability",
] as const;
export type NoticeCode = (typeof NOTICE_CODES)[number];

export interface GraphNotice {
  readonly code: NoticeCode;
  /** What it means for the graph, as one sentence without the count. */
  readonly message: string;
  readonly count: number;
  /** The first places. */
  readonly examples: readonly string[];
}

const EXAMPLES = 5;

const MESSAGES: Readonly<Record<NoticeCode, string>> = {
  "not-finite": "NaN or infinite numbers, which JSON does not have; read as null",
  "malformed-node": "nodes that are no objects or have no node_id; left out",
  "malformed-link": "links that are no objects or have no source and target; left out",
  "duplicate-node": "nodes that occur twice with the same members; one of each was kept",
  "clashing-id": "nodes that had the id of another node; renamed, and their links with them",
  "ambiguous-link": "links whose end could be either of two nodes with one id; read as the feature's",
  "dangling-link": "links from or to a node that is not in the file; left out",
  "duplicate-link": "links that repeat another exactly; counted once",
  "parallel-link": "links between a pair that has one already, with another weight; their weights add",
  "weight-missing": "links without a finite weight; they count as 0",
  "unknown-kind": "nodes of an unknown type; shown as other",
  "unknown-layer": "nodes whose layer is no number; placed by their kind",
  "unknown-position": "nodes whose position is missing or not in the prompt",
  "undecoded-feature": "features whose number does not fit their layer; their unit is unknown",
  "dangling-reference": "pins, supernode members or labels of nodes that are not in the file",
  cycle: "nodes on a cycle; scores and pruning need a graph without one",
  "empty-graph": "the file has no nodes",
  "only-errors": "the graph has no features: all that is known of the layers is their error",
  "no-probability": "no logit has a probability; nothing starts to flow, so there are no scores",
};

export class NoticeCollector {
  readonly #found = new Map<NoticeCode, { count: number; examples: string[] }>();

  /** @param count how many at once. */
  add(code: NoticeCode, example?: string, count = 1): void {
    const entry = this.#found.get(code) ?? { count: 0, examples: [] };
    this.#found.set(code, entry);
    entry.count += count;
    if (example !== undefined && entry.examples.length < EXAMPLES) entry.examples.push(example);
  }

  /** In the order of `NOTICE_CODES`. */
  list(): GraphNotice[] {
    return NOTICE_CODES.flatMap((code) => {
      const entry = this.#found.get(code);
      return entry === undefined ? [] : [{ code, message: MESSAGES[code], ...entry }];
    });
  }
}

/** "links from or to a node that is not in the file; left out: 3 (a → b, c → d, e → f)" */
export function describeNotice({ code, message, count, examples }: GraphNotice): string {
  if (code === "empty-graph" || code === "only-errors" || code === "no-probability") return message;
  const shown = examples.length === 0 ? "" : ` (${examples.join(", ")}${count > examples.length ? ", …" : ""})`;
  return `${message}: ${count}${shown}`;
}
