import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModelSummary } from "@patchbay/contract";
import type { Command } from "@patchbay/workbench-state";
import { paletteEntries } from "./palette-entries.ts";

const MODEL = { name: "m", layers: 6, neuronsPerLayer: 768 } as ModelSummary;
const COMMANDS: readonly Command[] = [
  { id: "a", title: "Go to Models", group: "Rooms", run() {} },
  { id: "b", title: "Theme: dark", group: "Everywhere", keys: ["t"], run() {} },
  { id: "c", title: "Go hidden", group: "Rooms", hidden: true, run() {} },
];
const ids = (query: string) => paletteEntries(query, COMMANDS, MODEL, []).map(({ id }) => id);

test("commands are found by all their words, hidden ones never", () => {
  assert.deepEqual(ids(""), ["a", "b"]);
  assert.deepEqual(ids("rooms go"), ["a"]);
  assert.deepEqual(ids("nothing"), []);
});

test("a neuron's label leads to its page, if the model has it", () => {
  assert.equal(paletteEntries("L5N732", COMMANDS, MODEL, [])[0]?.path, "/m/m/L5/N732");
  assert.deepEqual(ids("L6N1"), []);
  assert.deepEqual(ids("L1N768"), []);
});

test("a token leads to the neurons that write it, blank ones by id", () => {
  const tokens = [
    { id: 4335, text: " Tom" },
    { id: 3, text: " " },
  ];
  const paths = paletteEntries("zz", [], MODEL, tokens).map(({ path }) => path);
  assert.deepEqual(paths, ["/m/m/neurons?token=%20Tom", "/m/m/neurons?token=%233"]);
});
