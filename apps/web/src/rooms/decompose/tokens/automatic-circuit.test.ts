import assert from "node:assert/strict";
import { test } from "node:test";
import type { DecompositionCircuit } from "@patchbay/contract";
import { automaticCircuitOf, faithfulnessRange, usualSize } from "./automatic-circuit.ts";

function found(circuit: readonly number[]): DecompositionCircuit {
  const sizes = circuit.map((_, i) => i + 1);
  return {
    tokens: [
      { id: 1, text: "<s>", start: 0, end: 0, special: true },
      { id: 2, text: " Tom", start: 0, end: 3 },
    ],
    target: { text: "logit “ L”", position: 1, total: 2 },
    components: sizes.map((i) =>
      i === 2
        ? { label: "2_mlp_out", kind: "mlp" as const, layer: 2, contribution: 1 }
        : { label: `L0H${i}`, kind: "head" as const, layer: 0, unit: i, contribution: 1 },
    ),
    clean: 2,
    ablated: 0,
    curve: { sizes, circuit: [...circuit], random: sizes.map(() => ({ mean: 0, low: -3, high: 0.5 })) },
    passes: { decomposition: 1, evaluation: 1 },
    recipe: { model: "m", modelHash: "h" } as DecompositionCircuit["recipe"],
    milliseconds: 1,
  };
}

test("the smallest circuit that is near the whole model, else the nearest proper part", () => {
  assert.equal(usualSize(found([0.2, 0.95, 1.02, 1])), 2);
  assert.equal(usualSize(found([-0.3, 0.77, 1.48, 1])), 2);
});

test("the axis holds random draws that fall below the curve", () => {
  const [low, high] = faithfulnessRange(found([0.2, 1.5, 1]).curve);
  assert.ok(low < -3 && high > 1.5);
});

test("what is saved is the first n, with what found it and the prompt without its BOS", () => {
  const circuit = automaticCircuitOf(found([0, 0.5, 1]), 2, { asked: true });
  assert.deepEqual(circuit.nodes, [
    { kind: "head", layer: 0, head: 1 },
    { kind: "mlp", layer: 2 },
  ]);
  assert.equal(circuit.modelHash, "h");
  assert.equal(circuit.note, "Prompt: Tom");
  assert.deepEqual(circuit.found, { operation: "decompositionCircuit", request: { asked: true } });
});
