import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModelShape } from "@patchbay/transformer";
import { edgeLayout, edgeName, edgeReader } from "./edge-nodes.ts";
import { connectedEdges, greedyEdges, nodesOf, rankEdges, topEdges } from "./select-edges.ts";

const layout = edgeLayout({ layers: 2, heads: 1, neurons: 4, arrangement: "sequential" } as ModelShape);
const read = edgeReader(layout);

/** All edges at 0 but these. */
function ranked(scores: Readonly<Record<string, number>>) {
  const byDestination = layout.destinations.map(({ sources }) => new Float32Array(sources));
  for (const [name, score] of Object.entries(scores)) {
    const { source, destination } = read(name, "");
    (byDestination[destination] ?? [])[source] = score;
  }
  return rankEdges(layout, byDestination);
}

const names = (edges: readonly { source: number; destination: number }[]) =>
  edges.map((edge) => edgeName(layout, edge));

test("the top takes any edge, the greedy choice only what reaches the logits", () => {
  const edges = ranked({
    "input->a0.h0<v>": -9,
    "m1->logits": -3,
    "a0.h0->m1": 5,
    "input->m0": 8,
    "a1.h0->logits": 1,
  });
  assert.deepEqual(names(topEdges(edges, 3)), ["input->a0.h0<v>", "input->m0", "a0.h0->m1"]);
  assert.deepEqual(names(greedyEdges(layout, edges, 3)), ["m1->logits", "a0.h0->m1", "input->a0.h0<v>"]);
  assert.equal(greedyEdges(layout, edges, 1000).length, layout.edges);
});

test("edges that lead nowhere go, with those that only lead to them", () => {
  const edges = [
    "input->a0.h0<v>",
    "a0.h0->m1",
    "m1->logits",
    "input->m0",
    "m0->a1.h0<k>",
    "a1.h0->logits",
    "m0->a1.h0<q>",
  ];
  const all = edges.map((name) => read(name, ""));
  assert.deepEqual(names(connectedEdges(layout, all)), edges);
  const cut = all.filter((_, i) => i !== 3);
  assert.deepEqual(names(connectedEdges(layout, cut)), edges.slice(0, 3));
  assert.equal(nodesOf(layout, connectedEdges(layout, cut)), 4);
  assert.deepEqual(connectedEdges(layout, all.slice(0, 2)), []);
});
