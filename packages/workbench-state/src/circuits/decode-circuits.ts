/** Reads a view back from a query string. What cannot be read takes its default, and a notice says so. */
import type { CircuitView, Place, Supernode } from "@patchbay/circuit-graph";
import type { GraphTarget } from "@patchbay/contract";
import {
  CHECK_OPERATIONS,
  CIRCUIT_PANELS,
  type CircuitCheck,
  type CircuitsView,
  FIRST_CIRCUITS_VIEW,
  NO_ANNOTATIONS,
  REMOVAL_ORDERS,
  type RemovalOrder,
  USUAL_CHECK,
  USUAL_THRESHOLDS,
} from "./circuits-view.ts";
import { splitParts } from "./encode-circuits.ts";

export interface DecodedCircuits {
  readonly view: CircuitsView;
  /** Whether the address speaks of pins, groups, labels or places: a stored graph's own are then not taken. */
  readonly annotated: boolean;
  /** One sentence for each thing in the address that was not understood. */
  readonly notices: readonly string[];
}

export function decodeCircuitsView(search: string): DecodedCircuits {
  const query = new URLSearchParams(search);
  const notices: string[] = [];
  function refuse(name: string, text: string): undefined {
    notices.push(`"${name}=${clip(text)}" in the address was not understood and is left out.`);
    return undefined;
  }
  function field<Value>(name: string, read: (text: string) => Value | undefined, fallback: Value): Value {
    const text = query.get(name);
    if (text === null) return fallback;
    return read(text) ?? refuse(name, text) ?? fallback;
  }
  const threshold = (name: "node" | "edge") =>
    field<number | null | undefined>(name, readThreshold, USUAL_THRESHOLDS[name]) ?? null;
  const all = <Value>(name: string, read: (text: string) => Value | undefined): Value[] =>
    query.getAll(name).flatMap((text) => {
      const value = read(text) ?? refuse(name, text);
      return value === undefined ? [] : [value];
    });
  const annotations: CircuitView = {
    ...NO_ANNOTATIONS,
    thresholds: {
      node: query.get("node") === "all" ? null : threshold("node"),
      edge: query.get("edge") === "all" ? null : threshold("edge"),
    },
    clicked: query.get("at"),
    pins: [...new Set(query.getAll("pin"))],
    supernodes: distinct(all("group", readGroup)),
    labels: Object.fromEntries(all("label", readLabel)),
    positions: Object.fromEntries(all("place", readPlace)),
  };
  const view: CircuitsView = {
    model: field("model", readName, undefined),
    prompt: query.get("prompt") ?? FIRST_CIRCUITS_VIEW.prompt,
    prependBos: field("bos", (text) => ({ yes: true, no: false })[text], undefined),
    target: readTarget(query, refuse),
    dictionaries: field("dictionaries", readName, undefined),
    features: field("features", (text) => whole(text, 1, 100_000), undefined),
    keep: field("keep", readKeep, FIRST_CIRCUITS_VIEW.keep),
    graph: field("graph", readName, undefined),
    panel: field("view", (text) => CIRCUIT_PANELS.find((panel) => panel === text), "graph"),
    weights: field("weights", (text) => (text === "any" || text === "prompt" ? text : undefined), "prompt"),
    other: query.get("other") ?? undefined,
    chosen: [...new Set(query.getAll("chosen"))],
    check: field("check", readCheck, USUAL_CHECK),
    removal: field("removal", readRemoval, "effect"),
    annotations,
  };
  const annotated = ["pin", "group", "label", "place", "node", "edge", "at"].some((name) => query.has(name));
  return { view, annotated, notices };
}

/** Of a path of the room, as findings keep it; of another path the first view. */
export function circuitsViewOf(path: string): CircuitsView {
  const query = path.indexOf("?");
  return decodeCircuitsView(query < 0 ? "" : path.slice(query)).view;
}

