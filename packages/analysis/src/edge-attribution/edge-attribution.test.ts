import assert from "node:assert/strict";
import { test } from "node:test";
import { EdgeAttribution, type EdgeAttributionRequest } from "@patchbay/contract";
import type { ModelShape, SiteEdit } from "@patchbay/transformer";
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import { partsOf } from "../gradients/testing/parts-of.ts";
import { fixtureService, storiesService, UNDISTURBED } from "../testing/open-test-service.ts";
import { headResults, metricOf, mlpOutputs, type PairRun, runPair, streams } from "./component-run.ts";
import { edgeAttribution, edgeCircuits } from "./edge-attribution.ts";
import { type Edge, type EdgeLayout, edgeLayout, edgeName, edgeReader } from "./edge-nodes.ts";
import { edgeScores } from "./edge-scores.ts";
import { edgeSet, evaluateEdges } from "./evaluate-edges.ts";
import { exactEdgeChanges } from "./exact-edges.ts";

const { signal } = UNDISTURBED;
const FAMILIES = ["tiny-llama", "tiny-gpt2"] as const;

async function pairUnderTest(name: (typeof FAMILIES)[number]) {
  const { engine } = await fixtureService(name);
  const layout = edgeLayout(engine.model.shape);
  const metric = { kind: "logit-difference", token: 7, minus: 3, position: 4 } as const;
  const pair = { clean: [1, 5, 9, 13, 2], corrupted: [1, 6, 2, 13, 7], metric };
  return { engine, layout, run: await runPair(engine, layout, pair, signal) };
}

function allEdges({ destinations }: EdgeLayout): Edge[] {
  return destinations.flatMap(({ sources }, destination) =>
    Array.from({ length: sources }, (_, source) => ({ source, destination })),
  );
}

/** Every seventh edge: all kinds of destination, most sources. */
function someEdges(layout: EdgeLayout): Edge[] {
  return allEdges(layout).filter((_, i) => i % 7 === 0);
}

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string) {
  assert.equal(actual.length, expected.length, what);
  for (let i = 0; i < actual.length; i++) {
    const distance = Math.abs((actual[i] ?? Number.NaN) - (expected[i] ?? Number.NaN));
    assert.ok(distance <= tolerance, `${what}[${i}]: ${actual[i]}, expected ${expected[i]}`);
  }
}

test("GPT-2 small has 158 nodes and 32,491 edges", () => {
  const shape = { layers: 12, heads: 12, neurons: 3072, arrangement: "sequential" } as ModelShape;
  const layout = edgeLayout(shape);
  assert.equal(layout.nodes.length, 158);
  assert.equal(layout.destinations.length, 445);
  assert.equal(layout.edges, 32_491);
  const read = edgeReader(layout);
  for (const edge of [
    { source: 5, destination: 100 },
    { source: 156, destination: 444 },
  ]) {
    assert.deepEqual(read(edgeName(layout, edge), ""), edge);
  }
  assert.throws(
    () => read("a1.h0->a1.h1<q>", "edges/0"),
    (error) => error instanceof PatchbayError && error.code === "not-found",
  );
  assert.equal(edgeLayout({ ...shape, arrangement: "parallel" }).edges, 32_491 - 12 * 12);
  assert.equal(edgeLayout({ ...shape, neurons: 0 }).edges, 12 * 36 * 1 + 36 * 12 * 66 + 145);
});

