import assert from "node:assert/strict";
import { test } from "node:test";
import { withQuery } from "../../common/query.ts";
import {
  circuitRequest,
  readSet,
  readTokensView,
  sharesRequest,
  type TokensView,
  writeSet,
  writeTokensView,
} from "./tokens-view.ts";

function through(view: TokensView): TokensView {
  const parameters = new URLSearchParams(withQuery("", writeTokensView(view)));
  return readTokensView(
    (name) => parameters.get(name) ?? undefined,
    (name) => parameters.getAll(name),
  );
}

const first = readTokensView(
  () => undefined,
  () => [],
);

test("a first visit has an example that can be asked", () => {
  assert.equal(first.asked, false);
  const request = sharesRequest("m", first);
  assert.deepEqual(request?.target, { kind: "logit-difference", token: " L", minus: " Tom" });
  assert.equal(request?.flow, true);
});

test("every choice survives the address", () => {
  const view: TokensView = {
    ...first,
    prompt: "a | b\n c",
    token: "#365",
    minus: "",
    unit: "L3N45",
    position: "6",
    sets: [{ name: "the | set", heads: [[4, 4]], mlps: [0], tokens: [0, 5] }],
    others: [{ token: " Ben", minus: "|" }],
    mlps: "choose",
    contrast: "runner-up",
    baseline: "zero",
    draws: 9,
    show: "sets",
    asked: true,
  };
  assert.deepEqual(through(view), view);
  assert.deepEqual(through(first), first);
});

test("an empty minus is the logit alone, not the example's", () => {
  const view = through({ ...first, minus: "" });
  assert.deepEqual(sharesRequest("m", view)?.target, { kind: "logit", token: " L" });
});

test("an inner number takes the place of the logit, but not of a circuit's target", () => {
  const view = { ...first, unit: "L3N45", position: "-2" };
  assert.deepEqual(sharesRequest("m", view)?.target, { kind: "neuron", layer: 3, neuron: 45, position: -2 });
  assert.equal(circuitRequest("m", view)?.target.kind, "logit-difference");
  assert.equal(circuitRequest("m", view)?.target.position, -2);
  assert.equal(sharesRequest("m", { ...view, unit: "L3" }), undefined);
  assert.equal(sharesRequest("m", { ...first, position: "x" }), undefined);
});

test("empty sets are not asked, and a further target asks for no flow", () => {
  const view = { ...first, sets: [{ name: "s", heads: [], mlps: [], tokens: [] }] };
  assert.equal(sharesRequest("m", view)?.sets, undefined);
  assert.equal(sharesRequest("m", view, { token: " Ben", minus: "" })?.flow, undefined);
});

test("a set that is not well formed is left out", () => {
  assert.equal(readSet("name|L4X|"), undefined);
  assert.equal(readSet("|L4H4|"), undefined);
  const set = { name: "s", heads: [[1, 2] as const], mlps: [3], tokens: [1, 2] };
  assert.deepEqual(readSet(writeSet(set)), set);
});
