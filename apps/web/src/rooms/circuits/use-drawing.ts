/** What is drawn of the open graph: asked of the worker again whenever a slider, a pin or a group changes. */
import type { CircuitsView } from "@patchbay/workbench-state";
import { useEffect, useState } from "react";
import type { OpenCircuit } from "./circuits-context.tsx";
import type { CircuitClient } from "./engine/circuit-client.ts";
import type { Drawing } from "./engine/circuit-tasks.ts";

export interface ShownDrawing {
  readonly drawing: Drawing;
  readonly sceneOf: Int32Array;
  /** Of the circuit that it is a drawing of. */
  readonly key: string;
}

export function useDrawing(
  client: CircuitClient | undefined,
  circuit: OpenCircuit | undefined,
  { annotations, weights }: Pick<CircuitsView, "annotations" | "weights">,
  aspect: number,
): { readonly shown: ShownDrawing | undefined; readonly problem: string | undefined } {
  const [shown, setShown] = useState<ShownDrawing>();
  const [problem, setProblem] = useState<string>();
  const { thresholds, pins, supernodes } = annotations;
  useEffect(() => {
    if (client === undefined || circuit === undefined) return undefined;
    let live = true;
    client.askNewest("draw", { thresholds, annotations: { pins, supernodes }, weights, aspect }).then(
      (drawing) => {
        if (!live || drawing === undefined) return;
        const sceneOf = new Int32Array(circuit.graph.nodes.length).fill(-1);
        drawing.nodes.forEach((place, n) => {
          sceneOf[place] = n;
        });
        setProblem(undefined);
        setShown({ drawing, sceneOf, key: circuit.key });
      },
      (error: unknown) => live && setProblem(error instanceof Error ? error.message : String(error)),
    );
    return () => {
      live = false;
    };
  }, [client, circuit, thresholds, pins, supernodes, weights, aspect]);
  return { shown: shown?.key === circuit?.key ? shown : undefined, problem };
}