for (const name of FAMILIES) {
  test(`${name}: heads and MLPs on their own compute what the block computes`, async () => {
    const { engine, layout, run } = await pairUnderTest(name);
    const { heads, residualWidth } = engine.model.shape;
    const row = (data: Float32Array, count: number) => {
      const all = new Float32Array(data.length * count);
      for (let i = 0; i < count; i++) all.set(data, i * data.length);
      return streams(count, run.positions, residualWidth, all);
    };
    for (const layer of [0, 1]) {
      const before = row(ensureDefined(run.clean.before[layer]), heads);
      const all = Array.from({ length: heads }, (_, head) => head);
      const results = await headResults(engine, layer, { q: before, k: before, v: before }, all, signal);
      const expected = all.flatMap((head) => [...ensureDefined(run.clean.outputs[layout.firstOf(layer) + head])]);
      assertClose(results, expected, 1e-6, `results of layer ${layer}`);
      const between = row(ensureDefined(run.clean.between[layer]), 1);
      const written = await mlpOutputs(engine, layer, between, signal);
      assertClose(written, ensureDefined(run.clean.outputs[layout.mlpOf(layer) ?? 0]), 1e-6, `MLP ${layer}`);
    }
  });

  test(`${name}: all edges are the clean run, none the corrupted one`, async () => {
    const { engine, layout, run } = await pairUnderTest(name);
    const sets = [edgeSet(layout, allEdges(layout)), edgeSet(layout, [])];
    const [clean = 0, corrupted = 0] = await evaluateEdges(engine, layout, run, sets, signal);
    assert.ok(Math.abs(clean - run.clean.metric) < 5e-6, `${clean} for ${run.clean.metric}`);
    assert.ok(Math.abs(corrupted - run.corrupted.metric) < 5e-6, `${corrupted} for ${run.corrupted.metric}`);
    assert.ok(Math.abs(run.clean.metric - run.corrupted.metric) > 0.1);
  });

  test(`${name}: one edge alone is the circuit of all others`, async () => {
    const { engine, layout, run } = await pairUnderTest(name);
    const edges = someEdges(layout);
    const alone = await exactEdgeChanges(engine, layout, run, edges, signal);
    const everything = allEdges(layout);
    const without = edges.map(({ source, destination }) =>
      edgeSet(
        layout,
        everything.filter((edge) => edge.source !== source || edge.destination !== destination),
      ),
    );
    const metrics = await evaluateEdges(engine, layout, run, without, signal);
    const changes = metrics.map((value) => value - run.clean.metric);
    assertClose(alone, changes, 1e-5, "change");
    assert.ok(alone.some((change) => Math.abs(change) > 0.05));
  });

  test(`${name}: a score is the slope of what the edge does`, async () => {
    const { engine, layout, run } = await pairUnderTest(name);
    const edges = someEdges(layout);
    const { byDestination } = await edgeScores(
      engine,
      layout,
      run,
      { method: "gradient", steps: 1, byPosition: false },
      signal,
    );
    // A step of 2 % of the way to the corrupted values; see the tolerance of gradients-of.test.ts.
    const STEP = 0.02;
    const [above, below] = [
      await exactEdgeChanges(engine, layout, partWay(run, STEP), edges, signal),
      await exactEdgeChanges(engine, layout, partWay(run, -STEP), edges, signal),
    ];
    const scores = edges.map(({ source, destination }) => byDestination[destination]?.[source] ?? Number.NaN);
    const slopes = edges.map((_, i) => ((above[i] ?? 0) - (below[i] ?? 0)) / (2 * STEP));
    const largest = Math.max(...slopes.map(Math.abs));
    assertClose(scores, slopes, 3e-3 * largest + 2e-4, "score");
  });

  test(`${name}: positions add up, and one step of the path begins at the corrupted embedding`, async () => {
    const { engine, layout, run } = await pairUnderTest(name);
    const scores = (
      method: "gradient" | "integrated-gradients" | "clean-corrupted",
      steps: number,
      byPosition = false,
    ) => edgeScores(engine, layout, run, { method, steps, byPosition }, signal).then((found) => found.byDestination);
    const [whole, single] = [await scores("gradient", 1), await scores("gradient", 1, true)];
    whole.forEach((own, destination) => {
      const sums = own.map((_, source) => {
        let sum = 0;
        for (let p = 0; p < run.positions; p++) sum += single[destination]?.[p * own.length + source] ?? 0;
        return sum;
      });
      assertClose(own, sums, 1e-5, `destination ${destination}`);
    });
    const [corrupted, both] = [await scores("integrated-gradients", 1), await scores("clean-corrupted", 1)];
    whole.forEach((own, destination) => {
      const mean = own.map((value, source) => (value + (corrupted[destination]?.[source] ?? 0)) / 2);
      assertClose(both[destination] ?? [], mean, 1e-5, `destination ${destination}`);
    });
    assert.notDeepEqual(whole, corrupted);
  });
}

/** The same pair with outputs of the corrupted run only `part` of the way there. */
function partWay(run: PairRun, part: number): PairRun {
  const outputs = run.clean.outputs.map((clean, node) =>
    clean.map((value, i) => value + part * ((run.corrupted.outputs[node]?.[i] ?? 0) - value)),
  );
  return { ...run, corrupted: { ...run.corrupted, outputs } };
}

test("an edge into a query is what an edit of the query does", async () => {
  const { engine, layout, run } = await pairUnderTest("tiny-gpt2");
  const { residualWidth, headWidth } = engine.model.shape;
  const edge = edgeReader(layout)("m0->a1.h1<q>", "");
  const [change = 0] = await exactEdgeChanges(engine, layout, run, [edge], signal);
  const before = ensureDefined(run.clean.before[1]);
  const moved = before.map(
    (value, i) => value + (run.corrupted.outputs[edge.source]?.[i] ?? 0) - (run.clean.outputs[edge.source]?.[i] ?? 0),
  );
  const tokens = [run.pair.clean];
  const stream = (data: Float32Array) => ({ layer: 1, residual: streams(1, run.positions, residualWidth, data) });
  const site = { kind: "attn.hook_q", layer: 1 } as const;
  const { reads } = await engine.forward({ tokens, from: stream(moved), reads: [{ site, units: [1] }] });
  const edit: SiteEdit = {
    site,
    rows: "all",
    positions: Array.from({ length: run.positions }, (_, i) => i),
    units: [1],
    dimensions: Array.from({ length: headWidth }, (_, i) => i),
    scale: 0,
    offset: ensureDefined(reads[0]).data,
  };
  const { residual } = await engine.forward({ tokens, from: stream(before), edits: [edit] });
  const [metric = 0] = await metricOf(engine, run, residual, signal);
  assert.ok(Math.abs(change - (metric - run.clean.metric)) < 1e-6, `${change} for ${metric - run.clean.metric}`);
  assert.ok(Math.abs(change) > 1e-4);
});

