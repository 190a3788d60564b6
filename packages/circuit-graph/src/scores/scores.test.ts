import assert from "node:assert/strict";
import { test } from "node:test";
import type { CircuitGraph } from "../circuit-graph.ts";
import { denseScores } from "../testing/dense-scores.ts";
import { circuitGraph, circuitNode, randomGraph, randomNumbers } from "../testing/fixtures.ts";
import { cumulativeInfluence, influenceOf, withInfluence } from "./influence.ts";
import { cleanUp, edgeScores, pruneByStoredInfluence, pruneEdges, pruneGraph, pruneNodes } from "./prune.ts";
import { completenessScore, graphScores, maskOf, replacementScore, subgraphScores } from "./scores.ts";
import { indexForScores } from "./scoring-index.ts";

function near(actual: ArrayLike<number | null>, expected: ArrayLike<number | null>, tolerance = 1e-12): void {
  assert.equal(actual.length, expected.length);
  for (let place = 0; place < expected.length; place += 1) {
    const [found, wanted] = [actual[place] ?? Number.NaN, expected[place] ?? Number.NaN];
    assert.ok(Math.abs(found - wanted) <= tolerance, `${place}: ${found}, expected ${wanted}`);
  }
}

/** The published test: 5 features, 2 layers × 2 positions of errors, 2 tokens, 1 logit; every weight is 10. */
function publishedGraph(): CircuitGraph {
  const kinds = ["feature", "feature", "feature", "feature", "feature", "error", "error", "error", "error"] as const;
  return circuitGraph(
    [...kinds, "token" as const, "token" as const, "logit" as const].map((kind, place) =>
      circuitNode(kind, `n${place}`),
    ),
    [
      [1, 11, 10],
      [3, 11, 10],
      [6, 11, 10],
      [8, 11, 10],
      [0, 3, 10],
      [1, 3, 10],
      [6, 3, 10],
      [9, 1, 10],
      [10, 1, 10],
      [9, 0, 10],
    ],
  );
}

test("the published node influences and edge scores", () => {
  const index = indexForScores(publishedGraph());
  near(influenceOf(index), [1 / 12, 1 / 3, 0, 1 / 4, 0, 0, 1 / 3, 0, 1 / 4, 1 / 4, 1 / 6, 0]);
  // Without 0 ← 9 and 3 ← 0.
  const kept = Uint8Array.from([1, 1, 1, 1, 0, 1, 1, 1, 1, 0]);
  near(edgeScores(index, kept), [1 / 4, 1 / 4, 1 / 4, 1 / 4, 0, 1 / 8, 1 / 8, 3 / 16, 3 / 16, 0]);
});

test("replacement and completeness by hand", () => {
  const index = indexForScores(publishedGraph());
  // Tokens 5/12, errors 1/3 + 1/4.
  near([replacementScore(index)], [5 / 12 / (5 / 12 + 7 / 12)]);
  // Error shares: logit 1/2, node 3 1/3. Σ(I + w) = 1 + 20/12.
  const total = 1 + 20 / 12;
  near([completenessScore(index)], [(total - 1 / 2 - 1 / 4 / 3) / total]);
});

test("one sweep, sparse, is the series of the dense matrix", () => {
  for (const seed of [1, 2, 3, 4]) {
    const graph = randomGraph(seed, 60, 500);
    const random = randomNumbers(seed + 100);
    // Some rows have lost a part, and say so.
    const nodes = graph.nodes.map((node) =>
      node.kind === "feature" && random() < 0.3 ? { ...node, inputSum: 20 * random() } : node,
    );
    const index = indexForScores({ ...graph, nodes });
    const dense = denseScores({ ...graph, nodes });
    near(influenceOf(index), dense.influence);
    near([replacementScore(index), completenessScore(index)], [dense.replacement, dense.completeness]);
    for (const [node, edge] of [
      [0.8, 0.98],
      [0.5, 0.6],
      [0.3, 1],
    ] as const) {
      const pruned = pruneGraph(index, { node, edge });
      const expected = dense.prune(node, edge);
      assert.deepEqual([...pruned.nodes], expected.nodes, `seed ${seed}, node ${node}, edge ${edge}`);
      assert.deepEqual([...pruned.edges], expected.edges);
    }
  }
});

