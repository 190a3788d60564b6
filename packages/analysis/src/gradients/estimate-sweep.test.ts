import assert from "node:assert/strict";
import { test } from "node:test";
import { type Metric, type SweepPanel, type SweepRequest, SweepResult } from "@patchbay/contract";
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import { openTestDictionary, randomWeights, testSpec } from "../dictionary-comparison/testing/test-dictionary.ts";
import { sweep } from "../sweeps/sweep.ts";
import { sweepParts } from "../sweeps/testing/sweep-fixture.ts";
import { fixtureService, storiesService, type TestService, UNDISTURBED } from "../testing/open-test-service.ts";
import { estimateSweep } from "./estimate-sweep.ts";

const CLEAN = { tokens: [[0, 20, 21, 13, 20, 27, 60]] };
const CORRUPTED = { tokens: [[0, 20, 33, 13, 41, 27, 60]] };
const METRIC: Metric = { kind: "logit-difference", token: 45, minus: 34 };
const PANELS: SweepPanel[] = [
  { site: "resid_post", by: ["layer", "position"] },
  { site: "z", by: ["layer", "head"] },
  { site: "k", by: ["layer", "head", "position"] },
  { site: "layer", by: ["layer"] },
  { site: "neurons", by: ["group"], groups: [{ members: [{ layer: 0, units: [1, 4, 5] }] }] },
];

function requestOf(service: TestService, more: Partial<SweepRequest> = {}): SweepRequest {
  return {
    model: service.name,
    input: CLEAN,
    corrupted: { kind: "prompt", input: CORRUPTED },
    method: { kind: "patching", direction: "denoise" },
    panels: PANELS,
    metric: METRIC,
    estimate: { kind: "gradient" },
    ...more,
  };
}

function values(result: SweepResult): number[] {
  return result.panels.flatMap(({ raw }) => raw.map((value) => value ?? Number.NaN));
}

function exactly({ estimate: _, verify: __, ...request }: SweepRequest): SweepRequest {
  return request;
}

for (const name of ["tiny-llama", "tiny-gpt2"] as const) {
  test(`${name}: estimates have the shape of the exact sweep, and say where it lies`, async () => {
    const service = await fixtureService(name);
    const parts = sweepParts(service);
    const request = requestOf(service, { verify: 100 });
    const estimated = SweepResult.parse(await estimateSweep(parts, request, UNDISTURBED));
    const exact = await sweep(parts, exactly(request), UNDISTURBED);
    assert.deepEqual(
      estimated.panels.map(({ site, axes }) => ({ site, axes })),
      exact.panels.map(({ site, axes }) => ({ site, axes })),
    );
    assert.deepEqual(estimated.baselines, exact.baselines);
    // Every cell was verified, so its points are the two sweeps.
    const { points } = ensureDefined(estimated.verification);
    const changes = (result: SweepResult) =>
      values(result)
        .map((value) => value - ensureDefined(result.baselines.corrupted))
        .sort((a, b) => a - b);
    const near = (actual: number[], expected: number[]) => {
      assert.equal(actual.length, expected.length);
      actual
        .sort((a, b) => a - b)
        .forEach((value, i) => {
          assert.ok(Math.abs(value - (expected[i] ?? 0)) < 1e-5, `${value} for ${expected[i]}`);
        });
    };
    near(
      points.map(({ approximate }) => approximate),
      changes(estimated),
    );
    near(
      points.map(({ exact: measured }) => measured),
      changes(exact),
    );
  });

  test(`${name}: for a small change the estimate is the change`, async () => {
    // The corrupted prompt is the clean one but for noise on an embedding: halving the noise quarters the error.
    const service = await fixtureService(name);
    const parts = sweepParts(service);
    const panels = PANELS.slice(0, 4).map((panel) => ({
      ...panel,
      by: panel.by.filter((axis) => axis !== "position"),
    }));
    const errorWith = async (scale: number) => {
      const corrupted: SweepRequest["corrupted"] = { kind: "noise", positions: [2, 4], scale, samples: 1, seed: 3 };
      const request = requestOf(service, { corrupted, method: { kind: "patching", direction: "noise" }, panels });
      const [estimated, exact] = [
        values(await estimateSweep(parts, request, UNDISTURBED)),
        values(await sweep(parts, exactly(request), UNDISTURBED)),
      ];
      const error = Math.max(...exact.map((value, i) => Math.abs(value - (estimated[i] ?? 0))));
      const [clean = 0] = [(await sweep(parts, exactly(request), UNDISTURBED)).baselines.clean];
      return { error, largest: Math.max(...exact.map((value) => Math.abs(value - clean))) };
    };
    const [small, large] = [await errorWith(0.02), await errorWith(0.08)];
    assert.ok(small.error < 0.05 * small.largest, `${small.error} of ${small.largest}`);
    assert.ok(small.error < large.error / 4, `${small.error} after ${large.error}`);
  });
}

