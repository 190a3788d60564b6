/** Identities of attribution graphs: sums, budget, factors, refusals. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readPatchbayGraph } from "@patchbay/circuit-graph";
import { type GraphRequest, GraphResult } from "@patchbay/contract";
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import { openTestDictionary, randomWeights, testSpec } from "../dictionary-comparison/testing/test-dictionary.ts";
import { STORY } from "../testing/each-service.ts";
import { fixtureService, storiesService, UNDISTURBED } from "../testing/open-test-service.ts";
import { attributionGraph } from "./attribution-graph.ts";
import { bundledTranscoders, graphParts, TINY_KINDS, tinySet } from "./testing/graph-parts.ts";

const TOKENS = [1, 5, 9, 60, 3, 44, 17, 28];
const WHOLE = { edgeShare: 1, prune: null } as const;

async function tinyGraph(
  model: "tiny-llama" | "tiny-gpt2",
  kind: (typeof TINY_KINDS)[number],
  request: Partial<GraphRequest> = {},
): Promise<GraphResult> {
  const parts = graphParts(await fixtureService(model), await tinySet(kind));
  const input = { tokens: [TOKENS] };
  return attributionGraph(parts, { model, input, target: { kind: "logits", count: 4 }, ...request }, UNDISTURBED);
}

/** Largest |pre-activation − Σ weights − bias| of any node that reads, relative to its pre-activation and its inputs. */
function largestGap({ graph: { nodes, edges } }: GraphResult): { relative: number; ofInputs: number; rows: number } {
  const sums = new Float64Array(nodes.length);
  edges.target.forEach((target, edge) => {
    sums[target] = (sums[target] ?? 0) + (edges.weight[edge] ?? 0);
  });
  let [relative, ofInputs, rows] = [0, 0, 0];
  nodes.forEach(({ kind, preActivation, bias, inputSum }, place) => {
    if (kind !== "feature" && kind !== "logit") return;
    rows++;
    const gap = Math.abs(ensureDefined(preActivation) - (sums[place] ?? 0) - ensureDefined(bias));
    relative = Math.max(relative, gap / Math.abs(ensureDefined(preActivation)));
    ofInputs = Math.max(ofInputs, gap / Math.max(ensureDefined(inputSum), Math.abs(ensureDefined(bias))));
  });
  return { relative, ofInputs, rows };
}

for (const model of ["tiny-llama", "tiny-gpt2"] as const) {
  for (const kind of TINY_KINDS) {
    test(`${model}, ${kind}: Σ incoming edges + bias = pre-activation, of every feature and logit`, async () => {
      const result = await tinyGraph(model, kind, WHOLE);
      const { relative, ofInputs, rows } = largestGap(result);
      assert.ok(rows > 100);
      assert.ok(ofInputs < 1e-4, `${ofInputs} of the inputs`);
      // A pre-activation near zero is a small difference of large sums.
      assert.ok(relative < (kind === "jumprelu" || kind === "cross-layer" ? 5e-3 : 1e-4), `${relative} relative`);
      assert.ok(result.facts.largestResidual <= ofInputs * 1.01 + 1e-9);
      assert.equal(result.facts.leftOutShare, 0);
    });
  }
}

test("a difference of logits is one target, and its inputs add up to it", async () => {
  const result = await tinyGraph("tiny-gpt2", "plain", {
    ...WHOLE,
    target: { kind: "difference", token: 45, minus: 34 },
  });
  const [target, ...more] = result.graph.nodes.filter(({ kind }) => kind === "logit");
  assert.deepEqual([more.length, target?.probability, target?.tokenId], [0, 1, 97]);
  assert.ok(largestGap(result).ofInputs < 1e-5);
});

test("layers without a dictionary are error as a whole, and the sums hold", async () => {
  const all = await tinySet("plain");
  const parts = graphParts(await fixtureService("tiny-gpt2"), all.slice(1));
  const request = { model: "tiny-gpt2", input: { tokens: [TOKENS] }, ...WHOLE };
  const result = await attributionGraph(parts, request, UNDISTURBED);
  assert.deepEqual(result.facts.errorOnlyLayers, [0]);
  assert.ok(largestGap(result).ofInputs < 1e-5);
  assert.ok(!result.graph.nodes.some(({ kind, layer }) => kind === "feature" && layer === 0));
});

