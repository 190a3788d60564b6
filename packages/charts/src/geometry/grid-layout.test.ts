import assert from "node:assert/strict";
import { test } from "node:test";
import { cellAt, layoutGrid, scrollToShow, usefulZoom, visibleCells, walk } from "./grid-layout.ts";

const SMALL = { rows: 7, columns: 18, width: 900, height: 360, zoom: 1 };
const LARGE = { rows: 49, columns: 256, width: 900, height: 430, zoom: 1 };

test("a small grid fills its width and shows token and number", () => {
  const layout = layoutGrid(SMALL);
  assert.equal(layout.contentWidth, 900);
  assert.ok(layout.showsText && layout.showsNote);
});

test("a crowded grid shrinks to colour; zoomed in, its text comes back", () => {
  const layout = layoutGrid(LARGE);
  assert.equal(layout.showsText, false);
  assert.ok(layout.contentWidth <= 256 * 4 && layout.contentHeight <= 49 * 9);
  const near = layoutGrid({ ...LARGE, zoom: usefulZoom(LARGE) });
  assert.ok(near.showsText);
  assert.ok(near.contentWidth > 900);
});

test("zoom never shrinks a cell, and stops at the largest one", () => {
  let width = 0;
  for (let zoom = 1; zoom <= 40; zoom *= 1.3) {
    const { cellWidth } = layoutGrid({ ...LARGE, zoom });
    assert.ok(cellWidth >= width);
    width = cellWidth;
  }
  assert.equal(width, 84);
});

test("only cells inside the window are visible", () => {
  const layout = layoutGrid({ ...LARGE, zoom: 12 });
  const range = visibleCells(layout, { left: layout.cellWidth * 100.5, top: 0, width: 600, height: 300 });
  assert.equal(range.firstColumn, 100);
  assert.equal(range.endColumn, 100 + Math.ceil(600 / layout.cellWidth + 0.5));
  assert.equal(range.firstRow, 0);
  assert.equal(range.endRow, Math.ceil(300 / layout.cellHeight));
});

test("the centre of every cell is in that cell, and beside the grid is nothing", () => {
  const layout = layoutGrid(SMALL);
  for (let row = 0; row < 7; row++) {
    for (let column = 0; column < 18; column++) {
      const hit = cellAt(layout, (column + 0.5) * layout.cellWidth, (row + 0.5) * layout.cellHeight);
      assert.deepEqual(hit, { row, column });
    }
  }
  assert.equal(cellAt(layout, -1, 5), undefined);
  assert.equal(cellAt(layout, 901, 5), undefined);
});

test("arrows walk and stop at the edges", () => {
  const layout = layoutGrid(SMALL);
  assert.deepEqual(walk({ row: 0, column: 0 }, "ArrowUp", layout), { row: 0, column: 0 });
  assert.deepEqual(walk({ row: 0, column: 0 }, "ArrowDown", layout), { row: 1, column: 0 });
  assert.deepEqual(walk({ row: 3, column: 4 }, "End", layout), { row: 3, column: 17 });
  assert.equal(walk({ row: 3, column: 4 }, "x", layout), undefined);
});

test("scrolling is the least that shows", () => {
  assert.equal(scrollToShow(10, 20, 0, 100), 0);
  assert.equal(scrollToShow(10, 20, 15, 100), 10);
  assert.equal(scrollToShow(110, 120, 0, 100), 20);
});
