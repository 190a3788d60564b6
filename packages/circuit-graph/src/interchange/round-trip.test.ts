import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { CircuitGraph, JsonObject } from "../circuit-graph.ts";
import { readPatchbayGraph } from "../patchbay-format.ts";
import { selectSubgraph } from "../select-subgraph.ts";
import { circuitGraph, circuitNode, REAL_GRAPHS, readFixture, realGraphs } from "../testing/fixtures.ts";
import { groupNodes, labelNode, pinNode, placeNode, setThresholds } from "../view-edits.ts";
import { readGraphFile } from "./read-graph-file.ts";
import { writeGraphFile } from "./write-graph-file.ts";

/** Through our own document and its text; also the order of members. */
function goesThrough(json: unknown): CircuitGraph {
  const { graph } = readGraphFile(json);
  assert.deepEqual(writeGraphFile(graph), json);
  assert.equal(JSON.stringify(writeGraphFile(graph)), JSON.stringify(json));
  const again = readPatchbayGraph(JSON.parse(JSON.stringify(graph)));
  assert.deepEqual(again, JSON.parse(JSON.stringify(graph)));
  assert.equal(JSON.stringify(writeGraphFile(again)), JSON.stringify(json));
  return graph;
}

const files = realGraphs();
test("real files come back as they were", { skip: files.length === 0 && `there is no ${REAL_GRAPHS}` }, async (t) => {
  assert.equal(files.length, 11);
  for (const name of files) {
    await t.test(name, () => {
      const json: unknown = JSON.parse(readFileSync(join(REAL_GRAPHS, name), "utf8"));
      assert.deepEqual(readGraphFile(json).notices, []);
      const graph = goesThrough(json);
      assert.equal(graph.model.layers, 26);
      const features = graph.nodes.filter(({ kind }) => kind === "feature");
      assert.ok(features.length >= 40 && features.every(({ unit }) => unit !== null));
      const remainder = JSON.stringify(graph.foreign?.nodes).length;
      assert.ok(remainder < 50 * graph.tokens.length, `only token ids are kept beside: ${remainder} characters`);
    });
  }
});

test("every dialect at once comes back as it was", () => {
  const json = readFixture("every-dialect.json");
  const graph = goesThrough(json);
  assert.deepEqual(graph.view.pins, ["1_7_1", "E_5_1"]);
  assert.deepEqual(graph.view.supernodes[0], { id: "supernode-1", label: "words", nodes: ["1_7_1", "3_lor_4_3"] });
  assert.equal(graph.title, "Exotic: ");
  assert.equal(graph.model.layers, 4);
  const node = (id: string) => graph.nodes.find((each) => each.id === id);
  assert.deepEqual([node("1_7_1")?.unit, node("1_7_1")?.layer, node("1_7_1")?.dictionary], [7, 1, "1-clt-hp"]);
  assert.deepEqual([node("3_lor_4_3")?.kind, node("3_lor_4_3")?.dictionary], ["feature", "3-lorsa-8x"]);
  assert.equal(node("2_cro_90000_3")?.unit, 90000);
  assert.equal(node("3_error_attn_3")?.kind, "error");
  assert.deepEqual([node("bias_2")?.kind, node("old_1")?.kind], ["bias", "other"]);
  assert.deepEqual([node("5_17_3")?.label, node("5_17_3")?.probability, node("5_17_3")?.layer], [" (p=", 0.0625, 4]);
  assert.deepEqual([node("5_50001_3")?.tokenId, node("5_50001_3")?.probability], [50001, 0.4]);
  assert.deepEqual(
    readGraphFile(json).notices.map(({ code, count }) => [code, count]),
    [["weight-missing", 1]],
  );
});

test("a person's changes go into a foreign file, and the rest stays", () => {
  const json = readFixture("every-dialect.json") as JsonObject & { nodes: JsonObject[]; qParams: JsonObject };
  const { graph } = readGraphFile(json);
  let view = labelNode(graph.view, "1_7_1", "mine");
  view = labelNode(view, "5_17_3", "that");
  view = pinNode(view, "bias_2");
  view = placeNode(view, "bias_2", { x: 1, y: 2 });
  view = setThresholds(view, { node: 0.7, edge: 0.9 });
  const written = writeGraphFile({ ...graph, view }) as typeof json & { metadata: JsonObject };
  const labels = written.nodes.map((node) => node.clerp);
  assert.equal(labels[2], "mine");
  assert.equal(labels[9], 'Output "that" (p=0.063)');
  assert.equal(written.metadata.node_threshold, 0.7);
  assert.deepEqual(written.qParams.pinnedIds, ["1_7_1", "E_5_1", "bias_2"]);
  assert.equal(written.qParams.sg_pos, "1_7_1:10,20");
  assert.deepEqual(written.nodes[4], json.nodes[4]);
  const again = readGraphFile(written).graph;
  assert.deepEqual(again.view, view);
  assert.equal(again.nodes[2]?.label, "a label");
  // And taken back, the file is what it was, but for the threshold that it did not state.
  const restored = writeGraphFile({
    ...again,
    view: { ...graph.view, thresholds: again.view.thresholds },
  }) as typeof json;
  assert.deepEqual(restored.nodes.slice(0, 9), json.nodes.slice(0, 9));
});

