/** The nodes of a circuit as words that people type, and back: `L5H1 L3.mlp L2N45 mlp-2[1027] T4`, with `@-1,3` for positions. */
import type { CircuitNode } from "@patchbay/contract";
import { headName, mlpName } from "../parts-text.ts";

export interface ReadNodes {
  readonly nodes: readonly CircuitNode[];
  /** Words that name nothing. */
  readonly unread: readonly string[];
}

export function readNodes(text: string): ReadNodes {
  const nodes: CircuitNode[] = [];
  const unread: string[] = [];
  const seen = new Set<string>();
  for (const typed of text.split(/[\s;]+/)) {
    const word = typed.replace(/,+$/, "");
    if (word === "") continue;
    const node = readNode(word);
    if (node === undefined) unread.push(word);
    else if (!seen.has(writeNode(node))) {
      seen.add(writeNode(node));
      nodes.push(node);
    }
  }
  return { nodes, unread };
}

export function writeNode(node: CircuitNode): string {
  const places = "positions" in node && node.positions !== undefined ? `@${node.positions.join(",")}` : "";
  switch (node.kind) {
    case "head":
      return headName(node.layer, node.head) + places;
    case "mlp":
      return mlpName(node.layer) + places;
    case "neuron":
      return `L${node.layer}N${node.neuron}${places}`;
    case "feature":
      return `${node.dictionary}[${node.feature}]${places}`;
    case "token":
      return `T${node.position}`;
  }
}

function readNode(word: string): CircuitNode | undefined {
  const token = /^T(-?\d{1,5})$/i.exec(word);
  if (token !== null) return { kind: "token", position: Number(token[1]) };
  const [name = "", places, ...rest] = word.split("@");
  const positions = places?.split(",").map(Number);
  if (rest.length > 0 || (positions !== undefined && !positions.every((at) => Number.isInteger(at)))) return undefined;
  if (places === "") return undefined;
  const where = positions === undefined ? {} : { positions };
  const unit = /^L(\d{1,3})\.?([HN])(\d{1,6})$/i.exec(name);
  if (unit !== null) {
    const [layer, index] = [Number(unit[1]), Number(unit[3])];
    return unit[2]?.toUpperCase() === "H"
      ? { kind: "head", layer, head: index, ...where }
      : { kind: "neuron", layer, neuron: index, ...where };
  }
  const mlp = /^(?:M(\d{1,3})|L(\d{1,3})\.?(?:M|mlp))$/i.exec(name);
  if (mlp !== null) return { kind: "mlp", layer: Number(mlp[1] ?? mlp[2]), ...where };
  const feature = /^([a-z0-9][\w.-]*)\[(\d{1,7})\]$/i.exec(name);
  if (feature !== null) return { kind: "feature", dictionary: feature[1] ?? "", feature: Number(feature[2]), ...where };
  return undefined;
}