test("integrated gradients take the mean over the way between the prompts", async () => {
  const service = await fixtureService("tiny-gpt2");
  const parts = sweepParts(service);
  // resid_pre of layer 0 is the way itself: there they are complete.
  const panels: SweepPanel[] = [{ site: "resid_pre", by: ["layer"], layers: [0] }];
  const with16 = { kind: "integrated-gradients", steps: 16 } as const;
  for (const direction of ["denoise", "noise"] as const) {
    const request = requestOf(service, { method: { kind: "patching", direction }, panels, estimate: with16 });
    const { panels: found, baselines } = await estimateSweep(parts, request, UNDISTURBED);
    const goal = direction === "denoise" ? baselines.clean : ensureDefined(baselines.corrupted);
    const reached = ensureDefined(found[0]?.raw[0]);
    assert.ok(Math.abs(reached - goal) < 2e-3, `${direction}: ${reached} for ${goal}`);
  }
});

test("features count by what they write: decoder row · gradient at the place it is written to", async () => {
  const service = await fixtureService("tiny-llama");
  // Rows so short that taking a feature out is a small change.
  const dictionary = await openTestDictionary(randomWeights(testSpec(), 5, 0.02));
  const parts = sweepParts(service);
  const withFeatures = { ...parts, dictionaries: { ...parts.dictionaries, find: async () => dictionary } };
  const groups = Array.from({ length: 12 }, (_, i) => ({
    members: [{ dictionary: "test", units: [4 * i, 4 * i + 1, 4 * i + 2, 4 * i + 3] }],
  }));
  const { corrupted: _, ...alone } = requestOf(service);
  const request: SweepRequest = {
    ...alone,
    method: { kind: "ablation", how: "zero" },
    panels: [{ site: "features", by: ["group", "position"], groups }],
  };
  const estimated = await estimateSweep(withFeatures, request, UNDISTURBED);
  const exact = await sweep(withFeatures, exactly(request), UNDISTURBED);
  const changes = (result: SweepResult) => values(result).map((value) => value - result.baselines.clean);
  const [approximate, measured] = [changes(estimated), changes(exact)];
  const largest = Math.max(...measured.map(Math.abs));
  assert.ok(largest > 1e-3, `largest change ${largest}`);
  approximate.forEach((change, i) => {
    assert.ok(Math.abs(change - (measured[i] ?? 0)) < 0.05 * largest, `cell ${i}: ${change} for ${measured[i]}`);
  });
});

test("what has no estimate is refused, and what an estimate counts twice is said", async () => {
  const service = await fixtureService("tiny-llama");
  const parts = sweepParts(service);
  const code = async (more: Partial<SweepRequest>) => {
    try {
      await estimateSweep(parts, requestOf(service, more), UNDISTURBED);
    } catch (error) {
      return error instanceof PatchbayError ? error.code : error;
    }
    return "accepted";
  };
  const { corrupted: _, ...alone } = requestOf(service);
  const greedy = { ...alone, method: { kind: "ablation", how: "zero", greedy: { steps: 2 } } } as SweepRequest;
  await assert.rejects(estimateSweep(parts, greedy, UNDISTURBED), PatchbayError);
  assert.equal(await code({ method: { kind: "path", receivers: [{ site: "logits" }] } }), "invalid-request");
  const integrated: Partial<SweepRequest> = {
    corrupted: { kind: "prompt", input: { tokens: [[0, 20, 33, 13]] } },
    estimate: { kind: "integrated-gradients" },
  };
  const noising = { method: { kind: "patching", direction: "noise" } } as const;
  assert.equal(await code({ ...integrated, ...noising }), "values-do-not-fit");
  const windows: SweepPanel[] = [{ site: "mlp_out", by: ["layer"], window: 2 }];
  const kl = requestOf(service, { ...noising, panels: windows, metric: { kind: "kl" } });
  const { warnings } = await estimateSweep(parts, kl, UNDISTURBED);
  assert.deepEqual(
    warnings.map((text) => text.split(" ")[0]),
    ["Cells", "KL"],
  );
});

test("stories-15m: heads of the names prompt, estimated and run", async (t) => {
  const service = await storiesService(t);
  if (service === undefined) return;
  const request: SweepRequest = {
    model: service.name,
    input: { text: "One day, Tom and Sue went to the park. Tom gave a ball to" },
    corrupted: {
      kind: "prompt",
      input: { text: "One day, Tom and Sue went to the park. Sue gave a ball to" },
    },
    method: { kind: "patching", direction: "denoise" },
    panels: [{ site: "z", by: ["layer", "head"] }],
    metric: { kind: "logit-difference", token: " Sue", minus: " Tom" },
    estimate: { kind: "integrated-gradients" },
    verify: 18,
  };
  const { verification, panels } = await estimateSweep(sweepParts(service), request, UNDISTURBED);
  assert.equal(panels[0]?.raw.length, 36);
  // The strongest by estimate is the strongest in truth: L4H4, which tells L5H1 where to look.
  const { points, correlation } = ensureDefined(verification);
  assert.equal(points.length, 36);
  assert.equal(points[0]?.label, "z L4 · H4");
  assert.equal(Math.max(...points.map(({ exact }) => exact)), points[0]?.exact);
  assert.ok((correlation ?? 0) > 0.9, `r ${correlation}`);
});
