import assert from "node:assert/strict";
import { test } from "node:test";
import { ensureDefined } from "@patchbay/vocabulary";
import { fixtureService, storiesService, UNDISTURBED } from "../testing/open-test-service.ts";
import { areaUnder, deletionCurve, fallingOrder } from "./deletion-curve.ts";
import { partsOf } from "./testing/parts.ts";

test("orders fall, ties by position; areas are trapezoids", () => {
  assert.deepEqual(fallingOrder([1, 2, 3, 4], [9, 0.5, 2, 2, -1]), [2, 3, 1, 4]);
  assert.equal(areaUnder([1, 0]), 0.5);
  assert.equal(areaUnder([1, 1, 1]), 1);
  assert.equal(areaUnder([1, 0, 0]), 0.25);
});

test("curves begin with the run and end with the same nothing, whatever the order", async () => {
  for (const name of ["tiny-llama", "tiny-gpt2"] as const) {
    const under = await fixtureService(name);
    const prompts = [{ text: " w20 w21 w13 w20 w27", token: " w45" }, { text: " w5 w4" }];
    const result = await deletionCurve(partsOf(under), { model: name, prompts, draws: 2 }, UNDISTURBED);
    const [first, ...others] = result.curves.map(({ probability }) => probability);
    for (const other of others) {
      assert.equal(other[0], first?.[0]);
      assert.ok(Math.abs(ensureDefined(other.at(-1)) - ensureDefined(first?.at(-1))) < 1e-6);
    }
    const { result: run } = await under.service.run(
      {
        model: name,
        input: { text: " w20 w21 w13 w20 w27" },
        interventions: [{ site: "hook_embed", positions: [1, 2, 3, 4, 5], op: "zero" }],
        compute: { logits: { tokens: [" w45"] } },
      },
      UNDISTURBED,
    );
    const zeroed = await deletionCurve(
      partsOf(under),
      { model: name, prompts: prompts.slice(0, 1), draws: 1, baseline: "zero" },
      UNDISTURBED,
    );
    const expected = ensureDefined(run.results.logits?.tracked?.probabilities.data[0]);
    const actual = ensureDefined(zeroed.curves[0]?.probability.at(-1));
    assert.ok(Math.abs(actual - expected) < 1e-6, `${actual} for ${expected}`);
  }
});

test("stories-15m: deleting by decomposition takes the answer away sooner than by gradient × input", async (t) => {
  const under = await storiesService(t);
  if (under === undefined) return;
  const result = await deletionCurve(partsOf(under), { model: under.name, draws: 1 }, UNDISTURBED);
  const area = (method: string) => ensureDefined(result.curves.find((curve) => curve.method === method)).area;
  assert.ok(area("decomposition") < 0.75 * area("gradient-times-input"), JSON.stringify(result.curves));
  assert.ok(area("gradient-times-input") < area("random"));
  assert.ok(result.wins > result.prompts.length / 2);
});
