/** Sweeps of models that are neither Llama nor GPT-2: attention only, bidirectional, windows, ALiBi, without norms. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { SweepPanel, SweepSite } from "@patchbay/contract";
import { createRuntime } from "@patchbay/runtime";
import { describeModel, openTensorFolder, readModelConfig } from "@patchbay/transformer";
import { ensureDefined } from "@patchbay/vocabulary";
import { serve } from "../testing/open-test-service.ts";
import { wordTokenizer } from "../testing/word-tokenizer.ts";
import { ask, interventionsOf, plainMetric } from "./testing/sweep-fixture.ts";

const FOLDER = fileURLToPath(new URL("../../../../models/fixtures/hooked/", import.meta.url));
const CLEAN = { tokens: [[1, 5, 9, 4, 7]] };
const CORRUPTED = { tokens: [[1, 8, 9, 2, 7]] };
const LENGTH = 5;
const VARIANTS = [
  "attention-only",
  "attention-only-no-norm",
  "distance-bias",
  "distance-bias-bidirectional",
  "no-norm-bidirectional",
  "window",
  "solu-norm",
] as const;

for (const name of VARIANTS) {
  test(`${name}: every cell is what runs from scratch say`, async () => {
    const folder = path.join(FOLDER, name);
    const model = describeModel(await readModelConfig(folder), await openTensorFolder(folder), `hooked:${name}`);
    const engine = createRuntime({ threads: 1, memoryInBytes: 2 ** 30 }).open(model);
    const service = await serve(name, engine, wordTokenizer(model.shape.vocabulary), false, []);
    const sites: SweepSite[] = model.shape.neurons > 0 ? ["mlp_out", "neurons"] : [];
    const panels: SweepPanel[] = [
      ...(["resid_pre", "attn_out", ...sites] as SweepSite[]).map(
        (site): SweepPanel => ({ site, by: ["layer", "position"] }),
      ),
      ...(["z", "q", "k", "v", "pattern"] as SweepSite[]).map((site): SweepPanel => ({ site, by: ["layer", "head"] })),
    ];
    for (const metric of [
      { kind: "logit-difference", token: 3, minus: 2 } as const,
      { kind: "logit", token: 3, position: 3 } as const,
    ]) {
      for (const panel of panels) {
        const question = {
          clean: CLEAN,
          corrupted: CORRUPTED,
          method: { kind: "patching", direction: "denoise" } as const,
        };
        const result = await ask(service, { ...question, panels: [panel], metric });
        const { raw } = ensureDefined(result.panels[0]);
        for (const [index, value] of raw.entries()) {
          const what = () => ({ op: "replace", from: { input: CLEAN } });
          const interventions = interventionsOf(panel, result, index, what, LENGTH);
          const expected = await plainMetric(service, CORRUPTED, metric, interventions);
          const scale = Math.max(1, Math.abs(expected));
          assert.ok(
            Math.abs(ensureDefined(value) - expected) < 1e-5 * scale,
            `${panel.site} ${index}: ${value} for ${expected}`,
          );
        }
      }
    }
  });
}
