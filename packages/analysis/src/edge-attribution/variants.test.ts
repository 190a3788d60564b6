/** Every kind of block that can be loaded: attention only, without norms, side by side, windows, SoLU, ALiBi, shortformer. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createRuntime } from "@patchbay/runtime";
import { describeModel, openTensorFolder, readModelConfig, siteKindsOf } from "@patchbay/transformer";
import { describeSite, ensureDefined, type Site } from "@patchbay/vocabulary";
import { gradientsOf } from "../gradients/gradients-of.ts";
import { metricValues } from "../metrics/metric-values.ts";
import { UNDISTURBED } from "../testing/open-test-service.ts";
import { runPair } from "./component-run.ts";
import { type Edge, edgeLayout } from "./edge-nodes.ts";
import { edgeSet, evaluateEdges } from "./evaluate-edges.ts";
import { exactEdgeChanges } from "./exact-edges.ts";

const FOLDER = fileURLToPath(new URL("../../../../models/fixtures/hooked", import.meta.url));
const { signal } = UNDISTURBED;
const [CLEAN, CORRUPTED] = [
  [1, 5, 3, 2, 4],
  [1, 6, 3, 7, 4],
];
const METRIC = { kind: "logit-difference", token: 2, minus: 5, position: 4 } as const;

for (const name of await readdir(FOLDER)) {
  test(`${name}: gradients and edges`, async () => {
    const folder = `${FOLDER}/${name}`;
    const model = describeModel(await readModelConfig(folder), await openTensorFolder(folder), name);
    const engine = createRuntime({ threads: 2, memoryInBytes: 2 ** 28 }).open(model);

    // By the stream that enters block 0, along some directions; other sites only where a graph could lack a rule.
    const sites: Site[] = siteKindsOf(model.shape)
      .filter((kind) => describeSite(kind).stage === "block")
      .map((kind) => ({ kind, layer: 0 }));
    const entry: Site = { kind: "hook_resid_pre", layer: 0 };
    const { gradients } = await gradientsOf(
      engine,
      { tokens: [CLEAN], metric: METRIC, sites: [entry, ...sites] },
      signal,
    );
    const gradient = ensureDefined(gradients[0]).data;
    const { residual: start } = await engine.forward({ tokens: [CLEAN], until: 0 });
    for (let direction = 0; direction < 4; direction++) {
      const way = start.data.map((_, i) => Math.sin(1.3 * i + direction) / 4);
      const at = async (step: number) => {
        const data = start.data.map((value, i) => value + step * (way[i] ?? 0));
        const from = { layer: 0, residual: { ...start, data } };
        const { residual } = await engine.forward({ tokens: [CLEAN], from });
        return (await metricValues(engine, METRIC, { residual, tokens: [CLEAN] }, signal))[0] ?? 0;
      };
      // Two steps, extrapolated: some of these models bend within the first.
      const quotient = async (step: number) => ((await at(step)) - (await at(-step))) / (2 * step);
      const expected = (4 * (await quotient(0.002)) - (await quotient(0.004))) / 3;
      const slope = gradient.reduce((sum, value, i) => sum + value * (way[i] ?? 0), 0);
      assert.ok(Math.abs(slope - expected) < 5e-3 * Math.abs(expected) + 3e-3, `${slope}, quotient ${expected}`);
    }

    const layout = edgeLayout(model.shape);
    const run = await runPair(engine, layout, { clean: CLEAN, corrupted: CORRUPTED, metric: METRIC }, signal);
    const all = layout.destinations.flatMap(({ sources }, destination) =>
      Array.from({ length: sources }, (_, source): Edge => ({ source, destination })),
    );
    assert.equal(all.length, layout.edges);
    const some = all.filter((_, i) => i % 9 === 0);
    const without = some.map((edge) =>
      edgeSet(
        layout,
        all.filter((other) => other !== edge),
      ),
    );
    const sets = [edgeSet(layout, all), edgeSet(layout, []), ...without];
    const [clean = 0, corrupted = 0, ...cut] = await evaluateEdges(engine, layout, run, sets, signal);
    const scale = Math.max(1, Math.abs(run.clean.metric), Math.abs(run.corrupted.metric));
    assert.ok(Math.abs(clean - run.clean.metric) < 2e-5 * scale, `${clean} for ${run.clean.metric}`);
    assert.ok(Math.abs(corrupted - run.corrupted.metric) < 2e-5 * scale, `${corrupted} for ${run.corrupted.metric}`);
    const changes = await exactEdgeChanges(engine, layout, run, some, signal);
    changes.forEach((change, i) => {
      const expected = (cut[i] ?? 0) - run.clean.metric;
      assert.ok(Math.abs(change - expected) < 3e-5 * scale, `edge ${i}: ${change} for ${expected}`);
    });
  });
}
