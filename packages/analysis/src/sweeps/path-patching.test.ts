/** Paths against the three runs that define them, made one by one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Intervention, Metric, SweepReceiver } from "@patchbay/contract";
import { ensureDefined } from "@patchbay/vocabulary";
import { fixtureService, UNDISTURBED } from "../testing/open-test-service.ts";
import { ask, plainMetric } from "./testing/sweep-fixture.ts";

const CLEAN = { tokens: [[0, 20, 21, 13, 20, 27, 60]] };
const CORRUPTED = { tokens: [[0, 20, 33, 13, 41, 27, 60]] };
const DIFFERENCE: Metric = { kind: "logit-difference", token: 45, minus: 34 };

for (const name of ["tiny-llama", "tiny-gpt2"] as const) {
  for (const mlps of ["recompute", "freeze"] as const) {
    test(`${name}: a head's path to the logits, to queries, values and an MLP (${mlps} MLPs)`, async () => {
      const service = await fixtureService(name);
      const { layers } = service.engine.model.shape;
      const top = layers - 1;
      /** The clean run with head (0, 1) as in the corrupted one and all other attention held. */
      const held: Intervention[] = [
        { site: "blocks.0.attn.hook_z", op: "replace", units: [1], from: { input: CORRUPTED } },
        ...Array.from(
          { length: top },
          (_, i): Intervention => ({ site: `blocks.${i + 1}.hook_attn_out`, op: "replace", from: { input: CLEAN } }),
        ),
        ...(mlps === "recompute"
          ? []
          : Array.from(
              { length: layers },
              (_, i): Intervention => ({ site: `blocks.${i}.hook_mlp_out`, op: "replace", from: { input: CLEAN } }),
            )),
      ];
      const swept = async (receiver: SweepReceiver) => {
        const result = await ask(service, {
          clean: CLEAN,
          corrupted: CORRUPTED,
          method: { kind: "path", receivers: [receiver], mlps },
          panels: [{ site: "z", by: ["layer", "head"] }],
          metric: DIFFERENCE,
        });
        return {
          result,
          value: ensureDefined(result.panels[0]?.raw[1]),
          lastLayer: ensureDefined(result.panels[0]?.raw.at(-1)),
        };
      };
      const close = (a: number, b: number, what: string) => assert.ok(Math.abs(a - b) < 1e-5, `${what}: ${a} for ${b}`);

      const direct = await swept({ site: "logits" });
      close(direct.value, await plainMetric(service, CLEAN, DIFFERENCE, held), "logits");

      for (const [receiver, site] of [
        [{ site: "q", layer: top, head: 2 }, `blocks.${top}.attn.hook_q`],
        [{ site: "v", layer: top, head: 1 }, `blocks.${top}.attn.hook_v`],
        [{ site: "mlp_in", layer: top }, `blocks.${top}.ln2.hook_normalized`],
      ] as const) {
        const { result, value, lastLayer } = await swept(receiver);
        const { tensors } = await service.service.run(
          {
            model: name,
            input: CLEAN,
            interventions: held,
            compute: { capture: [{ site, ...("head" in receiver ? { units: [receiver.head] } : {}) }] },
          },
          UNDISTURBED,
        );
        const values = [...ensureDefined(tensors.get("results/capture/0/values")).data];
        const set: Intervention = {
          site,
          op: "replace",
          values,
          ...("head" in receiver ? { units: [receiver.head] } : {}),
        };
        const expected = await plainMetric(service, CLEAN, DIFFERENCE, [set]);
        close(value, expected, receiver.site);
        assert.ok(Math.abs(expected - result.baselines.clean) > 1e-5, `${receiver.site}: the path does something`);
        if (receiver.site !== "mlp_in") assert.equal(lastLayer, Number(result.baselines.clean.toPrecision(9)));
      }
    });
  }
}

test("a path needs senders that add to the stream and receivers that exist", async () => {
  const service = await fixtureService("tiny-llama");
  const paths = (receivers: SweepReceiver[], site: "z" | "q") =>
    ask(service, {
      clean: CLEAN,
      corrupted: CORRUPTED,
      method: { kind: "path", receivers },
      panels: [{ site, by: ["layer", "head"] }],
      metric: DIFFERENCE,
    });
  await assert.rejects(paths([{ site: "q", layer: 1, head: 9 }], "z"), { code: "unit-out-of-range" });
  await assert.rejects(paths([{ site: "k" }], "z"), { code: "layer-out-of-range" });
  await assert.rejects(paths([{ site: "logits" }, { site: "q", layer: 1 }], "z"), { code: "invalid-request" });
  await assert.rejects(paths([{ site: "logits" }], "q"), { code: "invalid-request" });
});
