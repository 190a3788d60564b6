import assert from "node:assert/strict";
import { test } from "node:test";
import { attentionArcs } from "./attention-arcs.ts";

const SPACE = { centres: [10, 30, 50, 70], baseline: 100, height: 80 };
const uniform = (query: number) => 1 / (query + 1);

test("only keys at or before the query, and only weights from the threshold on", () => {
  const arcs = attentionArcs(uniform, SPACE, 0.3);
  assert.ok(arcs.every(({ query, key }) => key <= query));
  assert.equal(arcs.length, 1 + 2 + 3);
});

test("the strongest arc is drawn last", () => {
  const weights = attentionArcs(uniform, SPACE, 0).map(({ weight }) => weight);
  assert.deepEqual(
    weights,
    weights.toSorted((a, b) => a - b),
  );
});

test("one query alone", () => {
  const arcs = attentionArcs(uniform, SPACE, 0, 2);
  assert.deepEqual(
    arcs.map(({ query }) => query),
    [2, 2, 2],
  );
});

test("an arc joins its two tokens and stays within its height", () => {
  const arc = attentionArcs((query, key) => (query === 3 && key === 0 ? 1 : 0), SPACE, 0.5)[0];
  assert.equal(arc?.path, "M70,100 C70,20 10,20 10,100");
});
