/** The subgraph of what is pinned and grouped now, from the worker. */
import { useEffect, useState } from "react";
import { useCircuitRoom, useCircuitsView } from "../circuits-context.tsx";
import type { Subgraph } from "../engine/circuit-tasks.ts";

export function useSubgraph(): Subgraph | undefined {
  const { client, circuit } = useCircuitRoom();
  const { pins, supernodes } = useCircuitsView().annotations;
  const [subgraph, setSubgraph] = useState<{ readonly key: string; readonly value: Subgraph }>();
  useEffect(() => {
    let live = true;
    client.askNewest("subgraph", { pins, supernodes }).then(
      (value) => {
        if (live && value !== undefined) setSubgraph({ key: circuit.key, value });
      },
      // The worker ends with the room; nothing is left to show it to.
      () => undefined,
    );
    return () => {
      live = false;
    };
  }, [client, circuit, pins, supernodes]);
  return subgraph?.key === circuit.key ? subgraph.value : undefined;
}
