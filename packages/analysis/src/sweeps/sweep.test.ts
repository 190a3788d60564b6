/** Every cell against the same edit in a run of its own. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Metric, SweepPanel, SweepSite } from "@patchbay/contract";
import { ensureDefined } from "@patchbay/vocabulary";
import { fixtureService } from "../testing/open-test-service.ts";
import { ask, interventionsOf, plainMetric, REFERENCE_TEXTS } from "./testing/sweep-fixture.ts";

const CLEAN = { tokens: [[0, 20, 21, 13, 20, 27, 60]] };
const CORRUPTED = { tokens: [[0, 20, 33, 13, 41, 27, 60]] };
const LENGTH = 7;
const DIFFERENCE: Metric = { kind: "logit-difference", token: 45, minus: 34 };
const METRICS: readonly Metric[] = [DIFFERENCE, { ...DIFFERENCE, position: 5 }, { kind: "loss" }];
/** A batch of other shape rounds otherwise: a few units in the last place of logits of order 1. */
const ROUNDING = 1e-5;

const PANELS: SweepPanel[] = [
  ...(["resid_pre", "resid_mid", "resid_post", "attn_out", "mlp_out", "neurons", "layer"] as SweepSite[]).map(
    (site): SweepPanel => ({ site, by: ["layer", "position"] }),
  ),
  { site: "mlp_out", by: ["layer", "position"], window: 2 },
  ...(["q", "k", "v", "z", "pattern"] as SweepSite[]).flatMap((site): SweepPanel[] => [
    { site, by: ["layer", "head"] },
    { site, by: ["position", "layer", "head"] },
  ]),
  { site: "pattern", by: ["layer", "head", "position", "key"] },
];

function nameOfPanel({ site, by, window }: SweepPanel): string {
  return `${site} by ${by.join(", ")}${window === undefined ? "" : ` in windows of ${window}`}`;
}

for (const name of ["tiny-llama", "tiny-gpt2"] as const) {
  for (const panel of PANELS) {
    test(`${name}: patching ${nameOfPanel(panel)} is what runs from scratch say`, async () => {
      const service = await fixtureService(name);
      for (const direction of ["denoise", "noise"] as const) {
        for (const metric of METRICS) {
          // Other metrics take the same road to the other run's end.
          if (metric !== DIFFERENCE && direction === "noise") continue;
          const [base, other] = direction === "denoise" ? [CORRUPTED, CLEAN] : [CLEAN, CORRUPTED];
          const result = await ask(service, {
            clean: CLEAN,
            corrupted: CORRUPTED,
            method: { kind: "patching", direction },
            panels: [panel],
            metric,
          });
          const { raw } = ensureDefined(result.panels[0]);
          const step = raw.length > 60 ? 7 : raw.length > 24 && metric !== DIFFERENCE ? 3 : 1;
          for (let index = 0; index < raw.length; index += step) {
            const what = () => ({ op: "replace", from: { input: other } });
            const interventions = interventionsOf(panel, result, index, what, LENGTH);
            const expected = await plainMetric(service, base, metric, interventions);
            const value = ensureDefined(raw[index]);
            assert.ok(Math.abs(value - expected) < ROUNDING, `${direction} cell ${index}: ${value} for ${expected}`);
          }
          assert.ok(
            raw.some(
              (value) =>
                Math.abs(
                  (value ?? 0) - (direction === "denoise" ? (result.baselines.corrupted ?? 0) : result.baselines.clean),
                ) > 1e-4,
            ),
            "something has an effect",
          );
        }
      }
    });
  }

  test(`${name}: ablations are what runs from scratch say`, async () => {
    const service = await fixtureService(name);
    const panels: SweepPanel[] = [
      { site: "z", by: ["layer", "head"] },
      { site: "layer", by: ["layer"] },
      { site: "mlp_out", by: ["layer"] },
    ];
    for (const panel of panels) {
      for (const how of ["zero", "mean"] as const) {
        const result = await ask(service, {
          clean: CLEAN,
          method: { kind: "ablation", how },
          panels: [panel],
          metric: DIFFERENCE,
        });
        const { raw, normalised } = ensureDefined(result.panels[0]);
        assert.deepEqual(result.reference, how === "zero" ? [] : REFERENCE_TEXTS);
        for (const [index, value] of raw.entries()) {
          const what = () => (how === "zero" ? { op: "zero" } : { op: "mean", reference: { texts: REFERENCE_TEXTS } });
          const interventions = interventionsOf(panel, result, index, what, LENGTH);
          const expected = await plainMetric(service, CLEAN, DIFFERENCE, interventions);
          assert.ok(
            Math.abs(ensureDefined(value) - expected) < ROUNDING,
            `${how} ${panel.site} ${index}: ${value} for ${expected}`,
          );
          assert.ok(Math.abs(ensureDefined(normalised[index]) - (expected - result.baselines.clean)) < 2 * ROUNDING);
        }
      }
    }
  });
}
