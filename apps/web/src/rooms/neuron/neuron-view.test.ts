import assert from "node:assert/strict";
import { test } from "node:test";
import { readNeuronView, readPositions, tokenReference, writePositions } from "./neuron-view.ts";

const viewOf = (query: string) => {
  const parameters = new URLSearchParams(query);
  return readNeuronView(
    (name) => parameters.get(name) ?? undefined,
    (name) => parameters.getAll(name),
  );
};

test("an empty address leaves the value to the page", () => {
  const view = viewOf("");
  assert.equal(view.value, undefined);
  assert.equal(view.positions, "all");
  assert.equal(view.heatSite, "mlp.hook_post");
});

test("tokens keep their spaces and their order", () => {
  assert.deepEqual(viewOf("token=+L&token=%23365").tokens, [" L", "#365"]);
  assert.deepEqual([" L", "#365", "#"].map(tokenReference), [" L", 365, "#"]);
});

test("positions are words or whole numbers, and survive the address", () => {
  assert.deepEqual(readPositions("3, 5 -1"), [3, 5, -1]);
  for (const text of ["1.5", "some", "", ","]) assert.equal(readPositions(text), undefined, text);
  for (const positions of ["all", "last", [0, 4, -1]] as const)
    assert.deepEqual(readPositions(writePositions(positions)), positions);
});
