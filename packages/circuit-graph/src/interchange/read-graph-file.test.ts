import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../circuit-graph.ts";
import { readGraph, readGraphText } from "../open-graph.ts";
import { scoresOfGraph } from "../scores/scores.ts";
import { readFixture } from "../testing/fixtures.ts";
import { readGraphFile } from "./read-graph-file.ts";
import { writeGraphFile } from "./write-graph-file.ts";

test("what is wrong is said, counted, and named", () => {
  const { graph, notices } = readGraphFile(readFixture("traps.json"), ["links/3/weight"]);
  const found = Object.fromEntries(notices.map(({ code, count, examples }) => [code, [count, examples[0]]]));
  assert.deepEqual(found, {
    "not-finite": [1, "links/3/weight"],
    "malformed-node": [2, "nodes/10"],
    "malformed-link": [2, "links/12"],
    "duplicate-node": [1, "1_3_2"],
    "clashing-id": [1, "0_2_1 → 2_error_1"],
    "ambiguous-link": [1, "0_2_1 → 3_1_2"],
    "dangling-link": [2, "gone → 5_8_3"],
    "duplicate-link": [1, "1_3_2 → 2_9_2"],
    "parallel-link": [1, "2_9_2 → 5_8_3"],
    "weight-missing": [1, "3_1_2 → 5_8_3"],
    "unknown-kind": [1, "x: mystery"],
    "unknown-layer": [1, "x"],
    "unknown-position": [1, "E_1_9"],
    "undecoded-feature": [1, "3_1_2"],
    "dangling-reference": [1, "gone"],
  });
  const id = (place: number | undefined) => graph.nodes[place ?? -1]?.id;
  const edges = graph.edges.weight.map((weight, edge) => [
    id(graph.edges.source[edge]),
    id(graph.edges.target[edge]),
    weight,
  ]);
  assert.deepEqual(edges.slice(0, 5), [
    ["E_1_1", "0_2_1", 1],
    // An error of layer 2 cannot write into layer 1: this is the feature.
    ["0_2_1", "1_3_2", 2],
    // Both can write to the logit: the feature's comes first.
    ["0_2_1", "5_8_3", 3],
    ["2_error_1", "5_8_3", -4],
    ["0_2_1", "3_1_2", 5],
  ]);
});

test("a clash goes out renamed, with its links, and is none when it comes back", () => {
  const written = writeGraphFile(readGraphFile(readFixture("traps.json")).graph) as JsonObject & {
    nodes: JsonObject[];
    links: JsonObject[];
  };
  assert.deepEqual(
    written.nodes.slice(0, 2).map((node) => [node.node_id, node.feature_type]),
    [
      ["0_2_1", "cross layer transcoder"],
      ["2_error_1", "mlp reconstruction error"],
    ],
  );
  assert.deepEqual(written.links[3], { source: "2_error_1", target: "5_8_3", weight: -4 });
  const codes = readGraphFile(written).notices.map(({ code }) => code);
  for (const gone of ["clashing-id", "dangling-link", "duplicate-link", "duplicate-node"])
    assert.ok(!codes.some((code) => code === gone), gone);
});

test("bare NaN and infinities are read as null and found again", () => {
  const text = `\uFEFF{"metadata":{"prompt_tokens":["NaN","\\"Infinity\\""]},
    "nodes":[{"node_id":"E","feature_type":"embedding","layer":"E","ctx_idx":0,"influence":NaN},
             {"node_id":"L","feature_type":"logit","layer":"1","ctx_idx":1,"token_prob":0.5}],
    "links":[{"source":"E","target":"L","weight": -Infinity}]}`;
  const { graph, notices } = readGraphText(text);
  assert.deepEqual(
    graph.tokens.map((token) => token.text),
    ["NaN", '"Infinity"'],
  );
  assert.deepEqual(graph.edges.weight, [0]);
  assert.deepEqual(notices.find(({ code }) => code === "not-finite")?.examples, [
    "nodes/0/influence",
    "links/0/weight",
  ]);
  assert.equal(notices.find(({ code }) => code === "weight-missing")?.count, 1);
});

