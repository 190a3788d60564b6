import assert from "node:assert/strict";
import { test } from "node:test";
import type { SweepRequest, Token } from "@patchbay/contract";
import { decodeTraceView, type ShownSweep } from "@patchbay/workbench-state";
import { edgeRows, sortEdgeRows } from "./edge-rows.ts";
import { cellName, cellNumber, cellSentence, measureWords } from "./sweep-words.ts";
import { tracePatchOf } from "./trace-patch.ts";

const token = (text: string, id: number): Token => ({ id, text, start: 0, end: 0 });
const tokens = (...texts: string[]) => texts.map(token);
const REQUEST: SweepRequest = {
  model: "m",
  input: { text: "a b c" },
  corrupted: { kind: "prompt", input: { text: "x a b c" } },
  method: { kind: "patching", direction: "denoise" },
  panels: [
    { site: "resid_pre", by: ["layer", "position"], window: 3 },
    { site: "z", by: ["layer", "head"] },
  ],
  metric: { kind: "logit-difference", token: " L", minus: " Tom" },
};
const layers = { name: "layer" as const, values: [0, 1, 2], labels: ["L0", "L1", "L2"] };
const positions = { name: "position" as const, values: [0, 1, 2, 3], labels: ["0 x", "1  a", "2  b", "3  c"] };
const heads = { name: "head" as const, values: [0, 1], labels: ["H0", "H1"] };
const SWEEP: ShownSweep = {
  panels: [
    { site: "resid_pre", axes: [layers, positions], raw: [], normalised: [], interval: null },
    { site: "z", axes: [layers, heads], raw: [], normalised: [], interval: null },
  ],
  baselines: { clean: 1, corrupted: 0 },
  metric: "m",
  tokens: { clean: tokens("a", " b", " c"), corrupted: tokens("x", " a", " b", " c") },
  alignment: [
    [0, 1],
    [1, 2],
    [2, 3],
  ],
  greedy: [],
  result: undefined,
};
const patchesOf = (request: SweepRequest, sweep: ShownSweep, panel: number, index: number) => {
  const { path, why } = tracePatchOf(request, sweep, { panel, index });
  return path === undefined ? why : decodeTraceView(path.slice(path.indexOf("?"))).view;
};

test("a patched cell opens in Trace on the changed prompt, where positions can be paired", () => {
  const view = patchesOf(REQUEST, SWEEP, 0, 3);
  assert.ok(typeof view === "object");
  assert.equal(view.prompt, "x a b c");
  // The window is cut at the first layer; the last positions pair although their numbers differ.
  assert.deepEqual(
    view.patches.map(({ site, positions: at, operation }) => [site, at, operation]),
    [0, 1].map((layer) => [{ kind: "hook_resid_pre", layer }, "last", { op: "replace", text: "a b c" }]),
  );
  assert.equal(view.pinned, " L");
  assert.match(String(patchesOf(REQUEST, SWEEP, 0, 2)), /shifted/);
  const straight = { ...SWEEP, alignment: [[0, 0] as const, [1, 1] as const] };
  const middle = patchesOf({ ...REQUEST, method: { kind: "patching", direction: "noise" } }, straight, 0, 5);
  assert.ok(typeof middle === "object");
  assert.equal(middle.prompt, "a b c");
  assert.deepEqual(middle.patches[0]?.positions, [1]);
});

test("an ablated head is one patch; what Trace cannot do is said", () => {
  const { corrupted: _, ...request } = REQUEST;
  const zero = patchesOf({ ...request, method: { kind: "ablation", how: "zero" } }, SWEEP, 1, 3);
  assert.ok(typeof zero === "object");
  assert.deepEqual(zero.patches, [
    {
      cable: "orange",
      site: { kind: "attn.hook_z", layer: 1 },
      units: [1],
      operation: { op: "zero" },
      positions: "all",
      muted: false,
    },
  ]);
  assert.match(
    String(patchesOf({ ...request, method: { kind: "ablation", how: "resample" } }, SWEEP, 1, 3)),
    /resampled/,
  );
  const noise: SweepRequest = { ...REQUEST, corrupted: { kind: "noise", positions: [1] } };
  assert.match(String(patchesOf(noise, SWEEP, 1, 0)), /disturbs/);
});

test("cells are named, numbers fit, the measure says its unit", () => {
  const [first, second] = SWEEP.panels;
  assert.ok(first !== undefined && second !== undefined);
  assert.equal(cellName(first, 7), "L1 · 3 ·c");
  assert.equal(cellName(second, 3), "L1 · H1");
  const numbers = [0.8444, -0.001, -12.34, 250.7, -0.014, 9.97];
  assert.deepEqual(
    numbers.map((value) => cellNumber(value)),
    ["0.84", "0", "−12.3", "251", "−0.01", "10.0"],
  );
  assert.deepEqual(
    numbers.map((value) => cellNumber(value, true)),
    [".84", "0", "−12", "251", "−.01", "10"],
  );
  assert.match(cellSentence(second, 3, REQUEST), /^The corrupted run, with the clean value of head outputs/);
  assert.match(measureWords(SWEEP, REQUEST, "normalised"), /0 as corrupted, 1 as clean/);
});

test("edges are named as the contract names them and sort by size or sign", () => {
  const node = (name: string, kind: "input" | "head" | "logits") => ({ name, kind, layer: null, head: null });
  const rows = edgeRows({
    nodes: [node("input", "input"), node("a1.h0", "head"), node("logits", "logits")],
    edges: { source: [0, 1], target: [1, 2], input: ["q", "logits"], score: [-3, 2] },
  });
  assert.deepEqual(
    rows.map(({ name }) => name),
    ["input->a1.h0<q>", "a1.h0->logits"],
  );
  const order = (key: string, direction: "ascending" | "descending") =>
    sortEdgeRows(rows, { key, order: direction }).map(({ score }) => score);
  assert.deepEqual(order("size", "descending"), [-3, 2]);
  assert.deepEqual(order("score", "descending"), [2, -3]);
});
