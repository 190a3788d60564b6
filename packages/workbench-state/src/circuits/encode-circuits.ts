/**
 * The view as a query string that people can read:
 *
 *     ?prompt=…&token= Lily&minus= Tom&node=0.7&at=4_123_17&pin=4_123_17&group=supernode-1|names|3_9_5|4_123_17
 *     &label=3_9_5|Tom, earlier&place=3_9_5|120|340
 *
 * Parts are divided by "|"; one inside a part is written "\|", a backslash "\\".
 */
import { escapeValue } from "../trace/encode-view.ts";
import { type CircuitsView, FIRST_CIRCUITS_VIEW, USUAL_THRESHOLDS } from "./circuits-view.ts";

/** Servers and mail programs cut addresses off somewhere beyond. */
export const LONGEST_ADDRESS = 6000;

export function encodeCircuitsView(view: CircuitsView): string {
  const query: [string, string][] = [];
  const add = (name: string, value: string | undefined) => value !== undefined && query.push([name, value]);
  add("model", view.model);
  if (view.graph !== undefined) add("graph", view.graph);
  else {
    add("prompt", view.prompt);
    if (view.prependBos !== undefined) add("bos", view.prependBos ? "yes" : "no");
    for (const [name, value] of targetParts(view.target)) add(name, value);
    add("dictionaries", view.dictionaries);
    if (view.features !== undefined) add("features", String(view.features));
    const { nodes, edges } = view.keep;
    if (nodes !== FIRST_CIRCUITS_VIEW.keep.nodes || edges !== FIRST_CIRCUITS_VIEW.keep.edges)
      add("keep", `${nodes},${edges}`);
  }
  if (view.panel !== "graph") add("view", view.panel);
  if (view.weights !== "prompt") add("weights", view.weights);
  add("other", view.other);
  // Many are a selection of the moment, too long for an address.
  if (view.chosen.length <= MOST_CHOSEN) for (const id of view.chosen) add("chosen", id);
  const { op, value, attention, downstream } = view.check;
  const check = [op === "zero" ? op : `${op}:${value}`, attention, downstream].join(",");
  if (check !== USUAL_CHECK_TEXT) add("check", check);
  if (view.removal !== "effect") add("removal", view.removal);
  const { thresholds, clicked } = view.annotations;
  for (const name of ["node", "edge"] as const)
    if (thresholds[name] !== USUAL_THRESHOLDS[name])
      add(name, thresholds[name] === null ? "all" : String(thresholds[name]));
  if (clicked !== null) add("at", clicked);
  const { pins, supernodes, labels, positions } = view.annotations;
  for (const pin of pins) add("pin", pin);
  for (const { id, label, nodes } of supernodes) add("group", joinParts([id, label, ...nodes]));
  for (const [id, label] of Object.entries(labels)) add("label", joinParts([id, label]));
  for (const [id, { x, y }] of Object.entries(positions)) add("place", joinParts([id, round(x), round(y)]));
  return `?${query.map(([name, value]) => `${name}=${escapeValue(value)}`).join("&")}`;
}

const USUAL_CHECK_TEXT = "zero,freeze,recompute";
const MOST_CHOSEN = 60;

/** The address of a view: what other rooms link to. */
export function circuitsPath(view: Partial<CircuitsView>): string {
  return `/circuits${encodeCircuitsView({ ...FIRST_CIRCUITS_VIEW, ...view })}`;
}

function targetParts(target: CircuitsView["target"]): [string, string][] {
  if (target === undefined) return [];
  if (target.kind === "logits") return [["logits", `${target.probability ?? 0.95},${target.count ?? 10}`]];
  if (target.kind === "tokens") return target.tokens.map((token) => ["token", writeToken(token)]);
  return [
    ["token", writeToken(target.token)],
    ["minus", writeToken(target.minus)],
  ];
}

/** A token is its text; "#365" is an id, and a text that begins with "#" has one "#" more. */
function writeToken(token: string | number): string {
  if (typeof token === "number") return `#${token}`;
  return token.startsWith("#") ? `#${token}` : token;
}

export function joinParts(parts: readonly string[]): string {
  return parts.map((part) => part.replaceAll("\\", "\\\\").replaceAll("|", "\\|")).join("|");
}

export function splitParts(text: string): string[] {
  const parts: string[] = [""];
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (character === "|") parts.push("");
    else if (character === "\\" && i + 1 < text.length) {
      i += 1;
      parts[parts.length - 1] += text.charAt(i);
    } else parts[parts.length - 1] += character;
  }
  return parts;
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}
