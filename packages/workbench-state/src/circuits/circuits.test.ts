import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createLocationStore, type Location } from "../location-store.ts";
import { createCircuitsStore } from "./circuits-store.ts";
import { type CircuitsView, circuitRequest, FIRST_CIRCUITS_VIEW, NO_ANNOTATIONS } from "./circuits-view.ts";
import { decodeCircuitsView } from "./decode-circuits.ts";
import { encodeCircuitsView, joinParts, LONGEST_ADDRESS, splitParts } from "./encode-circuits.ts";

const FULL: CircuitsView = {
  model: "stories-15m",
  prompt: "a & b = 50% #1?",
  prependBos: false,
  target: { kind: "difference", token: " Lily", minus: 365 },
  dictionaries: "mlp",
  features: 4000,
  keep: { nodes: 0.7, edges: 0.5 },
  graph: undefined,
  panel: "check",
  weights: "any",
  other: "other | prompt",
  chosen: ["4_123_17", "b"],
  check: { op: "scale", value: -2.5, attention: "recompute", downstream: "freeze" },
  removal: "influence",
  annotations: {
    pins: ["4_123_17", "0_5_3"],
    supernodes: [{ id: "supernode-1", label: "names | both\\", nodes: ["4_123_17", "a b"] }],
    labels: { "0_5_3": "the error, “here”", "x|y": "z" },
    thresholds: { node: 0.75, edge: null },
    positions: { "supernode-1": { x: -12.5, y: 340 } },
    clicked: "0_5_3",
  },
};

test("a view comes back from its address", () => {
  const { view, notices, annotated } = decodeCircuitsView(encodeCircuitsView(FULL));
  assert.deepEqual(notices, []);
  assert.deepEqual(view, FULL);
  assert.equal(annotated, true);
  assert.deepEqual(decodeCircuitsView(encodeCircuitsView(FIRST_CIRCUITS_VIEW)), {
    view: FIRST_CIRCUITS_VIEW,
    annotated: false,
    notices: [],
  });
  for (const target of [
    { kind: "logits", probability: 0.8, count: 3 },
    { kind: "tokens", tokens: [" L", "#", 12] },
  ] as const) {
    const again = decodeCircuitsView(encodeCircuitsView({ ...FIRST_CIRCUITS_VIEW, target: { ...target } as never }));
    assert.deepEqual(again.view.target, target);
  }
});

test("the address stays readable", () => {
  const text = encodeCircuitsView({
    ...FIRST_CIRCUITS_VIEW,
    prompt: "Tom went",
    annotations: { ...NO_ANNOTATIONS, pins: ["4_1_7"] },
  });
  assert.equal(text, "?prompt=Tom+went&pin=4_1_7");
});

test("what cannot be read is left out and said", () => {
  const { view, notices } = decodeCircuitsView(
    "?prompt=a&node=7&group=x&group=s|l|n1|n2&group=t|m|n2|n3&place=a|1&label=a&view=cake&logits=2,1&keep=1&features=0&check=set,freeze,freeze",
  );
  assert.equal(notices.length, 9);
  assert.deepEqual(view.annotations.thresholds.node, 0.6);
  assert.deepEqual(view.annotations.supernodes, [
    { id: "s", label: "l", nodes: ["n1", "n2"] },
    { id: "t", label: "m", nodes: ["n3"] },
  ]);
  assert.equal(view.panel, "graph");
});

test("parts keep their dividers", () => {
  for (const parts of [["a", "b|c", "\\", "", "\\|"], ["only"], ["", ""]])
    assert.deepEqual(splitParts(joinParts(parts)), parts);
});

test("the request says what the address says", () => {
  assert.deepEqual(circuitRequest(FULL, "m", "p"), {
    model: "m",
    input: { text: "p", prependBos: false },
    target: FULL.target,
    dictionaries: "mlp",
    features: 4000,
    prune: { nodes: 0.7, edges: 0.5 },
  });
});

function room(search: string) {
  let present: Location = { pathname: "/circuits", search };
  const set = (path: string) => {
    const url = new URL(path, "http://x");
    present = { pathname: url.pathname, search: path.slice(path.indexOf("?")) };
  };
  const location = createLocationStore({ read: () => present, push: set, replace: set, listen: () => () => {} });
  return { store: createCircuitsStore(location), present: () => present };
}

test("edits are undone and done again; where one looks is not", async () => {
  const { store, present } = room("?prompt=a");
  const pin = (id: string) => store.edit((view) => ({ ...view, pins: [...view.pins, id] }));
  pin("a");
  pin("b");
  store.adjust((view) => ({ ...view, clicked: "c" }));
  store.undo();
  assert.deepEqual(store.getState().view.annotations.pins, ["a"]);
  assert.equal(store.getState().view.annotations.clicked, "c");
  store.redo();
  assert.deepEqual(store.getState().view.annotations.pins, ["a", "b"]);
  store.undo();
  pin("d");
  store.redo();
  assert.deepEqual(store.getState().view.annotations.pins, ["a", "d"], "a new edit ends what could be done again");
  store.dispose();
  await sleep(0);
  assert.match(present().search, /pin=a&pin=d/);
  store.undo();
  store.undo();
  store.undo();
  assert.deepEqual(store.getState().view.annotations.pins, []);
});

test("annotations that are too long for an address stay out of it, and that is known", () => {
  const { store, present } = room("?prompt=a");
  store.edit((view) => ({ ...view, pins: Array.from({ length: 900 }, (_, i) => `feature_${i}_17`) }));
  store.dispose();
  assert.ok(present().search.length < LONGEST_ADDRESS);
  assert.equal(store.getState().overflows, true);
  assert.equal(store.getState().view.annotations.pins.length, 900);
});
