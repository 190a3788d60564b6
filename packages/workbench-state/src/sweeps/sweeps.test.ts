import assert from "node:assert/strict";
import { test } from "node:test";
import { SweepRequest } from "@patchbay/contract";
import { automaticAlignment, toggleLink } from "./sweep-alignment.ts";
import { placeOnAxes, sharedExtent, shownValues, sweepPicture, takeSweepEvent } from "./sweep-cells.ts";
import { exampleLines, readGroups, readReceivers, sweepRequest } from "./sweep-requests.ts";
import { decodeSweepsView, encodeSweepsView } from "./sweeps-address.ts";
import { FIRST_SWEEPS_VIEW, quarterGroups, type SweepsView, usualPanel } from "./sweeps-view.ts";

const FULL: SweepsView = {
  model: "stories-15m",
  question: "edges",
  prompt: "a & b = 50% #1?",
  corrupted: "x\ny",
  prependBos: false,
  setup: "path",
  direction: "noise",
  alignment: [
    [0, 0],
    [2, 1],
  ],
  noise: { positions: [1, 4], scale: 2.5, samples: 3 },
  ablation: { how: "resample", greedy: 12, order: "most" },
  receivers: "q:L3.H2, logits",
  mlps: "freeze",
  metric: { kind: "logit-difference", token: "#a", minus: 365, position: -2 },
  panels: [
    { site: "pattern", by: ["layer", "head", "position", "key"], window: 1, groups: "" },
    { site: "neurons", by: ["group"], window: 1, groups: "L2: 5, 7-9; L3: 1" },
    { site: "mlp_out", by: [], window: 3, groups: "" },
  ],
  examples: "a\tb\n\nc\td\t X\t Y",
  estimate: "gradient",
  verify: 0,
  edges: { method: "gradient", steps: 3, circuits: [5, 50] },
  tokens: { method: "gradient-times-input", steps: 8, baseline: "zero" },
  scale: "raw",
  form: "table",
  cell: { panel: 1, index: 17 },
  asked: true,
};

test("a view survives its address, a first visit has a short one, and what is not understood is said", () => {
  for (const view of [FULL, FIRST_SWEEPS_VIEW, { ...FULL, metric: { kind: "loss" as const } }]) {
    const { view: read, notices } = decodeSweepsView(encodeSweepsView(view));
    assert.deepEqual(read, view);
    assert.deepEqual(notices, []);
  }
  assert.deepEqual([...new URLSearchParams(encodeSweepsView(FIRST_SWEEPS_VIEW)).keys()], ["prompt", "token", "minus"]);
  const wrong = decodeSweepsView("?panel=resid_pre:head&panel=z:layer&setup=magic&align=1-&verify=900&cell=x");
  assert.equal(wrong.notices.length, 5);
  assert.deepEqual(wrong.view.panels, [{ site: "z", by: ["layer"], window: 1, groups: "" }]);
});

test("requests are what the contract takes, and say what is missing", () => {
  const read = (view: Partial<SweepsView>) => sweepRequest({ ...FIRST_SWEEPS_VIEW, ...view }, "stories-15m");
  for (const view of [{}, { setup: "ablation" }, { setup: "path" }, { examples: FULL.examples }] as const) {
    const { request, fault } = read(view);
    assert.equal(fault, undefined);
    SweepRequest.parse(request);
  }
  assert.equal(read({ setup: "ablation" }).request?.corrupted, undefined);
  assert.equal(read({ examples: FULL.examples }).request?.examples?.length, 2);
  assert.match(read({ examples: "one without a tab" }).fault ?? "", /Line 1/);
  assert.match(read({ setup: "noise" }).fault ?? "", /disturbed/);
  assert.match(read({ panels: [] }).fault ?? "", /at least one/);
  assert.match(read({ panels: [{ ...usualPanel("neurons"), groups: "L2 5" }] }).fault ?? "", /written like/);
  assert.equal(exampleLines("\r\na\tb\tc\td\r\n")[0]?.line, 2);
});

