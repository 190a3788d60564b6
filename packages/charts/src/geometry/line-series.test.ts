import assert from "node:assert/strict";
import { test } from "node:test";
import { lineSeries, nearestPoint } from "./line-series.ts";

const space = { width: 300, height: 120, nameWidth: 40 };

test("on a logarithmic axis equal ratios are equal distances, and zero is left out", () => {
  const points = [0, 1, 0.1, 0.01].map((y, x) => ({ x, y }));
  const [curve] = lineSeries([{ name: "a", points }], { ...space, scale: "log" }).curves;
  assert.equal(curve?.points.length, 3);
  const [a = 0, b = 0, c = 0] = curve?.points.map(({ y }) => y) ?? [];
  assert.ok(Math.abs(b - a - (c - b)) < 1e-9 && b > a);
});

test("a linear axis holds zero, larger is higher", () => {
  const geometry = lineSeries([{ name: "a", points: [1, 4].map((y, x) => ({ x, y })) }], space);
  assert.equal(geometry.placeY(0), geometry.plot.top + geometry.plot.height);
  assert.ok(geometry.placeY(4) < geometry.placeY(1));
});

test("names of curves that end together do not touch and stay inside", () => {
  const series = ["a", "b", "c"].map((name) => ({
    name,
    points: [
      { x: 0, y: 1 },
      { x: 1, y: 0 },
    ],
  }));
  const { curves, plot } = lineSeries(series, space);
  const places = curves.map(({ nameY }) => nameY).sort((a, b) => a - b);
  assert.ok(places.every((y, i) => i === 0 || y - (places[i - 1] ?? 0) >= 12));
  assert.ok((places.at(-1) ?? 0) <= plot.top + plot.height);
});

test("no values, one value and a curve of nothing are finite", () => {
  for (const scale of ["linear", "log"] as const) {
    const empty = lineSeries([], { ...space, scale });
    assert.ok(empty.ticksY.every(({ position }) => Number.isFinite(position)));
    const one = lineSeries(
      [
        { name: "a", points: [{ x: 5, y: 2 }] },
        { name: "b", points: [] },
      ],
      { ...space, scale },
    );
    assert.ok(Number.isFinite(one.curves[0]?.end?.x) && Number.isFinite(one.curves[0]?.end?.y));
    assert.equal(one.curves[1]?.end, undefined);
  }
});

test("a place on the axis names its value, and the nearest point of a curve", () => {
  const geometry = lineSeries([{ name: "a", points: [0, 10, 20].map((x) => ({ x, y: x })) }], space);
  assert.ok(Math.abs(geometry.valueAt(geometry.placeX(12)) - 12) < 1e-9);
  const [curve] = geometry.curves;
  assert.equal(curve && nearestPoint(curve, 12)?.at, 10);
});

test("a logarithmic axis of less than a decade still has ticks", () => {
  const points = [0.21, 0.24].map((y, x) => ({ x, y }));
  assert.ok(lineSeries([{ name: "a", points }], { ...space, scale: "log" }).ticksY.length >= 2);
});

test("a curve of zeros lies on the bottom of its axis", () => {
  const geometry = lineSeries([{ name: "dead", points: [0, 1].map((x) => ({ x, y: 0 })) }], space);
  assert.deepEqual([geometry.ticksY.at(0)?.value, geometry.ticksY.at(-1)?.value], [0, 1]);
});
