/** Features of dictionaries as cells, against plain runs in which each is set by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Intervention, Metric, SweepPanel } from "@patchbay/contract";
import { ensureDefined, tensor } from "@patchbay/vocabulary";
import { randomWeights, testSpec } from "../dictionary-comparison/testing/test-dictionary.ts";
import { fixtureService, type TestService, UNDISTURBED } from "../testing/open-test-service.ts";
import { ask, plainMetric, REFERENCE_TEXTS } from "./testing/sweep-fixture.ts";

const CLEAN = { tokens: [[0, 20, 21, 13, 20, 27, 60]] };
const CORRUPTED = { tokens: [[0, 20, 33, 13, 41, 27, 60]] };
const LENGTH = 7;
const FEATURES = 48;
const WIDTH = 32;
const DIFFERENCE: Metric = { kind: "logit-difference", token: 45, minus: 34 };
/** One addition at a site beside the plain pass, and another order of sums. */
const ROUNDING = 2e-5;

const transcoder = (layer: number) =>
  randomWeights(
    testSpec({
      name: `mlp-${layer}`,
      set: "mlp",
      inputSite: `blocks.${layer}.ln2.hook_normalized`,
      outputSites: [`blocks.${layer}.hook_mlp_out`],
    }),
    10 + layer,
    3,
  );
const SAE = randomWeights(
  testSpec({
    name: "stream",
    kind: "sae",
    inputSite: "blocks.1.hook_resid_pre",
    outputSites: ["blocks.1.hook_resid_pre"],
    subtractDecoderBias: true,
    activation: { kind: "relu" },
  }),
  7,
  3,
);

function crossLayer() {
  const spec = testSpec({
    name: "clt-0",
    set: "clt",
    kind: "cross-layer-transcoder",
    inputSite: "blocks.0.hook_resid_mid",
    outputSites: ["blocks.0.hook_mlp_out", "blocks.1.hook_mlp_out"],
    activation: { kind: "relu" },
  });
  const weights = randomWeights(spec, 20);
  const data = Float32Array.from({ length: FEATURES * 2 * WIDTH }, (_, i) => 0.2 * Math.cos(7 * i));
  return {
    ...weights,
    tensors: { ...weights.tensors, W_dec: tensor(["feature", "target", "output"], [FEATURES, 2, WIDTH], data) },
  };
}

/** For each test anew: the folder of dictionaries goes when the test ends that made it. */
async function open() {
  const service = await fixtureService("tiny-llama");
  for (const weights of [transcoder(0), transcoder(1), SAE, crossLayer()]) {
    await service.dictionaries.add(weights, { overwrite: true });
  }
  return service;
}

/** [position][feature] of a plain run. */
async function activations(
  { service, name }: TestService,
  dictionary: string,
  input: { tokens: number[][] } | { text: string },
): Promise<number[][]> {
  const features = Array.from({ length: FEATURES }, (_, feature) => feature);
  const { tensors } = await service.run(
    { model: name, input, compute: { features: [{ dictionary, features }] } },
    UNDISTURBED,
  );
  const { data, shape } = ensureDefined(tensors.get("results/features/0/chosen/activations"));
  return Array.from({ length: shape[1] ?? 0 }, (_, position) => [
    ...data.subarray(position * FEATURES, (position + 1) * FEATURES),
  ]);
}

const patch = { kind: "patching", direction: "denoise" } as const;