test("influence does not depend on the order of nodes and edges", () => {
  const graph = publishedGraph();
  const reversed = graph.nodes.map((_, place) => graph.nodes.length - 1 - place);
  const turned = circuitGraph(
    graph.nodes.toReversed(),
    graph.edges.source
      .map((source, edge) => [reversed[source] ?? 0, reversed[graph.edges.target[edge] ?? 0] ?? 0, 10] as const)
      .toReversed(),
  );
  near(influenceOf(indexForScores(turned)), influenceOf(indexForScores(graph)).toReversed());
});

test("pruning: ties stay, tokens and logits stay, loose ends go until nothing changes", () => {
  const index = indexForScores(publishedGraph());
  // Of 5/3: nodes 1 and 6 make 0.4; with the ties of 1/4 (3, 8, 9) it is 0.85.
  assert.deepEqual([...pruneNodes(index, influenceOf(index), 0.4)], [0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 1, 1]);
  assert.deepEqual([...pruneNodes(index, influenceOf(index), 0.41)], [0, 1, 0, 1, 0, 0, 1, 0, 1, 1, 1, 1]);
  const all = new Uint8Array(12).fill(1);
  assert.equal(
    pruneEdges(index, all, 1).reduce((sum, kept) => sum + kept, 0),
    10,
  );
  // Nodes 2, 4, 5, 7 lead nowhere.
  assert.deepEqual([...pruneGraph(index, { node: 1, edge: 1 }).nodes], [1, 1, 0, 1, 0, 0, 1, 0, 1, 1, 1, 1]);
  assert.deepEqual([...pruneGraph(index, { node: null, edge: null }).nodes], [...all]);
  // A chain hangs from a node whose only reader is cut off: error → a → b, and b leads nowhere.
  const chain = circuitGraph(
    ["token", "feature", "feature", "logit", "error"].map((kind, place) => circuitNode(kind as "token", `n${place}`)),
    [
      [4, 1, 1],
      [1, 2, 1],
      [0, 3, 1],
    ],
  );
  const pruned = pruneGraph(indexForScores(chain), { node: 1, edge: 1 });
  assert.deepEqual([...pruned.nodes], [1, 0, 0, 1, 0]);
  assert.deepEqual([...pruned.edges], [0, 0, 1]);
  assert.deepEqual(
    [...pruneGraph(indexForScores(chain), { node: 1, edge: 1 }, { pinned: [2] }).nodes],
    [1, 0, 1, 1, 0],
  );
});

test("clean-up goes both ways along a chain", () => {
  const chain = (edges: readonly [number, number, number][]) => {
    const kinds = ["token", "feature", "feature", "feature", "logit"] as const;
    const index = indexForScores(
      circuitGraph(
        kinds.map((kind, place) => circuitNode(kind, `n${place}`)),
        edges,
      ),
    );
    const all = { nodes: new Uint8Array(5).fill(1), edges: new Uint8Array(edges.length).fill(1) };
    const { nodes, edges: kept } = cleanUp(index, all);
    return [[...nodes], [...kept]];
  };
  const [up, next, last]: readonly (readonly [number, number, number])[] = [
    [1, 2, 1],
    [2, 3, 1],
    [3, 4, 1],
  ];
  assert.ok(up !== undefined && next !== undefined && last !== undefined);
  // Nothing enters the chain; nothing leaves it; it is whole.
  assert.deepEqual(chain([[...up], [...next], [...last]]), [
    [1, 0, 0, 0, 1],
    [0, 0, 0],
  ]);
  assert.deepEqual(chain([[0, 1, 1], [...up], [...next]]), [
    [1, 0, 0, 0, 1],
    [0, 0, 0],
  ]);
  assert.deepEqual(chain([[0, 1, 1], [...up], [...next], [...last]]), [
    [1, 1, 1, 1, 1],
    [1, 1, 1, 1],
  ]);
});

