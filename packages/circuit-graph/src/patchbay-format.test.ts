import assert from "node:assert/strict";
import { test } from "node:test";
import type { CircuitGraph } from "./circuit-graph.ts";
import { readPatchbayGraph } from "./patchbay-format.ts";
import { circuitGraph, circuitNode } from "./testing/fixtures.ts";

test("a damaged document is refused at the place of the damage", () => {
  const graph = circuitGraph([circuitNode("token", "t"), circuitNode("logit", "l")], [[0, 1, 1]]);
  assert.deepEqual(readPatchbayGraph(JSON.parse(JSON.stringify(graph))), graph);
  const refused = (change: Record<string, unknown>, at: string, code = "damaged-file") =>
    assert.throws(
      () => readPatchbayGraph({ ...graph, ...change }),
      (error: { code: string; facts: { at?: string } }) => error.code === code && error.facts.at === at,
    );
  refused({ version: 2 }, "version");
  refused({ title: 5 }, "title");
  refused({ edges: { ...graph.edges, target: [2] } }, "edges/target/0");
  refused({ edges: { ...graph.edges, weight: [] } }, "edges/weight");
  refused({ edges: { ...graph.edges, weight: [null] } }, "edges/weight/0", "not-finite");
  refused({ edges: { ...graph.edges, factor: ["x"] } }, "edges/factor/0");
  refused({ nodes: [graph.nodes[0], graph.nodes[0]] }, "nodes/1/id");
  refused({ nodes: [{ ...graph.nodes[0], kind: "neuron" }, graph.nodes[1]] }, "nodes/0/kind");
  refused({ view: { ...graph.view, supernodes: [["a"]] } }, "view/supernodes");
  refused({ foreign: {} }, "foreign");
  const other: Partial<CircuitGraph> = { format: "patchbay-graph" };
  assert.throws(() => readPatchbayGraph({ ...other, format: "x" }), { message: /"patchbay-graph"/ });
});
