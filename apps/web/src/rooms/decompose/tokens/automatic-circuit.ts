/** From a ranking of components to a circuit: how many to keep at first, and the object that is saved. */
import type { Circuit, CircuitNode, DecompositionCircuit } from "@patchbay/contract";

/** The smallest size within a tenth of the whole model; where none is, the part of it that comes nearest. */
export function usualSize({ curve, components }: DecompositionCircuit): number {
  const distance = curve.sizes.map((size, i) =>
    size >= components.length ? Number.POSITIVE_INFINITY : Math.abs(1 - (curve.circuit[i] ?? 0)),
  );
  const near = distance.findIndex((each) => each <= 0.1);
  const best = near === -1 ? distance.indexOf(Math.min(...distance)) : near;
  return curve.sizes[best] ?? components.length;
}

/** A vertical axis that holds the curve, every random draw, 0 and 1. */
export function faithfulnessRange({ circuit, random }: DecompositionCircuit["curve"]): [low: number, high: number] {
  const values = [0, 1, ...circuit, ...random.flatMap(({ low, high }) => [low, high])];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const margin = 0.05 * (high - low);
  return [low - margin, high + margin];
}

export function automaticCircuitOf(result: DecompositionCircuit, size: number, request: unknown): Circuit {
  const { components, target, recipe, tokens } = result;
  const kept = components.slice(0, size);
  const keepsMlps = !components.some(({ kind }) => kind === "mlp");
  const nodes = kept.map(
    ({ kind, layer, unit }): CircuitNode =>
      kind === "head" ? { kind, layer, head: unit ?? 0 } : { kind: "mlp", layer },
  );
  const prompt = tokens
    .filter(({ special }) => special !== true)
    .map(({ text }) => text)
    .join("")
    .trim();
  return {
    name: `${target.text}: first ${size} of ${components.length} by decomposition`.slice(0, 200),
    note: `Prompt: ${prompt}${keepsMlps ? "\nMLPs always belong to it." : ""}`,
    model: recipe.model,
    modelHash: recipe.modelHash,
    found: { operation: "decompositionCircuit", request },
    nodes,
  };
}