test("a logit that is read passes on its own start and what arrives", () => {
  const logit = (id: string, probability: number) => circuitNode("logit", id, { probability });
  const graph = circuitGraph(
    [circuitNode("token", "t"), logit("a", 0.5), logit("b", 0.25)],
    [
      [0, 1, 1],
      [1, 2, 1],
    ],
  );
  near(influenceOf(indexForScores(graph)), [0.75, 0.25, 0]);
});

test("cumulative shares rank nodes; stored ones prune as viewers do", () => {
  near(cumulativeInfluence(Float64Array.of(1, 5, 0, 4)), [1, 0.5, 1, 0.9]);
  near(cumulativeInfluence(new Float64Array(2)), [1, 1]);
  const graph = publishedGraph();
  const index = indexForScores(graph);
  const stored = withInfluence(graph, index);
  assert.equal(stored.nodes[11]?.influence, null);
  near([stored.nodes[1]?.influence ?? 0, stored.nodes[6]?.influence ?? 0], [0.2, 0.4]);
  const pruned = pruneByStoredInfluence(stored, index, 0.45);
  assert.deepEqual([...pruned.nodes], [0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 1, 1]);
});

test("inputs that were left out are unexplained", () => {
  const graph = circuitGraph(
    [circuitNode("token", "t"), circuitNode("feature", "f", { inputSum: 4 }), circuitNode("logit", "l")],
    [
      [0, 1, 1],
      [1, 2, 1],
    ],
  );
  const index = indexForScores(graph);
  // A quarter of f's input is kept: I = [1/4, 1, 0]; the rest, 3/4, goes where errors go.
  near(influenceOf(index), [0.25, 1, 0]);
  near([replacementScore(index), completenessScore(index)], [0.25, (0.25 + 0.25 + 1) / 2.25]);
  // A stated sum below that of the edges is a rounding of it, not a reason to count more than there is.
  const rounded = { ...graph, nodes: graph.nodes.map((node) => ({ ...node, inputSum: 0.9999999 })) };
  near([replacementScore(indexForScores(rounded))], [1]);
});

test("a part: what is left out counts as error; everything kept is the whole", () => {
  const graph = randomGraph(9, 50, 400);
  const index = indexForScores(graph);
  const all = maskOf(graph.nodes.keys(), graph.nodes.length);
  assert.deepEqual(subgraphScores(index, all), graphScores(index));
  const published = indexForScores(publishedGraph());
  // Only node 1 is kept: of the logit's four inputs, 1 leads to tokens.
  near([subgraphScores(published, [1]).replacement], [1 / 4]);
  // Nodes that stay: logit (3/4 of it unexplained), 1, tokens, and the ends 3, 6, 8: Σ(I + w) = 1 + 4/4 + 1/4.
  near([subgraphScores(published, [1]).completeness], [(2.25 - 3 / 4) / 2.25]);
  near([subgraphScores(published, []).replacement], [0]);
});

test("nothing to share is null, not 0 or 1", () => {
  const noProbability = circuitGraph(
    [circuitNode("token", "t"), circuitNode("logit", "l", { probability: null })],
    [[0, 1, 1]],
  );
  assert.deepEqual(graphScores(indexForScores(noProbability)), { replacement: null, completeness: null });
  assert.deepEqual(graphScores(indexForScores(circuitGraph([], []))), { replacement: null, completeness: null });
});

test("cycles and self-loops are refused by name", () => {
  const nodes = ["a", "b"].map((id) => circuitNode("feature", id));
  assert.throws(() => indexForScores(circuitGraph(nodes, [[0, 0, 1]])), { message: /the cycle a → a/ });
  const both: [number, number, number][] = [
    [0, 1, 1],
    [1, 0, 1],
  ];
  assert.throws(() => indexForScores(circuitGraph(nodes, both)), { code: "values-do-not-fit" });
});
