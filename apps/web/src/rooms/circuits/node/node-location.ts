/** Where a node leads in the workbench: the page of its feature, or the cell of its place in Trace. */
import type { CircuitNode } from "@patchbay/circuit-graph";
import { nextCable, type Patch, tracePath } from "@patchbay/workbench-state";
import { dictionaryAddresses } from "../../dictionaries/dictionary-address.ts";
import type { CircuitRoom } from "../circuits-context.tsx";
import { isOfModel } from "../use-unit-notes.ts";

type Place = Pick<CircuitRoom, "circuit" | "model">;

/** Undefined where the graph's model or dictionary is not here. */
export function nodeLocation({ circuit, model }: Place, node: CircuitNode): string | undefined {
  if (model === undefined || !isOfModel(circuit, model)) return undefined;
  if (node.kind === "feature")
    return node.dictionary === null || node.unit === null
      ? undefined
      : dictionaryAddresses(model.name).feature(node.dictionary, node.unit);
  const { layers } = circuit.graph.model;
  return tracePath({
    model: model.name,
    prompt: circuit.graph.prompt,
    selected: {
      depth: node.kind === "token" ? "embed" : node.layer >= layers - 1 ? "last" : node.layer,
      position: node.position,
    },
  });
}

/** The same page, open at what the feature is connected to on every prompt. */
export function connectionsLocation(
  { circuit, model }: Place,
  { kind, dictionary, unit }: CircuitNode,
): string | undefined {
  if (model === undefined || !isOfModel(circuit, model)) return undefined;
  if (kind !== "feature" || dictionary === null || unit === null) return undefined;
  return dictionaryAddresses(model.name).feature(dictionary, unit, { connections: "open" });
}

/** The Trace room with these features ablated at their positions. */
export function patchLocation({ circuit, model }: Place, nodes: readonly CircuitNode[]): string | undefined {
  if (model === undefined || !isOfModel(circuit, model)) return undefined;
  const features = nodes.filter(
    ({ kind, dictionary, unit }) => kind === "feature" && dictionary !== null && unit !== null,
  );
  const patches: Patch[] = [];
  for (const { dictionary, layer, unit, position } of features.slice(0, MOST_PATCHES)) {
    patches.push({
      cable: nextCable(patches),
      site: { dictionary: dictionary ?? "", layer, error: "keep" },
      units: [unit ?? 0],
      operation: { op: "zero" },
      positions: [position],
      muted: false,
    });
  }
  if (patches.length === 0) return undefined;
  return tracePath({ model: model.name, prompt: circuit.graph.prompt, patches, compare: "after" });
}

/** As many as an address of Trace keeps. */
const MOST_PATCHES = 64;
