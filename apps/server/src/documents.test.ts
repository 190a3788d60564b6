/** Saved circuits and graphs, over a real socket, with a real store. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { BodyOf } from "@patchbay/contract";
import { withSavedCircuits } from "./handlers/document-handlers.ts";
import { type FakeServer, startFakeServer } from "./testing/fake-server.ts";

const GRAPHS = fileURLToPath(new URL("../../../../shared/data/graphs", import.meta.url));

let server: FakeServer;
let origin = "";

before(async () => {
  server = await startFakeServer();
  origin = new URL(server.url).origin;
});
after(() => server.remove());

const post = (path: string, body: string) =>
  fetch(`${origin}/api/v1${path}`, { method: "POST", headers: { "content-type": "application/json" }, body });

const circuit: BodyOf<"saveCircuit"> = {
  name: "names",
  model: "fake",
  found: { by: "patching", threshold: 0.1 },
  nodes: [
    { kind: "head", layer: 1, head: 0 },
    { kind: "feature", dictionary: "tc.0", feature: 3, positions: [-1] },
  ],
  edges: [{ source: 0, target: "logits", weight: 0.5 }],
};

/** As circuit-tracer writes it, the smallest that has every kind. */
const foreignGraph = (weight: unknown) => ({
  metadata: { slug: "tiny", scan: "elsewhere", prompt_tokens: ["a", "b"], prompt: "a b" },
  qParams: { pinnedIds: [], supernodes: [] },
  nodes: [
    { node_id: "E_1_0", feature: 1, layer: "E", ctx_idx: 0, feature_type: "embedding", clerp: 'Emb: "a"' },
    { node_id: "0_5_1", feature: 15, layer: "0", ctx_idx: 1, feature_type: "cross layer transcoder", clerp: "f" },
    {
      node_id: "1_7_1",
      feature: 7,
      layer: "1",
      ctx_idx: 1,
      feature_type: "logit",
      clerp: 'Output "c" (p=0.5)',
      token_prob: 0.5,
      is_target_logit: true,
    },
  ],
  links: [
    { source: "E_1_0", target: "0_5_1", weight: 1.5 },
    { source: "0_5_1", target: "1_7_1", weight },
  ],
});

test("a circuit is kept once, belongs to its model's weights, is listed, found by its id in requests, and removed", async () => {
  const saved = await server.client.saveCircuit({ body: circuit });
  assert.deepEqual([saved.name, saved.nodes, saved.edges, saved.kinds], ["names", 2, 1, ["feature", "head"]]);
  assert.equal((await server.client.saveCircuit({ body: circuit })).id, saved.id);
  const other = await server.client.saveCircuit({ body: { ...circuit, name: "other" } });
  const { total, circuits } = await server.client.listCircuits({ query: { model: "fake", limit: 1 } });
  assert.deepEqual([total, circuits.map(({ id }) => id)], [2, [other.id]]);
  assert.equal((await server.client.listCircuits({ query: { model: "absent" } })).total, 0);
  const stored = await server.client.getCircuit({ params: { id: saved.id } });
  assert.ok((stored.circuit.modelHash ?? "") !== "");
  assert.deepEqual(stored.circuit, { ...circuit, modelHash: stored.circuit.modelHash });
  const store = () => ({ documents: { get: async () => ({ document: stored.circuit }) } });
  const asked = { model: "fake", left: saved.id, right: circuit };
  assert.deepEqual(await withSavedCircuits(asked, store as never), { ...asked, left: stored.circuit });
  assert.deepEqual(await server.client.removeCircuit({ params: { id: saved.id } }), { removed: saved.id });
  await assert.rejects(server.client.getCircuit({ params: { id: saved.id } }), { code: "not-found" });
  await assert.rejects(server.client.removeCircuit({ params: { id: saved.id } }), { code: "not-found" });
});

test("a circuit of parts that do not exist is refused where it names them", async () => {
  const refusal = async (body: object) => {
    const { code, at } = (await (await post("/circuits", JSON.stringify({ ...circuit, ...body }))).json()) as {
      code: string;
      at: string;
    };
    return [code, at];
  };
  assert.deepEqual(await refusal({ nodes: [{ kind: "head", layer: 99, head: 0 }] }), [
    "layer-out-of-range",
    "nodes/0/layer",
  ]);
  assert.deepEqual(await refusal({ nodes: [{ kind: "neuron", layer: 0, neuron: 1e6 }] }), [
    "unit-out-of-range",
    "nodes/0/neuron",
  ]);
  assert.deepEqual(await refusal({ nodes: [...circuit.nodes, { kind: "head", layer: 1, head: 0 }] }), [
    "invalid-request",
    "nodes/2",
  ]);
  assert.deepEqual(await refusal({ edges: [{ source: 5, target: 0 }] }), ["invalid-request", "edges/0/source"]);
  assert.deepEqual((await refusal({ model: "absent" }))[0], "unknown-model");
});

test("a foreign graph is saved, comes back in both formats, and bad ones are refused or explained", async () => {
  const file = foreignGraph(0.25);
  const saved = await server.client.saveGraph({ body: file });
  assert.deepEqual([saved.model, saved.nodes, saved.edges, saved.prompt], ["elsewhere", 3, 2, "a b"]);
  const params = { id: saved.id };
  assert.deepEqual(await server.client.getGraph({ params, query: { format: "neuronpedia" } }), file);
  const ours = await server.client.getGraph({ params, query: {} });
  assert.equal(ours.format, "patchbay-graph");
  assert.equal((await server.client.saveGraph({ body: ours })).id, saved.id, "the same graph in our format");
  assert.equal((await server.client.listGraphs({ query: {} })).total, 1);

  const dangling = { ...file, links: [...file.links, { source: "nowhere", target: "1_7_1", weight: 1 }] };
  const { notices } = await server.client.saveGraph({ body: dangling });
  assert.deepEqual(
    notices.map(({ code, count }) => [code, count]),
    [["dangling-link", 1]],
  );
  const bare = JSON.stringify(foreignGraph("?")).replace('"?"', "NaN");
  const refused = (await (await post("/graphs", bare)).json()) as Record<string, string>;
  assert.equal(refused.code, "malformed-json");
  assert.match(refused.advice ?? "", /NaN/);
  assert.equal(((await (await post("/graphs", '{"no": "graph"}')).json()) as { code: string }).code, "damaged-file");

  await server.client.removeGraph({ params });
  await assert.rejects(server.client.getGraph({ params, query: {} }), { code: "not-found" });
});

test("a graph beyond the limit of other bodies is taken", async () => {
  const file = { ...foreignGraph(0.25), padding: "x".repeat(11 * 2 ** 20) };
  assert.equal((await post("/graphs", JSON.stringify(file))).status, 200);
  assert.equal((await post("/circuits", JSON.stringify({ ...circuit, note: file.padding }))).status, 413);
});

test("the published graphs come back as they were", async (t) => {
  if (!existsSync(GRAPHS)) return t.skip(`${GRAPHS} is absent`);
  for (const name of readdirSync(GRAPHS).filter((each) => each.endsWith(".json"))) {
    const body = JSON.parse(readFileSync(`${GRAPHS}/${name}`, "utf8"));
    const { id } = await server.client.saveGraph({ body });
    assert.deepEqual(await server.client.getGraph({ params: { id }, query: { format: "neuronpedia" } }), body, name);
  }
});
