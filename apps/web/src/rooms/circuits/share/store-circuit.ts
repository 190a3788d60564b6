/** A graph with what people put on it, stored on the server as one document. */
import type { CircuitGraph, JsonObject } from "@patchbay/circuit-graph";
import type { CircuitsView } from "@patchbay/workbench-state";
import { api } from "../../../shell/api.ts";
import type { OpenCircuit } from "../circuits-context.tsx";

export function storeCircuit(
  circuit: OpenCircuit,
  view: CircuitsView,
  signal: AbortSignal,
): Promise<{ readonly id: string }> {
  return api.saveGraph({ body: { ...circuitDocument(circuit, view) }, signal });
}

/** The document as it would be saved now; the target stays with it, so that its checks can be asked again. */
export function circuitDocument({ graph, from }: OpenCircuit, { annotations, target }: CircuitsView): CircuitGraph {
  if (from !== "prompt" || target === undefined) return { ...graph, view: annotations };
  // A target is plain JSON; its type only does not say so.
  return { ...graph, view: annotations, origin: { ...graph.origin, target: target as unknown as JsonObject } };
}
