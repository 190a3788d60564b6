import assert from "node:assert/strict";
import { test } from "node:test";
import { listQueryOf, rangeText, readAtlasView, sortChange } from "./atlas-view.ts";

const viewOf = (query: string) => {
  const parameters = new URLSearchParams(query);
  return readAtlasView((name) => parameters.get(name) ?? undefined);
};

test("an empty address is the most peaked writers of the whole model", () => {
  assert.deepEqual(listQueryOf(viewOf("")), {
    side: "write",
    variant: "folded",
    sort: "peakedness",
    order: "descending",
  });
});

test("a range sorts by its own measure, whatever the address says about sorting", () => {
  const view = viewOf("measure=entropy&range=1.5~3&sort=norm");
  assert.deepEqual(view.range, [1.5, 3]);
  assert.equal(view.sort, "entropy");
});

test("a range written and read again is the same to four digits", () => {
  const text = rangeText([0.001234567, 0.5]);
  assert.deepEqual(viewOf(`range=${text}`).range, [0.001235, 0.5]);
});

test("half a range, or one upside down, is none", () => {
  assert.equal(viewOf("range=0.1").range, undefined);
  assert.equal(viewOf("range=0.5~0.1").range, undefined);
});

test("sorting by another column drops the range; turning its own round keeps it", () => {
  const view = viewOf("range=0.1~0.5");
  assert.deepEqual(sortChange(view, "norm", "descending"), { sort: "norm", order: undefined, range: undefined });
  assert.deepEqual(sortChange(view, "peakedness", "ascending"), { sort: "peakedness", order: "ascending" });
});
