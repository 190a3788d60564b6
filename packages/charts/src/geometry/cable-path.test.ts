import assert from "node:assert/strict";
import { test } from "node:test";
import { cableLanes, cablePath } from "./cable-path.ts";

test("a cable begins at the card and ends at the jack", () => {
  const path = cablePath({ from: { x: 10, y: 500 }, lane: 40, to: { x: 60, y: 100 } });
  assert.match(path, /^M10,500 /);
  assert.match(path, / Q40,100 \S+,100 H60$/);
});

test("no corner is larger than its way", () => {
  const path = cablePath({ from: { x: 38, y: 104 }, lane: 40, to: { x: 41, y: 100 } });
  for (const number of path.match(/-?\d+(\.\d+)?/g) ?? []) {
    assert.ok(Number(number) >= 38 && Number(number) <= 104);
  }
});

test("lanes stay inside the channel and apart", () => {
  for (const count of [1, 2, 6, 30]) {
    const lanes = cableLanes(count, 10, 34);
    assert.equal(lanes.length, count);
    for (const lane of lanes) assert.ok(lane > 10 && lane < 34);
    assert.equal(new Set(lanes).size, count);
  }
});
