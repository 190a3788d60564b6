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
const ids = (query: string) => paletteEntries(query, COMMANDS, MODEL, [], []).map(({ id }) => id);

test("commands are found by all their words, hidden ones never", () => {
  assert.deepEqual(ids(""), ["a", "b"]);
  assert.deepEqual(ids("rooms go"), ["a", "units-by-text", "units-by-label", "prompt-graph", "prompt-sweep", "prompt"]);
  assert.deepEqual(ids("nothing"), ["units-by-text", "units-by-label", "prompt-graph", "prompt-sweep", "prompt"]);
});

test("a neuron's label leads to its page, if the model has it", () => {
  assert.equal(paletteEntries("L5N732", COMMANDS, MODEL, [], [])[0]?.path, "/m/m/L5/N732");
  assert.deepEqual(ids("L6N1"), []);
  assert.deepEqual(ids("L1N768"), []);
});

test("a token leads to the neurons that write it, blank ones by id", () => {
  const tokens = [
    { id: 4335, text: " Tom" },
    { id: 3, text: " " },
  ];
  const paths = paletteEntries("zz", [], MODEL, tokens, []).map(({ path }) => path);
  assert.deepEqual(paths.slice(0, 2), ["/m/m/neurons?token=%20Tom", "/m/m/neurons?token=%233"]);
});

test("what is no single token is offered in pieces, and as a prompt", () => {
  const pieces = [
    { id: 365, text: " L" },
    { id: 2354, text: "ily" },
  ];
  const entries = paletteEntries("Lily", [], MODEL, [], pieces);
  assert.deepEqual(
    entries.map(({ title }) => title),
    [
      "·L",
      "ily",
      "Units that fire on “Lily”",
      "Units whose label holds “Lily”",
      "Attribution graph of “Lily”",
      "Ablate every head on “Lily”",
      "Run “Lily” as the prompt",
    ],
  );
  assert.equal(entries[2]?.path, "/search?model=m&mode=text&text=Lily");
  assert.equal(entries.at(-1)?.path, "/?model=m&prompt=Lily");
});