test("what is no graph is refused with what was expected", () => {
  const refused = (json: unknown, received: RegExp) =>
    assert.throws(() => readGraph(json), { code: "damaged-file", message: received });
  refused([], /Received a list of 0/);
  refused(null, /Received null/);
  refused({ a: 1 }, /"metadata", "nodes" and "links".*Received an object with a/);
  refused({ metadata: {}, nodes: {}, links: [] }, /nodes is an object without members/);
  refused({ nodes: [], links: [] }, /metadata is undefined/);
  assert.throws(() => readGraphText('{"nodes": ['), { code: "malformed-json" });
  assert.throws(() => readGraphText(""), { code: "malformed-json", message: /an empty text/ });
  assert.throws(() => readGraphText('{"nodes": [NaN, }'), { code: "malformed-json" });
});

const file = (
  nodes: readonly JsonObject[],
  links: readonly JsonObject[] = [],
  metadata: JsonObject = {},
): JsonObject => ({
  metadata: { slug: "s", prompt_tokens: ["a"], ...metadata },
  nodes,
  links,
});
const feature = (layer: string, number: number): JsonObject => ({
  node_id: `f${number}`,
  feature: number,
  layer,
  ctx_idx: 0,
  feature_type: "cross layer transcoder",
  jsNodeId: "",
  clerp: "",
});

test("feature numbers of every dialect", () => {
  const units = (metadata: JsonObject, ...nodes: JsonObject[]) =>
    readGraphFile(file(nodes, [], metadata)).graph.nodes.map(({ unit }) => unit);
  // Gemma's legacy: the layer's digits, then five of the unit.
  assert.deepEqual(units({ scan: "gemma-2-2b" }, feature("12", 1200345), feature("0", 16)), [345, 16]);
  assert.deepEqual(units({ scan: "llama" }, feature("3", 3000077)), [77]);
  assert.deepEqual(units({ scan: "qwen3-4b" }, feature("1", 123456)), [123456]);
  assert.deepEqual(units({ scan: "haiku" }, feature("4", 90), feature("2", 81234567)), [90, 81234567]);
  const cantor = 184425614; // layer 0, unit 19,204, from a published file
  assert.deepEqual(units({ schema_version: 1 }, feature("0", cantor)), [19204]);
  assert.deepEqual(units({ feature_details: { neuronpedia_source_set: "x" } }, feature("0", cantor)), [19204]);
});

test("empty graphs and graphs of errors alone open, and say what they are", () => {
  const empty = readGraphFile(file([]));
  assert.deepEqual(
    empty.notices.map(({ code }) => code),
    ["empty-graph"],
  );
  assert.deepEqual(scoresOfGraph(empty.graph), { replacement: null, completeness: null });
  const errors = readGraphFile(
    file(
      [
        { node_id: "e", feature: -1, layer: "0", ctx_idx: 0, feature_type: "mlp reconstruction error" },
        { node_id: "l", feature: 1, layer: "2", ctx_idx: 0, feature_type: "logit", token_prob: 1 },
      ],
      [{ source: "e", target: "l", weight: 1 }],
    ),
  );
  assert.deepEqual(
    errors.notices.map(({ code }) => code),
    ["only-errors"],
  );
  assert.equal(scoresOfGraph(errors.graph).replacement, 0);
});

test("a cycle is shown, and refused by the scores", () => {
  const nodes = [feature("0", 0), feature("1", 1), feature("2", 3)];
  const links = [
    ["f0", "f1"],
    ["f1", "f3"],
    ["f3", "f1"],
  ].map(([source = "", target = ""]) => ({ source, target, weight: 1 }));
  const { graph, notices } = readGraphFile(file(nodes, links, { schema_version: 1 }));
  const notice = notices.find(({ code }) => code === "cycle");
  assert.equal(notice?.count, 2);
  assert.match(notice?.examples[0] ?? "", /f1 → f3 → f1|f3 → f1 → f3/);
  assert.throws(() => scoresOfGraph(graph), { code: "values-do-not-fit", message: /cycle f. → f. → f./ });
});