test("groups and receivers are read whole or not at all", () => {
  assert.deepEqual(
    readGroups("neurons", "L2: 5, 7-9; L3: 1")?.map(({ members }) => members[0]),
    [
      { layer: 2, units: [5, 7, 8, 9] },
      { layer: 3, units: [1] },
    ],
  );
  assert.deepEqual(readGroups("features", "mlp-2: 3")?.[0]?.members, [{ dictionary: "mlp-2", units: [3] }]);
  assert.equal(quarterGroups(5, 10), "L5: 0-2; L5: 3-4; L5: 5-7; L5: 8-9");
  assert.equal(readGroups("neurons", quarterGroups(5, 3072))?.length, 4);
  for (const text of ["", "L2: 9-5", "2: 1", "L2: a"]) assert.equal(readGroups("neurons", text), undefined, text);
  assert.deepEqual(readReceivers("q:L3.H2, mlp_in:L4, logits"), [
    { site: "q", layer: 3, head: 2 },
    { site: "mlp_in", layer: 4 },
    { site: "logits" },
  ]);
  for (const text of ["", "z:L3", "q:3", "logits,"]) assert.equal(readReceivers(text), undefined, text);
});

test("tokens align position by position, else by their longest common part, and links are one to one", () => {
  assert.deepEqual(automaticAlignment([1, 2], [3, 4]), [
    [0, 0],
    [1, 1],
  ]);
  assert.deepEqual(automaticAlignment([1, 7, 2, 3], [1, 2, 3]), [
    [0, 0],
    [2, 1],
    [3, 2],
  ]);
  const pairs = [
    [0, 0],
    [1, 1],
  ] as const;
  assert.deepEqual(toggleLink(pairs, 0, 1), [[0, 1]]);
  assert.deepEqual(toggleLink(pairs, 1, 1), [[0, 0]]);
});

test("cells fill as they come; pictures keep their places", () => {
  const axis = (name: "layer" | "head" | "position", length: number) => ({
    name,
    values: Array.from({ length }, (_, i) => i),
    labels: Array.from({ length }, (_, i) => `${name[0]}${i}`),
  });
  const axes = [axis("layer", 2), axis("position", 3)];
  const start = takeSweepEvent(undefined, {
    kind: "start",
    panels: [{ site: "resid_pre", axes }],
    baselines: { clean: 1, corrupted: 0 },
    tokens: { clean: [], corrupted: null },
    alignment: null,
    metric: "m",
  });
  const after = takeSweepEvent(start, { kind: "cells", panel: 0, indices: [4], raw: [-3], normalised: [null] });
  assert.deepEqual(after?.panels[0]?.raw, [null, null, null, null, -3, null]);
  const [cells] = after?.panels ?? [];
  assert.ok(cells !== undefined);
  assert.deepEqual(shownValues(cells, "effect", 2).slice(3), [null, -5, null]);
  assert.equal(sharedExtent([shownValues(cells, "raw", 2), [1, null]], 0.01), 3);
  assert.equal(sharedExtent([cells.normalised, [1e-9]], 0.01), 0.01);

  const picture = sweepPicture(axes);
  assert.deepEqual(picture.rowLabels, ["l1", "l0"]);
  assert.equal(picture.placeOf(0, 1), 4);
  assert.deepEqual(picture.cellOf(4), { row: 0, column: 1 });
  const heads = sweepPicture([axis("layer", 2), axis("head", 3), axis("position", 5)]);
  assert.equal(heads.rowLabels.length, 6);
  assert.equal(heads.rowLabels[0], "l1 h2");
  const many = sweepPicture([axis("layer", 12), axis("head", 12), axis("position", 5)], [3]);
  assert.equal(many.slices.length, 1);
  assert.equal(many.placeOf(2, 4), 3 * 60 + 2 * 5 + 4);
  assert.equal(many.cellOf(0), undefined);
  assert.deepEqual(placeOnAxes(axes, 4), [1, 1]);
});
