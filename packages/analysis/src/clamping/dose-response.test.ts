import assert from "node:assert/strict";
import type { ClampPlace, DoseResponseRequest, Intervention } from "@patchbay/contract";
import { ensureDefined, siteName } from "@patchbay/vocabulary";
import { assertNear, klDivergence } from "../testing/distribution.ts";
import { type ServiceUnderTest, testEachService } from "../testing/each-service.ts";
import { UNDISTURBED } from "../testing/open-test-service.ts";
import { writtenLengthOf } from "./clamp.ts";

const LAYER = 1;
const NEURON = 7;
const PLACES: readonly ClampPlace[] = ["post", "up", "written"];

/** The clamp as an intervention of a run, worked out by hand. */
async function byHand(
  { engine }: ServiceUnderTest,
  place: ClampPlace,
  value: number,
): Promise<Pick<Intervention, "site"> & { value: number }> {
  const { gated } = engine.model.shape;
  if (place === "post") return { site: siteName("mlp.hook_post", LAYER), value };
  if (place === "up") return { site: siteName(gated ? "mlp.hook_pre_linear" : "mlp.hook_pre", LAYER), value };
  return {
    site: siteName("mlp.hook_post", LAYER),
    value: value / (await writtenLengthOf(engine.model, LAYER, NEURON)),
  };
}

function ask({ service, name, prompt, token, other }: ServiceUnderTest, rest: Partial<DoseResponseRequest>) {
  const request = {
    model: name,
    input: { text: prompt },
    layer: LAYER,
    neuron: NEURON,
    tokens: [token, other],
    values: [0],
    ...rest,
  };
  return service.doseResponse(request, UNDISTURBED);
}

async function run(
  { service, name, prompt, token, other }: ServiceUnderTest,
  interventions: Intervention[],
  position: number,
) {
  const compute = { logits: { positions: [position], tokens: [token, other], top: 1, full: true } };
  const { result } = await service.run({ model: name, input: { text: prompt }, interventions, compute }, UNDISTURBED);
  const logits = ensureDefined(result.results.logits);
  return {
    probabilities: ensureDefined(logits.tracked).probabilities.data,
    logits: ensureDefined(logits.tracked).logits.data,
    full: ensureDefined(logits.full).data.map((value) => value ?? Number.NaN),
    top: logits.topIds.data[0],
  };
}

testEachService("a dose-response curve equals one run with an intervention for each value", async (under, t) => {
  let worst = 0;
  for (const place of PLACES) {
    for (const [positions, position] of [
      ["all", -1],
      ["last", -1],
      [[1, 3], 4],
    ] as const) {
      const values = [-4, 0, 0.5, 6];
      const curve = await ask(under, {
        place,
        values,
        positions: typeof positions === "string" ? positions : [...positions],
        position,
      });
      const bare = await run(under, [], position);
      assert.deepEqual(curve.values, values);
      bare.probabilities.forEach((probability, token) => {
        assertNear(curve.baseline.probabilities[token], probability ?? Number.NaN, 1e-5, "baseline");
      });
      for (const [i, value] of values.entries()) {
        const clamp = await byHand(under, place, value);
        const chosen = typeof positions === "string" ? positions : [...positions];
        const separate = await run(under, [{ ...clamp, units: [NEURON], positions: chosen, op: "set" }], position);
        const where = `${place}, ${positions}, ${value}`;
        separate.probabilities.forEach((probability, token) => {
          assertNear(curve.probabilities[token]?.[i], probability ?? Number.NaN, 1e-5, where);
          assertNear(curve.logits[token]?.[i], separate.logits[token] ?? Number.NaN, 1e-4, where);
          worst = Math.max(worst, Math.abs((curve.probabilities[token]?.[i] ?? 0) - (probability ?? 0)));
        });
        assertNear(curve.kl[i], klDivergence(bare.full, separate.full), 1e-4, `${where}: KL`);
        assert.equal(curve.topTokens[i]?.id, separate.top, where);
      }
    }
  }
  t.diagnostic(`largest difference of probabilities ${worst.toExponential(2)}`);
});

testEachService("clamping at the observed value changes nothing, and elsewhere it changes something", async (under) => {
  for (const place of PLACES) {
    const { baseline } = await ask(under, { place, positions: "last" });
    const observed = place === "up" ? await observedUp(under) : baseline.observed;
    assertNear(baseline.observed, observed, 1e-6, `${place}: observed`);
    const curve = await ask(under, { place, positions: "last", values: [observed, observed + 20] });
    curve.probabilities.forEach((row, token) => {
      assertNear(row[0], baseline.probabilities[token] ?? Number.NaN, 2e-6, `${place}: at the observed value`);
    });
    assertNear(curve.kl[0], 0, 2e-5, `${place}: KL`);
    assert.ok((curve.kl[1] ?? 0) > 1e-5, `${place}: far from it, KL is ${curve.kl[1]}`);
  }
});

async function observedUp(under: ServiceUnderTest): Promise<number> {
  const { site } = await byHand(under, "up", 0);
  const compute = { capture: [{ site, positions: [-1], units: [NEURON] }] };
  const { tensors } = await under.service.run(
    { model: under.name, input: { text: under.prompt }, compute },
    UNDISTURBED,
  );
  return ensureDefined(tensors.get("results/capture/0/values")?.data[0]);
}

testEachService("multiples of the maximum need reference statistics, which are those of the texts", async (under) => {
  const fresh = { ...under, service: await under.reopen() };
  const statistics = under.artefacts.get("reference-statistics.safetensors");
  if (statistics === undefined)
    await assert.rejects(ask(fresh, { unit: "maximum", values: [1] }), { code: "not-ready" });
  const { tokens } = await fresh.service.computeReferenceStatistics(UNDISTURBED);
  assert.ok(tokens >= 10);
  const curve = await ask(fresh, { unit: "maximum", values: [1, -2] });
  const maximum = ensureDefined(curve.maximum ?? undefined);
  assertNear(curve.values[0], maximum, 1e-6, "one maximum");
  assertNear(curve.values[1], -2 * maximum, 1e-6, "minus two maxima");
  const written = await ask(fresh, { unit: "maximum", values: [1], place: "written" });
  const length = await writtenLengthOf(under.engine.model, LAYER, NEURON);
  assertNear(written.values[0], maximum * length, 1e-5, "written");
  written.probabilities.forEach((row, token) => {
    assertNear(row[0], curve.probabilities[token]?.[0] ?? Number.NaN, 1e-5, "the same clamp, said in two ways");
  });
  const set: Intervention = {
    site: siteName("mlp.hook_post", LAYER),
    units: [NEURON],
    op: "set",
    value: 1,
    unit: "maximum",
  };
  const { probabilities } = await run(fresh, [set], -1);
  assertNear(curve.probabilities[0]?.[0], probabilities[0] ?? Number.NaN, 1e-5, "the same clamp, as an intervention");
});

testEachService("what is out of range is refused", async (under) => {
  const { layers, neurons } = under.engine.model.shape;
  await assert.rejects(ask(under, { layer: layers }), { code: "layer-out-of-range" });
  await assert.rejects(ask(under, { neuron: neurons }), { code: "unit-out-of-range" });
  await assert.rejects(ask(under, { position: 999 }), { code: "position-out-of-range" });
  await assert.rejects(ask(under, { tokens: ["no such token at all"] }), { code: "unknown-token" });
  await assert.rejects(
    ask(under, {
      input: {
        tokens: [
          [1, 2],
          [3, 4],
        ],
      },
    }),
    { code: "invalid-request" },
  );
});
