/** The causal checks of a graph: interventions, deletion, and connections by weights. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  FeatureConnections,
  GraphDeletionResult,
  type GraphInterventionRequest,
  GraphInterventionResult,
  type GraphNodeReference,
} from "@patchbay/contract";
import { DICTIONARY_TENSORS } from "@patchbay/dictionary";
import { ensureDefined } from "@patchbay/vocabulary";
import { STORY } from "../testing/each-service.ts";
import { fixtureService, storiesService, UNDISTURBED } from "../testing/open-test-service.ts";
import { attributionGraph } from "./attribution-graph.ts";
import { featureConnections } from "./feature-connections.ts";
import { graphDeletion } from "./graph-deletion.ts";
import { graphIntervention } from "./graph-intervention.ts";
import { bundledTranscoders, graphParts, TINY_KINDS, tinySet } from "./testing/graph-parts.ts";

const INPUT = { tokens: [[1, 5, 9, 60, 3, 44, 17, 28]] };
const TARGET = { kind: "logits", count: 3 } as const;
type Nodes = GraphInterventionRequest["nodes"];

async function question(model: "tiny-llama" | "tiny-gpt2", kind: (typeof TINY_KINDS)[number]) {
  const parts = graphParts(await fixtureService(model), await tinySet(kind));
  const request = { model, input: INPUT, target: TARGET };
  const { graph } = await attributionGraph(parts, { ...request, edgeShare: 1, prune: null }, UNDISTURBED);
  const features = (layer: number, from: number): GraphNodeReference[] =>
    graph.nodes
      .filter((node) => node.kind === "feature" && node.layer === layer && node.position >= from)
      .map(({ position, unit }) => ({ kind: "feature", layer, position, unit: ensureDefined(unit) }));
  return { parts, request, features };
}

for (const model of ["tiny-llama", "tiny-gpt2"] as const) {
  for (const kind of TINY_KINDS) {
    test(`${model}, ${kind}: with everything frozen the model does what the edges say`, async () => {
      const { parts, request, features } = await question(model, kind);
      const [one, two] = features(0, 3);
      const nodes: Nodes = [
        { node: ensureDefined(one), change: { op: "scale", value: -0.5 } },
        { node: ensureDefined(two), change: { op: "add", value: 0.7 } },
        { node: ensureDefined(features(1, 2)[0]), change: { op: "zero" } },
        { node: { kind: "error", layer: 1, position: 4 }, change: { op: "zero" } },
        { node: { kind: "token", position: 2 }, change: { op: "scale", value: 1.3 } },
      ];
      const watch = [...features(1, 3).slice(0, 3), ...features(2, 4).slice(0, 4)];
      const result = await graphIntervention(parts, { ...request, nodes, watch, downstream: "freeze" }, UNDISTURBED);
      const effects = [
        ...result.targets.map(({ value }) => value),
        ...result.watched.map((each) => each.preActivation),
      ];
      const largest = Math.max(...effects.map(({ measured }) => Math.abs(measured)));
      assert.ok(largest > 0.01);
      for (const { predicted, measured } of effects) {
        assert.ok(Math.abs(predicted - measured) <= 1e-4 * largest, `${predicted} ${measured}`);
      }
      assert.ok(ensureDefined(result.correlation) > 0.9999);
    });
  }
}

test("changing nodes to what they are changes nothing, frozen or free", async () => {
  const { parts, request, features } = await question("tiny-gpt2", "skip");
  const nodes: Nodes = features(1, 2)
    .slice(0, 3)
    .map((node) => ({ node, change: { op: "scale", value: 1 } }));
  for (const downstream of ["freeze", "recompute"] as const) {
    const { targets } = await graphIntervention(parts, { ...request, nodes, downstream }, UNDISTURBED);
    for (const { value } of targets) {
      assert.ok(Math.abs(value.measured) < 2e-5, `${downstream}: ${value.measured}`);
      assert.ok(Math.abs(value.predicted) < 2e-5, `${downstream}: ${value.predicted}`);
    }
  }
});

test("in the last layer there is no path but the direct one: total effect = edge", async () => {
  const { parts, request, features } = await question("tiny-llama", "plain");
  const nodes: Nodes = [{ node: ensureDefined(features(2, 7)[0]), change: { op: "zero" } }];
  const frozen = await graphIntervention(parts, { ...request, nodes, downstream: "freeze" }, UNDISTURBED);
  const free = await graphIntervention(parts, { ...request, nodes, downstream: "recompute" }, UNDISTURBED);
  frozen.targets.forEach(({ value }, t) => {
    assert.ok(Math.abs(value.predicted - ensureDefined(free.targets[t]).value.predicted) < 1e-5);
  });
});

test("a node that the prompt does not have is refused", async () => {
  const { parts, request, features } = await question("tiny-llama", "skip");
  const active = new Set(features(1, 3).map(({ unit }) => unit));
  const silent = Array.from({ length: 48 }, (_, unit) => unit).find((unit) => !active.has(unit));
  const ask = (node: GraphNodeReference, change: Nodes[number]["change"] = { op: "zero" }) =>
    graphIntervention(parts, { ...request, nodes: [{ node, change }] }, UNDISTURBED);
  const nothing = { code: "intervention-matches-nothing" };
  await assert.rejects(ask({ kind: "feature", layer: 1, position: 3, unit: ensureDefined(silent) }), nothing);
  await assert.rejects(ask({ kind: "error", layer: 1, position: 0 }), nothing);
  await assert.rejects(ask({ kind: "error", layer: 3, position: 1 }), { code: "invalid-request" });
  await assert.rejects(ask({ kind: "token", position: 1 }, { op: "set", value: 2 }), { code: "invalid-request" });
});

test("stories-15m: without the features that the graph names the answer falls, without random ones it stays", async (t) => {
  const service = await storiesService(t);
  if (service === undefined) return;
  const parts = graphParts(service, await bundledTranscoders());
  const { target, points, order } = await graphDeletion(
    parts,
    {
      model: "stories-15m",
      input: { text: STORY },
      target: { kind: "difference", token: " L", minus: " Tom" },
      steps: [10, 100],
      draws: 3,
    },
    UNDISTURBED,
  );
  assert.ok(target.before > 4 && target.probability > 0.9);
  const [ten, hundred] = points;
  assert.ok(ensureDefined(ten).value < target.before - 1.5, `${ten?.value}`);
  assert.ok(ensureDefined(hundred).value < 0, `${hundred?.value}`);
  for (const { value, random, removed } of points) {
    assert.ok(random.low > target.before - 1.5, `${removed} random: ${random.low}`);
    assert.ok(value < random.low - 1);
  }
  assert.equal(order.length, 100);
});

test("the answers fit their schemas", async () => {
  const { parts, request, features } = await question("tiny-llama", "plain");
  const nodes: Nodes = [{ node: ensureDefined(features(0, 3)[0]), change: { op: "zero" } }];
  const plain = (value: unknown) => JSON.parse(JSON.stringify(value));
  const changed = plain(await graphIntervention(parts, { ...request, nodes, watch: features(2, 6) }, UNDISTURBED));
  assert.deepEqual(GraphInterventionResult.parse(changed), changed);
  for (const order of ["effect", "influence", "attribution"] as const) {
    const deleted = plain(await graphDeletion(parts, { ...request, order, steps: [1, 3], draws: 2 }, UNDISTURBED));
    assert.deepEqual(GraphDeletionResult.parse(deleted), deleted);
  }
  const connected = plain(
    await featureConnections(parts, { model: "tiny-llama", dictionary: "plain-1", feature: 3 }, UNDISTURBED),
  );
  assert.deepEqual(FeatureConnections.parse(connected), connected);
});

test("connections: the direct inputs and outputs are the largest products of rows", async () => {
  const dictionaries = await tinySet("cross-layer");
  const parts = graphParts(await fixtureService("tiny-llama"), dictionaries);
  const request = { model: "tiny-llama", dictionary: "cross-layer-1", feature: 7, top: 5 };
  const found = await featureConnections(parts, request, UNDISTURBED);
  const [low, own, high] = await Promise.all(
    dictionaries.map(async (dictionary) => ({
      encoder: (await dictionary.read(DICTIONARY_TENSORS.encoder)).data,
      decoder: (await dictionary.read(DICTIONARY_TENSORS.decoder)).data,
    })),
  );
  const width = 32;
  const dot = (a: Float32Array, at: number, b: Float32Array, bt: number) => {
    let sum = 0;
    for (let i = 0; i < width; i++) sum += (a[at + i] ?? 0) * (b[bt + i] ?? 0);
    return sum;
  };
  const largest = (factors: number[]) =>
    factors
      .map((factor, feature) => ({ feature, factor }))
      .sort((a, b) => Math.abs(b.factor) - Math.abs(a.factor))
      .slice(0, 5);
  const check = (list: typeof found.inputs.direct, expected: { feature: number; factor: number }[]) =>
    expected.forEach(({ feature, factor }, rank) => {
      assert.equal(list[rank]?.feature, feature);
      assert.ok(Math.abs(ensureDefined(list[rank]).factor - factor) < 1e-5);
    });
  // Layer 0 writes to layers 0 and 1 and 2; what layer 1 reads at resid_mid holds the first only.
  const into = Array.from({ length: 48 }, (_, f) =>
    dot(ensureDefined(low).decoder, f * 3 * width, ensureDefined(own).encoder, 7 * width),
  );
  check(found.inputs.direct, largest(into));
  const outOf = Array.from({ length: 48 }, (_, f) =>
    dot(ensureDefined(own).decoder, 7 * 2 * width, ensureDefined(high).encoder, f * width),
  );
  check(found.outputs.direct, largest(outOf));
  assert.ok(found.inputs.throughHeads.every(({ head }) => head !== null && head.layer === 1));
  assert.ok(found.outputs.throughHeads.every(({ head }) => head !== null && head.layer === 2));
  assert.equal(found.deEmbedding.direct.promotes.length, 5);
});

test("connections and edges agree on the factor through the strongest head", async () => {
  const dictionaries = await tinySet("plain");
  const parts = graphParts(await fixtureService("tiny-llama"), dictionaries);
  const request = { model: "tiny-llama", input: INPUT, edgeShare: 1, prune: null };
  const { graph, factorPaths } = await attributionGraph(parts, request, UNDISTURBED);
  const { nodes, edges } = graph;
  const found = edges.source.flatMap((source, edge) => {
    const [from, to] = [nodes[source], nodes[edges.target[edge] ?? -1]];
    const head = /^L(\d+)H(\d+)$/.exec(factorPaths[edge] ?? "");
    if (from?.kind !== "feature" || to?.kind !== "feature" || to.layer !== 1 || head === null) return [];
    return [{ from, to, head: { layer: Number(head[1]), head: Number(head[2]) }, factor: edges.factor?.[edge] ?? 0 }];
  });
  const strongest = ensureDefined(found.sort((a, b) => Math.abs(b.factor) - Math.abs(a.factor))[0]);
  const connections = await featureConnections(
    parts,
    { model: "tiny-llama", dictionary: "plain-1", feature: ensureDefined(strongest.to.unit), top: 100 },
    UNDISTURBED,
  );
  const same = connections.inputs.throughHeads.find(
    ({ feature, head }) => feature === strongest.from.unit && JSON.stringify(head) === JSON.stringify(strongest.head),
  );
  assert.ok(same !== undefined && Math.abs(same.factor - strongest.factor) < 1e-5 * Math.abs(same.factor));
});
