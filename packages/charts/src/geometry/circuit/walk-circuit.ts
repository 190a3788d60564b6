/** Walking over a circuit with the arrow keys: up and down along the strongest edge, sideways along the row. */
import type { CircuitScene } from "./circuit-scene.ts";

export type CircuitStep = "up" | "down" | "left" | "right";

/** @param adjacency from `edgesOfNodes`. Undefined where there is nothing that way. */
export function walkCircuit(
  scene: CircuitScene,
  adjacency: { readonly start: Uint32Array; readonly edges: Uint32Array },
  from: number,
  step: CircuitStep,
): number | undefined {
  return step === "up" || step === "down" ? alongEdge(scene, adjacency, from, step) : alongRow(scene, from, step);
}

function alongEdge(
  { source, target, weight }: CircuitScene,
  { start, edges }: { readonly start: Uint32Array; readonly edges: Uint32Array },
  from: number,
  step: "up" | "down",
): number | undefined {
  let best: number | undefined;
  let strongest = -1;
  for (let i = start[from] ?? 0; i < (start[from + 1] ?? 0); i++) {
    const e = edges[i] ?? 0;
    const [near, far] = step === "up" ? [source[e], target[e]] : [target[e], source[e]];
    const size = Math.abs(weight[e] ?? 0);
    if (near !== from || far === from || size <= strongest) continue;
    best = far;
    strongest = size;
  }
  return best;
}

/** Nodes of the same height come first; the row above or below is not entered. */
function alongRow({ x, y }: CircuitScene, from: number, step: "left" | "right"): number | undefined {
  const [here, height] = [x[from] ?? 0, y[from] ?? 0];
  let best: number | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (let n = 0; n < x.length; n++) {
    const across = ((x[n] ?? 0) - here) * (step === "right" ? 1 : -1);
    const apart = Math.abs((y[n] ?? 0) - height);
    if (across <= 0 || apart > ROW_REACH) continue;
    const cost = across + 3 * apart;
    if (cost >= least) continue;
    best = n;
    least = cost;
  }
  return best;
}

const ROW_REACH = 20;