function readTarget(
  query: URLSearchParams,
  refuse: (name: string, text: string) => undefined,
): GraphTarget | undefined {
  const tokens = query.getAll("token").flatMap((text) => readToken(text) ?? refuse("token", text) ?? []);
  const [token] = tokens;
  const minusText = query.get("minus");
  const minus = minusText === null ? undefined : (readToken(minusText) ?? refuse("minus", minusText));
  if (token !== undefined && minus !== undefined) return { kind: "difference", token, minus };
  if (tokens.length > 0) return { kind: "tokens", tokens: tokens.slice(0, 64) };
  const logits = query.get("logits");
  if (logits === null) return undefined;
  const [share, count] = logits.split(",");
  const [probability, most] = [fraction(share), whole(count ?? "", 1, 64)];
  return probability === undefined || probability === 0 || most === undefined
    ? refuse("logits", logits)
    : { kind: "logits", probability, count: most };
}

function readToken(text: string): string | number | undefined {
  if (text === "") return undefined;
  if (text.startsWith("##")) return text.slice(1);
  if (!text.startsWith("#")) return text;
  return /^#\d{1,8}$/.test(text) ? Number(text.slice(1)) : undefined;
}

function readGroup(text: string): Supernode | undefined {
  const [id = "", label = "", ...nodes] = splitParts(text);
  const members = nodes.filter((node) => node !== "");
  return id === "" || members.length === 0 ? undefined : { id, label, nodes: [...new Set(members)] };
}

/** A node is in one supernode, and an id names one: what came first stays. */
function distinct(supernodes: readonly Supernode[]): Supernode[] {
  const taken = new Set<string>();
  const kept: Supernode[] = [];
  for (const { id, label, nodes } of supernodes) {
    const free = nodes.filter((node) => !taken.has(node));
    if (free.length === 0 || kept.some((other) => other.id === id)) continue;
    for (const node of free) taken.add(node);
    kept.push({ id, label, nodes: free });
  }
  return kept;
}

function readLabel(text: string): [string, string] | undefined {
  const [id = "", label = "", ...rest] = splitParts(text);
  return id === "" || label === "" || rest.length > 0 ? undefined : [id, label];
}

function readPlace(text: string): [string, Place] | undefined {
  const [id = "", x = "", y = ""] = splitParts(text);
  const place = { x: Number(x), y: Number(y) };
  const readable = id !== "" && x !== "" && y !== "" && Math.abs(place.x) < 1e7 && Math.abs(place.y) < 1e7;
  return readable ? [id, place] : undefined;
}

function readKeep(text: string): CircuitsView["keep"] | undefined {
  const [nodes, edges] = text.split(",").map(fraction);
  return nodes === undefined || edges === undefined ? undefined : { nodes, edges };
}

function readCheck(text: string): CircuitCheck | undefined {
  const [change = "", attention, downstream, ...rest] = text.split(",");
  const [name, number] = change.split(":", 2);
  const op = CHECK_OPERATIONS.find((operation) => operation === name);
  const value = op === "zero" ? USUAL_CHECK.value : Number(number ?? Number.NaN);
  const isMode = (mode: string | undefined) => mode === "freeze" || mode === "recompute";
  if (op === undefined || !Number.isFinite(value) || rest.length > 0) return undefined;
  return isMode(attention) && isMode(downstream) ? { op, value, attention, downstream } : undefined;
}

function readRemoval(text: string): RemovalOrder | undefined {
  return REMOVAL_ORDERS.find((order) => order === text);
}

function readThreshold(text: string): number | undefined {
  return fraction(text);
}

function fraction(text: string | undefined): number | undefined {
  const value = text === undefined || text.trim() === "" ? Number.NaN : Number(text);
  return value >= 0 && value <= 1 ? value : undefined;
}

function whole(text: string, low: number, high: number): number | undefined {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  return value >= low && value <= high ? value : undefined;
}

/** Of a model, a set of dictionaries, a stored graph. */
function readName(text: string): string | undefined {
  return /^[a-z0-9][a-z0-9._-]*$/i.test(text) ? text : undefined;
}

function clip(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