for (const dictionary of ["mlp-0", "mlp-1", "stream", "clt-0"]) {
  test(`${dictionary}: patching features sets them to the other run's activations and keeps the error`, async () => {
    const service = await open();
    // One intervention after the other would read an SAE again in between: groups of it are single features here.
    const starts = dictionary === "stream" ? Array.from({ length: 12 }, (_, unit) => unit) : [3, 17];
    const size = dictionary === "stream" ? 1 : 8;
    const groups = starts.map((start) => ({
      members: [{ dictionary, units: Array.from({ length: size }, (_, i) => start + i) }],
    }));
    const panel: SweepPanel = { site: "features", by: ["group", "position"], groups };
    const result = await ask(service, {
      clean: CLEAN,
      corrupted: CORRUPTED,
      method: patch,
      panels: [panel],
      metric: DIFFERENCE,
    });
    const { raw } = ensureDefined(result.panels[0]);
    const clean = await activations(service, dictionary, CLEAN);
    let effect = 0;
    for (const [group, { members }] of groups.entries()) {
      for (let position = 0; position < LENGTH; position++) {
        const set = ensureDefined(members[0]).units.map(
          (unit): Intervention => ({
            site: dictionary,
            op: "set",
            units: [unit],
            positions: [position],
            value: clean[position]?.[unit] ?? 0,
          }),
        );
        const expected = await plainMetric(service, CORRUPTED, DIFFERENCE, set);
        const value = ensureDefined(raw[group * LENGTH + position]);
        assert.ok(Math.abs(value - expected) < ROUNDING, `group ${group} at ${position}: ${value} for ${expected}`);
        effect = Math.max(effect, Math.abs(value - ensureDefined(result.baselines.corrupted)));
      }
    }
    assert.ok(effect > 1e-4, `patching does something: ${effect}`);
  });
}

test("features of several layers: those above are read from the run as the ones below have changed it", async () => {
  const service = await open();
  const units = Array.from({ length: FEATURES }, (_, unit) => unit);
  const groups = [
    {
      members: [
        { dictionary: "mlp-0", units },
        { dictionary: "mlp-1", units },
      ],
    },
  ];
  for (const how of ["zero", "mean"] as const) {
    const result = await ask(service, {
      clean: CLEAN,
      method: { kind: "ablation", how },
      panels: [{ site: "features", by: ["group"], groups }],
      metric: DIFFERENCE,
    });
    const interventions: Intervention[] = [];
    for (const dictionary of ["mlp-0", "mlp-1"]) {
      if (how === "zero") {
        interventions.push({ site: dictionary, op: "zero", units });
        continue;
      }
      const rows = (
        await Promise.all(REFERENCE_TEXTS.map((text) => activations(service, dictionary, { text })))
      ).flatMap((each) => each.slice(1));
      for (const unit of units) {
        const value = rows.reduce((sum, row) => sum + (row[unit] ?? 0), 0) / rows.length;
        interventions.push({ site: dictionary, op: "set", units: [unit], value });
      }
    }
    const expected = await plainMetric(service, CLEAN, DIFFERENCE, interventions);
    const value = ensureDefined(result.panels[0]?.raw[0]);
    assert.ok(Math.abs(value - expected) < ROUNDING, `${how}: ${value} for ${expected}`);
    assert.ok(Math.abs(expected - result.baselines.clean) > 1e-4);
  }
});

test("every feature of a dictionary a layer; groups of neurons of several layers", async () => {
  const service = await open();
  const result = await ask(service, {
    clean: CLEAN,
    method: { kind: "ablation", how: "zero" },
    panels: [
      { site: "features", by: ["layer"], dictionaries: ["mlp-0", "mlp-1"] },
      {
        site: "neurons",
        by: ["group"],
        groups: [
          {
            members: [
              { layer: 0, units: [1, 5] },
              { layer: 1, units: [40] },
            ],
          },
        ],
      },
    ],
    metric: DIFFERENCE,
  });
  const [features, neurons] = result.panels.map(({ raw }) => raw);
  for (const layer of [0, 1]) {
    const expected = await plainMetric(service, CLEAN, DIFFERENCE, [{ site: `mlp-${layer}`, op: "zero" }]);
    assert.ok(Math.abs(ensureDefined(features?.[layer]) - expected) < ROUNDING);
  }
  const expected = await plainMetric(service, CLEAN, DIFFERENCE, [
    { site: "blocks.0.mlp.hook_post", op: "zero", units: [1, 5] },
    { site: "blocks.1.mlp.hook_post", op: "zero", units: [40] },
  ]);
  assert.ok(Math.abs(ensureDefined(neurons?.[0]) - expected) < ROUNDING);
});
