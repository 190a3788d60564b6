import assert from "node:assert/strict";
import { test } from "node:test";
import type { CircuitComparisonRequest, CircuitNode } from "@patchbay/contract";
import { fixtureService, UNDISTURBED } from "../testing/open-test-service.ts";
import { seededRandom, shuffle } from "../training/random.ts";
import { chanceOverlap, sharedDistribution } from "./chance-overlap.ts";
import { compareCircuits } from "./compare-circuits.ts";
import { partsOf } from "./testing/model-parts.ts";

const head = (layer: number, index: number, positions?: number[]): CircuitNode => ({
  kind: "head",
  layer,
  head: index,
  ...(positions === undefined ? {} : { positions }),
});

async function compare(left: CircuitNode[], right: CircuitNode[], rest: Partial<CircuitComparisonRequest> = {}) {
  const { engine, tokenizer } = await fixtureService("tiny-gpt2");
  const circuit = (nodes: CircuitNode[]) => ({ name: "c", model: "m", nodes });
  const request = { model: "m", left: circuit(left), right: circuit(right), ...rest };
  return compareCircuits(partsOf(engine, tokenizer), request, UNDISTURBED);
}

test("a circuit shares all of itself, and others what they have in common", async () => {
  const nodes = [head(0, 1), head(2, 3), { kind: "mlp" as const, layer: 1 }];
  const same = await compare(nodes, nodes);
  assert.deepEqual([same.nodes.jaccard, same.nodes.ofLeft, same.nodes.ofRight], [1, 1, 1]);
  assert.deepEqual(same.nodes.shared, ["L0H1", "L2H3", "1_mlp_out"]);
  const part = await compare(nodes, [head(2, 3), head(1, 1)]);
  assert.deepEqual(
    [part.nodes.shared, part.nodes.onlyLeft, part.nodes.onlyRight, part.nodes.jaccard],
    [["L2H3"], ["L0H1", "1_mlp_out"], ["L1H1"], 0.25],
  );
  // 2 of 12 heads on both sides, and an MLP on one.
  assert.ok(Math.abs((part.nodes.expected?.shared ?? 0) - 4 / 12) < 1e-12);
  assert.ok(Math.abs((part.nodes.expected?.atLeast ?? 0) - (1 - (10 * 9) / (12 * 11))) < 1e-12);
  const none = await compare([], []);
  assert.deepEqual([none.nodes.jaccard, none.nodes.expected?.shared], [null, 0]);
});

test("positions are ignored or matched", async () => {
  const [left, right] = [[head(0, 1, [2, 1])], [head(0, 1, [3])]];
  assert.equal((await compare(left, right)).nodes.jaccard, 1);
  const matched = await compare(left, right, { positions: "match" });
  assert.deepEqual(matched.nodes.onlyLeft, ["L0H1 @ 1, 2"]);
  assert.ok(Math.abs((matched.nodes.expected?.shared ?? 0) - 1 / 24) < 1e-12, "one of 12 heads at 2 places each");
  assert.equal((await compare(left, [head(0, 1, [1, 2])], { positions: "match" })).nodes.jaccard, 1);
});

test("edges are compared by the parts they join", async () => {
  const left = { name: "l", model: "m", nodes: [head(0, 1), head(1, 0)] };
  const right = { name: "r", model: "m", nodes: [head(1, 0), head(0, 1)] };
  const { edges } = await compare([], [], {
    left: {
      ...left,
      edges: [
        { source: 0, target: 1 },
        { source: 1, target: "logits" },
      ],
    },
    right: {
      ...right,
      edges: [
        { source: 1, target: 0 },
        { source: "input", target: 1 },
      ],
    },
  });
  assert.deepEqual(edges?.shared, ["L0H1 → L1H0"]);
  assert.deepEqual([edges?.onlyLeft, edges?.onlyRight], [["L1H0 → logits"], ["input → L0H1"]]);
  // Possible: input to both, input and both parts to logits, L0H1 to L1H0.
  assert.ok(Math.abs((edges?.expected?.shared ?? 0) - 4 / 6) < 1e-12);
  assert.equal((await compare([head(0, 0)], [head(0, 0)])).edges, null);
});

test("chance is what drawing gives", () => {
  const kinds = [
    { total: 12, left: 5, right: 4 },
    { total: 6, left: 2, right: 3 },
    { total: 5000, left: 400, right: 300 },
  ];
  const random = seededRandom(3);
  const draws = 4000;
  let [shared, jaccard] = [0, 0];
  for (let draw = 0; draw < draws; draw++) {
    let count = 0;
    for (const { total, left, right } of kinds) {
      const order = shuffle(
        Int32Array.from({ length: total }, (_, i) => i),
        random,
      );
      const ours = new Set(order.subarray(0, right));
      for (let i = 0; i < left; i++) if (ours.has(i)) count += 1;
    }
    shared += count / draws;
    jaccard += count / (5 + 4 + 2 + 3 + 700 - count) / draws;
  }
  const exact = chanceOverlap(kinds, 20);
  assert.ok(Math.abs(exact.shared - (20 / 12 + 1 + 24)) < 1e-9, `${exact.shared}`);
  assert.ok(Math.abs(exact.shared - shared) < 0.4 && Math.abs(exact.jaccard - jaccard) < 0.001);
  assert.ok(Math.abs(sharedDistribution(kinds).reduce((sum, p) => sum + p, 0) - 1) < 1e-12);
  assert.deepEqual(
    [...sharedDistribution([{ total: 4, left: 3, right: 3 }])].map((p) => Math.round(p * 4)),
    [0, 0, 3, 1],
  );
});