/** One of each kind, with everything that only our document knows. */
function ownGraph(): CircuitGraph {
  const graph = circuitGraph(
    [
      circuitNode("token", "E_1_0", { tokenId: 1 }),
      circuitNode("error", "0_0_0", { dictionary: "mlp-0" }),
      circuitNode("bias", "bias_0_0"),
      circuitNode("feature", "0_5_0", {
        dictionary: "mlp-0",
        unit: 5,
        activation: 2.5,
        preActivation: 3,
        bias: 0.5,
        inputSum: 2.75,
        influence: 0.5,
      }),
      circuitNode("logit", "3_7_1", {
        layer: 2,
        position: 1,
        tokenId: 7,
        label: " x",
        probability: 0.25,
        isTarget: true,
        preActivation: 4,
      }),
    ],
    [
      [0, 3, 2.5],
      [3, 4, -1.5],
      [1, 4, 0.25],
      [2, 4, 1],
    ],
  );
  let view = groupNodes(graph.view, ["0_5_0", "0_0_0"], "group");
  view = labelNode(placeNode(view, "supernode-1", { x: -3, y: 4.5 }), "0_5_0", "fives");
  return {
    ...graph,
    edges: { ...graph.edges, factor: [null, -0.6, null, 1] },
    dictionaries: [{ name: "mlp-0", hash: "d" }],
    scores: { replacement: 0.5, completeness: null },
    origin: { settings: { top: 3 } },
    view: { ...setThresholds(view, { node: 0.8, edge: 0.98 }), clicked: "0_5_0" },
  };
}

test("our own graph goes out as others expect it, and comes back whole", () => {
  const graph = ownGraph();
  const file = writeGraphFile(graph) as JsonObject & { metadata: JsonObject; nodes: JsonObject[] };
  assert.deepEqual(Object.keys(file), ["metadata", "qParams", "nodes", "links"]);
  const { metadata } = file;
  assert.deepEqual(
    [metadata.slug, metadata.scan, metadata.schema_version, metadata.node_threshold, metadata.prompt_tokens],
    ["test", "tiny", 1, 0.8, ["a", " b"]],
  );
  assert.deepEqual(metadata.pruning_settings, { node_threshold: 0.8, edge_threshold: 0.98 });
  assert.equal(metadata.feature_details, undefined);
  const [token, error, , feature, logit] = file.nodes;
  assert.deepEqual([token?.layer, token?.feature, token?.jsNodeId], ["E", 0, "E_1-0"]);
  assert.deepEqual([error?.feature, error?.feature_type], [-1, "mlp reconstruction error"]);
  // Cantor of layer 0, unit 5: 5·6/2 + 5.
  assert.deepEqual([feature?.feature, feature?.layer, feature?.clerp, feature?.influence], [20, "0", "fives", 0.5]);
  assert.deepEqual(
    [logit?.layer, logit?.clerp, logit?.token_prob, logit?.is_target_logit],
    ["3", 'Output " x" (p=0.250)', 0.25, true],
  );
  const read = readGraphFile(JSON.parse(JSON.stringify(file)));
  assert.deepEqual(read.graph, graph);
  assert.deepEqual(read.notices, []);
});

test("a part of a foreign graph keeps what belongs to its nodes", () => {
  const json = readFixture("every-dialect.json") as JsonObject & { nodes: JsonObject[]; links: JsonObject[] };
  const { graph } = readGraphFile(json);
  const kept = Uint8Array.from(graph.nodes, (_, node) => (node >= 2 ? 1 : 0));
  const written = writeGraphFile(selectSubgraph(graph, kept)) as typeof json;
  assert.deepEqual(written.nodes, json.nodes.slice(2));
  assert.deepEqual(written.links, json.links.slice(2));
});

test("a weight that is no number is refused, not written as null", () => {
  const graph = circuitGraph([circuitNode("token", "t"), circuitNode("logit", "l")], [[0, 1, Number.NaN]]);
  assert.throws(() => writeGraphFile(graph), { code: "not-finite" });
});
