import assert from "node:assert/strict";
import { test } from "node:test";
import { scrollToReveal, virtualWindow } from "./virtual-window.ts";

const table = { rowHeight: 30, viewportHeight: 600, overscan: 0 };

test("a short table draws the rows in view at their own place", () => {
  const window = virtualWindow({ ...table, rowCount: 4608, scrollTop: 3000 });
  assert.deepEqual(window, { first: 100, last: 120, totalHeight: 138_240, offsetTop: 3000 });
});

test("the last row of half a million is reached, and stands inside the scrolled element", () => {
  const rowCount = 500_000;
  const window = virtualWindow({ ...table, rowCount, scrollTop: Number.MAX_SAFE_INTEGER });
  assert.equal(window.last, rowCount);
  const bottom = window.offsetTop + (window.last - window.first) * table.rowHeight;
  assert.ok(Math.abs(bottom - window.totalHeight) <= table.rowHeight, `bottom ${bottom} of ${window.totalHeight}`);
});

test("revealing a row makes it the first or the last in view, and leaves a visible one alone", () => {
  for (const rowCount of [4608, 500_000]) {
    const input = { ...table, rowCount, scrollTop: 0 };
    const row = Math.floor(rowCount / 2);
    const shown = virtualWindow({ ...input, scrollTop: scrollToReveal(row, input) });
    assert.ok(shown.first <= row && row < shown.last, `${row} in ${shown.first}…${shown.last}`);
    assert.equal(scrollToReveal(3, input), 0);
  }
});

test("an empty table has no rows and no height", () => {
  assert.deepEqual(virtualWindow({ ...table, rowCount: 0, scrollTop: 50 }), {
    first: 0,
    last: 0,
    totalHeight: 0,
    offsetTop: 0,
  });
});