test("at a position in the middle the graph is that of the prompt cut there", async () => {
  const middle = await tinyGraph("tiny-llama", "plain", { ...WHOLE, position: 4 });
  const cut = await tinyGraph("tiny-llama", "plain", { ...WHOLE, input: { tokens: [TOKENS.slice(0, 5)] } });
  assert.deepEqual(middle.graph.nodes, cut.graph.nodes);
  assert.deepEqual(middle.graph.edges.weight, cut.graph.edges.weight);
});

test("a budget keeps the most influential features, with the same rows, and is the same twice", async () => {
  const whole = await tinyGraph("tiny-llama", "plain", WHOLE);
  const some = await tinyGraph("tiny-llama", "plain", { ...WHOLE, features: 30 });
  const again = await tinyGraph("tiny-llama", "plain", { ...WHOLE, features: 30 });
  assert.equal(some.facts.selectedFeatures, 30);
  assert.deepEqual(some.graph, again.graph);
  const byId = new Map(whole.graph.nodes.map((node) => [node.id, node]));
  const kept = some.graph.nodes.filter(({ kind }) => kind === "feature");
  for (const { id, inputSum, bias } of kept) {
    assert.ok(Math.abs(ensureDefined(byId.get(id)?.inputSum) - ensureDefined(inputSum)) < 1e-5);
    assert.ok(Math.abs(ensureDefined(byId.get(id)?.bias) - ensureDefined(bias)) < 1e-5);
  }
  // The first round looks at the logits alone; the last layer's first features are the most influential of all there.
  const strongest = whole.graph.nodes
    .filter(({ kind, layer }) => kind === "feature" && layer === 2)
    .sort((a, b) => ensureDefined(a.influence) - ensureDefined(b.influence))
    .slice(0, 3);
  const ids = new Set(kept.map(({ id }) => id));
  for (const { id } of strongest) assert.ok(ids.has(id), id);
  assert.ok(some.facts.leftOutShare > 0);
});

test("fewer edges: what is left out is counted, small, and the sums of rows stay those of all edges", async () => {
  const whole = await tinyGraph("tiny-gpt2", "cross-layer", WHOLE);
  const some = await tinyGraph("tiny-gpt2", "cross-layer", { edgeShare: 0.9, prune: null });
  assert.ok(some.graph.edges.source.length < 0.8 * whole.graph.edges.source.length);
  assert.ok(some.facts.leftOutShare > 0.02 && some.facts.leftOutShare <= 0.1, String(some.facts.leftOutShare));
  assert.deepEqual(
    some.graph.nodes.map(({ inputSum }) => inputSum),
    whole.graph.nodes.map(({ inputSum }) => inputSum),
  );
  const fixed = ({ graph }: GraphResult) =>
    graph.edges.source.filter((source) => graph.nodes[source]?.kind !== "feature").length;
  assert.equal(fixed(some), fixed(whole), "errors and tokens stay in full");
});

test("pruning keeps every token, the logits, and only nodes that lead somewhere", async () => {
  const { graph, facts } = await tinyGraph("tiny-llama", "plain", { edgeShare: 1 });
  assert.ok(facts.kept.nodes < facts.unpruned.nodes);
  assert.equal(graph.nodes.filter(({ kind }) => kind === "token").length, TOKENS.length);
  const sources = new Set(graph.edges.source);
  graph.nodes.forEach(({ kind, id }, place) => {
    if (kind === "feature" || kind === "error") assert.ok(sources.has(place), id);
  });
});

test("the answer fits its schema, and the graph is a document that opens again as it is", async () => {
  const result = await tinyGraph("tiny-llama", "skip");
  assert.deepEqual(GraphResult.parse(JSON.parse(JSON.stringify(result))), JSON.parse(JSON.stringify(result)));
  const graph = readPatchbayGraph(JSON.parse(JSON.stringify(result.graph)));
  assert.deepEqual(JSON.parse(JSON.stringify(graph)), JSON.parse(JSON.stringify(result.graph)));
});

