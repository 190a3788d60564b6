import assert from "node:assert/strict";
import { test } from "node:test";
import type { CircuitGraph, CircuitNode } from "@patchbay/circuit-graph";
import { FIRST_CIRCUITS_VIEW, USUAL_CHECK } from "@patchbay/workbench-state";
import {
  deletionOf,
  interventionOf,
  orderWords,
  questionOf,
  referenceKey,
  referenceOf,
  stepsTo,
  watchedNodes,
} from "./check-question.ts";

const node = (id: string, facts: Partial<CircuitNode>) =>
  ({
    id,
    kind: "feature",
    layer: 1,
    position: 3,
    dictionary: "mlp-1",
    unit: 7,
    influence: 0.5,
    tokenId: null,
    ...facts,
  }) as CircuitNode;

test("nodes are named to the server by what they are", () => {
  assert.deepEqual(referenceOf(node("a", {})), {
    kind: "feature",
    layer: 1,
    position: 3,
    unit: 7,
    dictionary: "mlp-1",
  });
  assert.deepEqual(referenceOf(node("a", { kind: "error" })), { kind: "error", layer: 1, position: 3 });
  assert.deepEqual(referenceOf(node("a", { kind: "token", layer: -1 })), { kind: "token", position: 3 });
  assert.equal(referenceOf(node("a", { kind: "logit" })), undefined);
  assert.equal(referenceOf(node("a", { unit: null })), undefined);
  assert.notEqual(
    referenceKey({ kind: "error", layer: 1, position: 3 }),
    referenceKey({ kind: "error", layer: 2, position: 3 }),
  );
  assert.equal(referenceKey({ kind: "token", position: 3, layer: -1 }), referenceKey({ kind: "token", position: 3 }));
});

test("what could feel a change is above it, not before it, and not changed itself", () => {
  const changed = [node("c", {})];
  const shown = [
    node("c", {}),
    node("below", { layer: 0 }),
    node("beside", { layer: 1 }),
    node("before", { layer: 4, position: 2 }),
    node("late", { layer: 4, position: 9, influence: 0.9 }),
    node("strong", { layer: 2, influence: 0.1 }),
    node("error", { layer: 4, kind: "error" }),
  ];
  assert.deepEqual(
    watchedNodes(shown, changed, 10).map(({ id }) => id),
    ["strong", "late"],
  );
  assert.deepEqual(
    watchedNodes(shown, changed, 1).map(({ id }) => id),
    ["strong"],
  );
});

test("the questions say what is changed, how, and what is watched", () => {
  const question = { model: "m", input: { text: "p" } };
  assert.deepEqual(
    interventionOf(question, [node("a", {}), node("y", { kind: "logit" })], { ...USUAL_CHECK, op: "scale", value: 2 }, [
      node("w", { layer: 2 }),
    ]),
    {
      ...question,
      nodes: [
        {
          node: { kind: "feature", layer: 1, position: 3, unit: 7, dictionary: "mlp-1" },
          change: { op: "scale", value: 2 },
        },
      ],
      attention: "freeze",
      downstream: "recompute",
      watch: [{ kind: "feature", layer: 2, position: 3, unit: 7, dictionary: "mlp-1" }],
    },
  );
  assert.deepEqual(stepsTo(30), [1, 2, 5, 10, 20, 30]);
  assert.deepEqual(stepsTo(1), [1]);
  assert.deepEqual(deletionOf(question, [], "influence", "freeze", 3), {
    ...question,
    order: "influence",
    attention: "freeze",
    seed: 3,
  });
  // The server's own order is asked for by not asking.
  assert.equal("order" in deletionOf(question, [], "effect", "freeze", 0), false);
  assert.match(orderWords(undefined), /signed total effect/);
  const { order, steps } = deletionOf(
    question,
    [node("b", { influence: 0.9, unit: 1 }), node("a", { influence: 0.2, unit: 2 })],
    "chosen",
    "freeze",
    0,
  );
  assert.deepEqual(
    (order as { unit: number }[]).map(({ unit }) => unit),
    [2, 1],
  );
  assert.deepEqual(steps, [1, 2]);
});

test("a stored graph is asked about by its own token ids, one without them is not", () => {
  const graph = {
    tokens: [{ id: 1, text: "a" }],
    nodes: [node("y", { kind: "logit", tokenId: 9 })],
    dictionaries: [{ name: "mlp-0", hash: null }],
    origin: null,
  } as unknown as CircuitGraph;
  assert.deepEqual(questionOf(graph, false, FIRST_CIRCUITS_VIEW, "m"), {
    model: "m",
    input: { tokens: [[1]] },
    target: { kind: "tokens", tokens: [9] },
    dictionaries: ["mlp-0"],
  });
  assert.equal(questionOf({ ...graph, tokens: [{ id: null, text: "a" }] }, false, FIRST_CIRCUITS_VIEW, "m"), undefined);
  const view = { ...FIRST_CIRCUITS_VIEW, prompt: "p" };
  assert.deepEqual(questionOf(graph, true, view, "m"), { model: "m", input: { text: "p" } });
});
