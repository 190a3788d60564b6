import assert from "node:assert/strict";
import { test } from "node:test";
import { doseResponse } from "./dose-response.ts";

const data = {
  values: [8, -2, 0, 4],
  tokens: [
    { id: 1, text: " L" },
    { id: 2, text: " Tom" },
  ],
  probabilities: [
    [0.2, 0.97, 0.9, 0.5],
    [0.1, 0.01, 0.02, 0.1],
  ],
  kl: [2.1, 0.01, 0, 0.6],
  baseline: { observed: 0.3, probabilities: [0.95, 0.01] },
};
const size = { width: 600, height: 320 };

test("doses are drawn from low to high, whatever the order of the request", () => {
  const { doses, curves } = doseResponse(data, size, "linear");
  assert.deepEqual(
    doses.map((dose) => dose.value),
    [-2, 0, 4, 8],
  );
  assert.deepEqual(
    curves[0]?.points.map((p) => p.probability),
    [0.97, 0.9, 0.5, 0.2],
  );
  const x = doses.map((dose) => dose.x);
  assert.deepEqual(
    x,
    [...x].sort((a, b) => a - b),
  );
});

test("a higher probability stands higher, on both scales", () => {
  for (const scale of ["linear", "log"] as const) {
    const first = doseResponse(data, size, scale).curves[0];
    assert.ok(first !== undefined && (first.points[0]?.y ?? 0) < (first.points[3]?.y ?? 0));
  }
});

test("end labels keep their distance and stay inside the plot", () => {
  const tokens = Array.from({ length: 9 }, (_, id) => ({ id, text: `t${id}` }));
  const flat = tokens.map(() => data.values.map(() => 0.001));
  const { curves, plot } = doseResponse(
    { ...data, tokens, probabilities: flat, baseline: { observed: 0, probabilities: tokens.map(() => 0.001) } },
    size,
    "linear",
  );
  const places = curves.map((curve) => curve.labelY).sort((a, b) => a - b);
  for (const [i, place] of places.slice(1).entries()) assert.ok(place - (places[i] ?? 0) >= 13.99);
  assert.ok((places.at(-1) ?? 0) <= plot.top + plot.height + 2);
});

test("a probability of zero has a place on the logarithmic axis", () => {
  const zero = {
    ...data,
    probabilities: [
      [0, 0, 0, 0],
      [1, 1, 1, 1],
    ],
  };
  const { curves } = doseResponse(zero, size, "log");
  assert.ok(curves.every((curve) => curve.points.every((p) => Number.isFinite(p.y))));
});
