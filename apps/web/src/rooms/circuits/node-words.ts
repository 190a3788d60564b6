/** How a node is named, wherever it stands: one line that says what it is and where. */
import type { CircuitGraph, CircuitNode, CircuitView } from "@patchbay/circuit-graph";
import { formatProbability } from "../../shell/ui/format-number.ts";
import { visibleToken } from "../../shell/ui/token-text.ts";

/** What the unit index and its readers say of a feature. */
export interface UnitNote {
  readonly label: string | null;
  readonly fires: readonly string[];
  readonly writes: readonly string[];
}

export type NoteOf = (node: CircuitNode) => UnitNote | undefined;

/** "L3 F512", "L3 error", "·Tom", "→ ·L": without its position. */
export function nodeName({ kind, layer, unit, position, label }: CircuitNode, tokens: CircuitGraph["tokens"]): string {
  const token = visibleToken(tokens[position]?.text ?? "");
  if (kind === "feature") return unit === null ? `L${layer} feature` : `L${layer} F${unit}`;
  if (kind === "error") return `L${layer} error`;
  if (kind === "token") return `token ${token}`;
  if (kind === "logit") return `→ ${visibleToken(label)}`;
  return kind === "bias" ? `L${layer} bias` : `L${layer} node`;
}

/** "at 17 ·to" */
export function placeName({ position }: CircuitNode, tokens: CircuitGraph["tokens"]): string {
  return `at ${position} ${visibleToken(tokens[position]?.text ?? "")}`;
}

/** A person's label here, else that of the file, else that of the unit, else the tokens that it fires on. */
export function nodeLabel(node: CircuitNode, labels: CircuitView["labels"], note: UnitNote | undefined): string {
  const own = Object.hasOwn(labels, node.id) ? labels[node.id] : undefined;
  if (own !== undefined && own !== "") return own;
  if (node.kind === "logit" || node.kind === "token") return "";
  if (node.label !== "") return node.label;
  if (note?.label != null && note.label !== "") return note.label;
  return (note?.fires ?? [])
    .slice(0, 3)
    .map((text) => visibleToken(text))
    .join(" ");
}

/** Beside a node in the figure. */
export function figureLabel(node: CircuitNode, labels: CircuitView["labels"], note: UnitNote | undefined): string {
  if (node.kind === "logit") {
    // A difference of logits has no probability: its node says 1, the weight with which influence starts there.
    const probability =
      node.probability === null || node.probability === 1 ? "" : ` ${formatProbability(node.probability)}`;
    return `${visibleToken(node.label)}${probability}`;
  }
  const label = nodeLabel(node, labels, note);
  const text = label === "" ? nodeName(node, []) : label;
  return text.length > 34 ? `${text.slice(0, 33)}…` : text;
}

/** For a screen reader, and for the titles of rows. */
export function nodeSentence(node: CircuitNode, graph: CircuitGraph, label: string): string {
  const parts = [nodeName(node, graph.tokens), placeName(node, graph.tokens)];
  if (label !== "") parts.push(label);
  return parts.join(" · ");
}
