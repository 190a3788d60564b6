import assert from "node:assert/strict";
import { test } from "node:test";
import { sequentialScale } from "./colour-scale.ts";
import { gridToCsv, gridToSvg } from "./grid-export.ts";

const content = {
  rowLabels: ["L0", "embed"],
  columnLabels: ["⟨s⟩", "·a"],
  values: new Float32Array([0.5, 1, Number.NaN, 0.25]),
  text: (row: number, column: number) =>
    [
      ["<", '"'],
      [",", "·b"],
    ][row]?.[column] ?? "",
  note: () => ".50",
};

test("the table has a line for every cell, quoted where it must be", () => {
  const lines = gridToCsv(content, "probability").split("\r\n");
  assert.deepEqual(lines, [
    "row,position,column,text,probability",
    "L0,0,⟨s⟩,<,0.5",
    'L0,1,·a,"""",1',
    'embed,0,⟨s⟩,",",',
    "embed,1,·a,·b,0.25",
    "",
  ]);
});

test("the drawing has every cell and escapes what it writes", () => {
  const svg = gridToSvg(content, sequentialScale("light", [0, 1]), { title: "a < b", unit: "nats" }, "#fff", "#000");
  assert.equal(svg.match(/<rect /g)?.length, 1 + 4);
  assert.ok(svg.includes("a &lt; b") && svg.includes(">&lt;<") && !svg.includes("><<"));
});
