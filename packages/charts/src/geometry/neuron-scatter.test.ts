import assert from "node:assert/strict";
import { test } from "node:test";
import { neuronScatter } from "./neuron-scatter.ts";

const size = { width: 800, height: 300 };
const count = 2000;
const layer = Array.from({ length: count }, (_, i) => i % 6);
const value = Array.from({ length: count }, (_, i) => 10 ** (-4 + (4 * ((i * 7919) % count)) / count));

test("every point stands in its own layer's lane, deeper layers higher", () => {
  const { y, lanes } = neuronScatter({ size, layers: 6, layer, value, scale: "log" });
  for (let i = 0; i < count; i++) {
    const lane = lanes[layer[i] ?? 0];
    assert.ok(lane !== undefined && (y[i] ?? 0) >= lane.top && (y[i] ?? 0) <= lane.top + lane.height);
  }
  assert.ok((lanes[5]?.top ?? 0) < (lanes[0]?.top ?? 0));
});

test("the nearest point agrees with a search of all points", () => {
  const { x, y, nearest } = neuronScatter({ size, layers: 6, layer, value, scale: "log" });
  for (const [px, py] of [
    [100, 40],
    [400, 150],
    [790, 299],
    [0, 0],
    [555.5, 222.2],
  ] as const) {
    const distances = Array.from(x, (xi, i) => Math.hypot(xi - px, (y[i] ?? 0) - py));
    const smallest = Math.min(...distances);
    const found = nearest(px, py, 14);
    if (smallest > 14) assert.equal(found, undefined);
    else assert.equal(distances[found ?? -1], smallest);
  }
});

test("pixels and values are each other's inverse; a zero goes to the left end of a logarithmic axis", () => {
  const geometry = neuronScatter({ size, layers: 1, layer: [0, 0, 0], value: [0, 0.001, 0.5], scale: "log" });
  assert.equal(geometry.x[0], geometry.plot.left);
  assert.ok(Math.abs(geometry.valueAt(geometry.positionOf(0.02)) - 0.02) < 1e-9);
  assert.deepEqual(
    geometry.ticks.map((tick) => tick.label),
    ["0.001", "0.01", "0.1"],
  );
});

test("no neurons still give an axis", () => {
  assert.deepEqual(neuronScatter({ size, layers: 6, layer: [], value: [], scale: "linear" }).domain, [0, 1]);
});

test("tick labels differ from each other, however narrow the range", () => {
  for (const value of [
    [3.1e-5, 6.4e-5],
    [3.1e-5, 2.6e-4],
    [4.1e-5, 4.2e-5],
    [1e-6, 0.9],
  ]) {
    const labels = neuronScatter({ size, layers: 1, layer: [0, 0], value, scale: "log" }).ticks.map(
      (tick) => tick.label,
    );
    assert.ok(labels.length >= 2, `${labels.length} ticks for ${value.join("…")}`);
    assert.equal(new Set(labels).size, labels.length, labels.join(", "));
  }
});