test("weight factors are the same on two prompts; one layer below the answer they are the edge per activation", async () => {
  const one = await tinyGraph("tiny-llama", "plain", WHOLE);
  const two = await tinyGraph("tiny-llama", "plain", { ...WHOLE, input: { tokens: [[1, 9, 60, 3, 5, 44, 28, 17]] } });
  const pairs = ({ graph: { nodes, edges }, factorPaths }: GraphResult) => {
    const found = new Map<string, { factor: number; path: string; ratio: number }>();
    edges.source.forEach((source, edge) => {
      const [from, to] = [nodes[source], nodes[edges.target[edge] ?? -1]];
      const factor = edges.factor?.[edge] ?? null;
      const path = factorPaths[edge] ?? null;
      if (from?.kind !== "feature" || to === undefined || factor === null || path === null) return;
      const name = `${from.dictionary}#${from.unit} ${to.kind}${to.layer}#${to.unit ?? to.tokenId}`;
      const ratio = (edges.weight[edge] ?? 0) / (ensureDefined(from.activation) * factor);
      found.set(`${name} ${from.position === to.position}`, { factor, path, ratio });
    });
    return found;
  };
  const [first, second] = [pairs(one), pairs(two)];
  const shared = [...first].filter(([name]) => second.has(name));
  assert.ok(shared.filter(([, { path }]) => path === "direct").length > 10);
  assert.ok(shared.filter(([, { path }]) => path !== "direct").length > 10);
  for (const [name, { factor, path }] of shared) {
    assert.equal(second.get(name)?.path, path, name);
    assert.ok(Math.abs(ensureDefined(second.get(name)).factor - factor) < 1e-6, name);
  }
  // From the last layer to a logit there is the final norm's scale alone: one number for all such edges of a prompt.
  const last = [...first].filter(([name]) => name.startsWith("plain-2#") && name.includes("logit"));
  const ratios = last.map(([, { ratio }]) => ratio);
  assert.ok(ratios.length > 4);
  for (const ratio of ratios) assert.ok(Math.abs(ratio / ensureDefined(ratios[0]) - 1) < 1e-3, `${ratio}`);
});

test("stories-15m: sums hold at every layer, and the answer is explained", async (t) => {
  const service = await storiesService(t);
  if (service === undefined) return;
  const parts = graphParts(service, await bundledTranscoders());
  const request = { model: "stories-15m", input: { text: STORY }, features: 600, edgeShare: 1 };
  const result = await attributionGraph(parts, request, UNDISTURBED);
  const { facts, scores, graph } = result;
  assert.equal(facts.selectedFeatures, 600);
  assert.ok(facts.largestResidual < 1e-4, String(facts.largestResidual));
  assert.equal(graph.nodes.find(({ isTarget }) => isTarget)?.label, " L");
  assert.ok(ensureDefined(scores.replacement) > 0 && ensureDefined(scores.completeness) > 0);
  const layers = new Set(graph.nodes.filter(({ kind }) => kind === "feature").map(({ layer }) => layer));
  assert.equal(layers.size, 6);
});

test("what cannot be done is refused with its reason", async () => {
  const service = await fixtureService("tiny-llama");
  const sae = await openTestDictionary(
    randomWeights(
      testSpec({
        name: "stream",
        kind: "sae",
        inputSite: "blocks.1.hook_resid_pre",
        outputSites: ["blocks.1.hook_resid_pre"],
      }),
      1,
    ),
  );
  const [plain, skip] = [await tinySet("plain"), await tinySet("skip")];
  const ask = (installed: typeof plain, request: Partial<GraphRequest>) =>
    attributionGraph(
      graphParts(service, installed),
      { model: "tiny-llama", input: { tokens: [TOKENS] }, ...request },
      UNDISTURBED,
    );
  const refuses = (promise: Promise<unknown>, code: string, words: RegExp) =>
    assert.rejects(
      promise,
      (error) => error instanceof PatchbayError && error.code === code && words.test(error.message),
    );
  await refuses(ask([sae], { dictionaries: ["stream"] }), "unsupported-model", /sparse autoencoder/);
  await refuses(ask([...plain, ...skip], {}), "invalid-request", /plain, skip/);
  await refuses(ask([], {}), "invalid-request", /none is installed/);
  await refuses(ask([...plain, ...skip], { dictionaries: ["plain-1", "skip-1"] }), "invalid-request", /layer 1/);
  await refuses(ask(plain, { input: { tokens: [TOKENS, TOKENS] } }), "invalid-request", /one row/);
  await refuses(ask(plain, { position: 8 }), "position-out-of-range", /position 8/);
});

test("a cancelled graph stops", async () => {
  const cancelled = { signal: AbortSignal.abort() };
  const parts = graphParts(await fixtureService("tiny-llama"), await tinySet("plain"));
  const request = { model: "tiny-llama", input: { tokens: [TOKENS] } };
  await assert.rejects(attributionGraph(parts, request, cancelled), { code: "cancelled" });
});