const NAMES = {
  model: "stories-15m",
  input: { text: "One day, Tom and Sue went to the park. Tom gave a ball to" },
  corrupted: { text: "One day, Tom and Sue went to the park. Sue gave a ball to" },
  metric: { kind: "logit-difference", token: " Sue", minus: " Tom" },
} satisfies EdgeAttributionRequest;

test("the names prompt: estimates are right, and 100 of 2,188 edges carry the answer", async (t) => {
  const service = await storiesService(t);
  if (service === undefined) return;
  const parts = partsOf(service);
  const request = { ...NAMES, verify: 40, circuits: [100] };
  const found = EdgeAttribution.parse(await edgeAttribution(parts, request, UNDISTURBED));
  assert.equal(found.total, 2188);
  assert.equal(found.edges.score.length, 500);
  const { correlation, slope, points } = ensureDefined(found.verification);
  assert.equal(points.length, 80);
  assert.ok((correlation ?? 0) > 0.9 && Math.abs((slope ?? 0) - 1) < 0.25, `r ${correlation}, slope ${slope}`);
  const [circuit] = found.circuits;
  assert.ok((circuit?.faithfulness ?? 0) > 0.8, `faithfulness ${circuit?.faithfulness}`);

  // The same edges by name, and as many others at random.
  const layout = edgeLayout(service.engine.model.shape);
  const names = circuit?.names ?? [];
  const others = allEdges(layout)
    .map((edge) => edgeName(layout, edge))
    .filter((name) => !names.includes(name))
    .filter((_, i) => i % 20 === 0)
    .slice(0, names.length);
  const circuits = [
    { name: "found", edges: names },
    { name: "others", edges: others },
  ];
  const { model, input, corrupted, metric } = NAMES;
  const given = await edgeCircuits(parts, { model, input, corrupted, metric, circuits }, UNDISTURBED);
  assert.equal(given.circuits[0]?.metric, circuit?.metric);
  assert.ok(Math.abs(given.circuits[1]?.faithfulness ?? 1) < 0.1, "other edges carry nothing");
});

test("several prompts are averaged, positions are listed, and what does not fit is refused", async () => {
  const service = await fixtureService("tiny-llama");
  const parts = partsOf(service);
  const request: EdgeAttributionRequest = {
    model: service.name,
    input: { text: " w20 w21 w13" },
    corrupted: { text: " w20 w33 w13" },
    metric: { kind: "logit-difference", token: " w45", minus: " w34" },
    method: "gradient",
    top: 100_000,
  };
  const example = { input: { text: " w5 w6 w7" }, corrupted: { text: " w5 w9 w7" } };
  const scoresOf = async (asked: EdgeAttributionRequest) => {
    const { edges, nodes } = await edgeAttribution(parts, asked, UNDISTURBED);
    return new Map(
      edges.score.map((score, i) => [
        `${edges.source[i]} ${nodes[edges.target[i] ?? 0]?.name} ${edges.input[i]}`,
        score,
      ]),
    );
  };
  const [own, other, both] = [
    await scoresOf(request),
    await scoresOf({ ...request, ...example }),
    await scoresOf({ ...request, examples: [example] }),
  ];
  for (const [edge, score] of both) {
    const mean = ((own.get(edge) ?? Number.NaN) + (other.get(edge) ?? Number.NaN)) / 2;
    assert.ok(Math.abs(score - mean) < 1e-5, edge);
  }
  const byPosition = await edgeAttribution(parts, { ...request, byPosition: true, verify: 5 }, UNDISTURBED);
  assert.equal(byPosition.edges.score.length, byPosition.total * byPosition.tokens.clean.length);
  // Causality: before the changed token nothing differs.
  byPosition.edges.position?.forEach((position, i) => {
    if (position < 2) assert.equal(Math.abs(byPosition.edges.score[i] ?? 1), 0);
  });
  assert.match(byPosition.verification?.points[0]?.label ?? "", / @\d$/);

  const code = async (asked: EdgeAttributionRequest) => {
    try {
      await edgeAttribution(parts, asked, UNDISTURBED);
    } catch (error) {
      return error instanceof PatchbayError ? [error.code, error.facts.at] : error;
    }
    return "accepted";
  };
  const short = { text: " w20 w33" };
  assert.deepEqual(await code({ ...request, corrupted: short }), ["values-do-not-fit", "corrupted"]);
  const wrong = { ...example, corrupted: short };
  assert.deepEqual(await code({ ...request, examples: [wrong] }), ["values-do-not-fit", "examples/0/corrupted"]);
  assert.deepEqual(
    await code({
      ...request,
      input: {
        tokens: [
          [1, 2, 3],
          [1, 2, 3],
        ],
      },
    }),
    ["invalid-request", "input"],
  );
  const longer = { input: { text: " w1 w2 w3 w4" }, corrupted: { text: " w1 w2 w3 w5" } };
  const mixed = { ...request, byPosition: true, examples: [longer] };
  assert.deepEqual(await code(mixed), ["invalid-request", "byPosition"]);
});
