/** What must hold of sweeps whatever the weights: no-ops, full recovery, seeds, samples, alignment, order of removal. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Metric, SweepEvent, SweepRequest } from "@patchbay/contract";
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import { STORY, testEachService } from "../testing/each-service.ts";
import { fixtureService, storiesService } from "../testing/open-test-service.ts";
import { alignTokens } from "./align-tokens.ts";
import { meanInterval, studentQuantile } from "./statistics.ts";
import { sweep } from "./sweep.ts";
import { ask, plainMetric, sweepParts } from "./testing/sweep-fixture.ts";

const CLEAN = { tokens: [[0, 20, 21, 13, 20, 27, 60]] };
const CORRUPTED = { tokens: [[0, 20, 33, 13, 41, 27, 60]] };
const LONGER = { tokens: [[0, 20, 33, 33, 13, 41, 27, 60]] };
const DIFFERENCE: Metric = { kind: "logit-difference", token: 45, minus: 34 };
const denoise = { kind: "patching", direction: "denoise" } as const;

testEachService("patching clean into clean changes nothing, to the last bit", async (service) => {
  const input = { text: service.prompt };
  const metric = { kind: "logit-difference", token: service.token, minus: service.other } as const;
  const result = await ask(service, {
    clean: input,
    corrupted: input,
    method: denoise,
    panels: [
      { site: "resid_mid", by: ["layer", "position"] },
      { site: "z", by: ["layer", "head"] },
    ],
    metric,
  });
  for (const { raw, normalised } of result.panels) {
    for (const value of raw) assert.ok(Object.is(value, raw[0]) && value === result.panels[0]?.raw[0]);
    assert.ok(normalised.every((value) => value === null));
  }
  assert.equal(result.cost.rows, 0);
  assert.equal(result.warnings.length, 1);
});

test("restoring the whole stream restores the answer; the parts are shares of it", async (t) => {
  const service = await storiesService(t);
  if (service === undefined) return;
  const result = await ask(service, {
    clean: { text: STORY },
    corrupted: { text: STORY.replaceAll("Tom", "Tim") },
    method: denoise,
    panels: [
      { site: "resid_pre", by: ["layer"] },
      { site: "resid_post", by: ["layer", "position"] },
      { site: "layer", by: [] },
    ],
    metric: { kind: "logit-difference", token: " L", minus: " Tim" },
  });
  const [streams, posts, everything] = result.panels;
  for (const value of ensureDefined(streams).normalised) assert.ok(Math.abs(ensureDefined(value) - 1) < 1e-5);
  assert.ok(Math.abs(ensureDefined(posts?.normalised.at(-1)) - 1) < 1e-5, "the last position's final stream is all");
  // Everything that attention and MLPs add, without the embeddings: near the answer, not the answer.
  assert.ok(Math.abs(ensureDefined(everything?.normalised[0]) - 1) < 0.5);
});

test("noise: none at scale 0; a seed repeats it; samples give an interval that holds the mean", async () => {
  const service = await fixtureService("tiny-llama");
  const traced = (scale: number, seed: number) =>
    ask(service, {
      clean: CLEAN,
      method: denoise,
      panels: [{ site: "resid_post", by: ["layer", "position"] }],
      metric: DIFFERENCE,
      more: { corrupted: { kind: "noise", positions: [2, 3], scale, samples: 6, seed } },
    });
  const still = await traced(0, 1);
  assert.ok(Math.abs(ensureDefined(still.baselines.corrupted) - still.baselines.clean) < 1e-6);
  const [first, again, other] = [await traced(3, 1), await traced(3, 1), await traced(3, 2)];
  assert.deepEqual(first.panels, again.panels);
  assert.notDeepEqual(first.panels, other.panels);
  assert.equal(first.samples, 6);
  const panel = ensureDefined(first.panels[0]);
  panel.raw.forEach((value, i) => {
    const [low, high] = [ensureDefined(panel.interval?.low[i]), ensureDefined(panel.interval?.high[i])];
    assert.ok(low <= ensureDefined(value) + 1e-6 && ensureDefined(value) <= high + 1e-6);
  });
  // The last layer's stream at the last position is the answer, in every sample.
  assert.ok(Math.abs(ensureDefined(panel.normalised.at(-1)) - 1) < 1e-4);
});

test("Student's t: tabled values, and a mean with its interval", () => {
  assert.equal(studentQuantile(4), 2.776);
  assert.ok(Math.abs(studentQuantile(30) - 2.0423) < 1e-3);
  assert.ok(Math.abs(studentQuantile(120) - 1.9799) < 1e-3);
  const { low, high } = ensureDefined(meanInterval([1, 2, 3, 4, 5]));
  assert.ok(Math.abs((high - low) / 2 - (2.776 * Math.sqrt(2.5)) / Math.sqrt(5)) < 1e-9);
});

test("prompts of other length are aligned by what they share; what has no partner is left out and said", async () => {
  assert.deepEqual(alignTokens([1, 2, 3, 4], [1, 9, 2, 4, 4]), [
    [0, 0],
    [1, 2],
    [3, 3],
  ]);
  const service = await fixtureService("tiny-gpt2");
  const question = {
    clean: CLEAN,
    corrupted: LONGER,
    method: denoise,
    panels: [{ site: "resid_pre" as const, by: ["position" as const], layers: [1] }],
    metric: DIFFERENCE,
  };
  const result = await ask(service, question);
  const { raw } = ensureDefined(result.panels[0]);
  // Positions of the corrupted prompt: 2, 3 and 5 hold tokens that the clean one has not in that order.
  assert.deepEqual(
    raw.map((value) => value === null),
    [false, false, true, true, false, true, false, false],
  );
  assert.match(result.warnings.join(), /3 cells/);
  const partner = result.alignment?.find(([, corrupted]) => corrupted === 4)?.[0];
  const expected = await plainMetric(service, LONGER, DIFFERENCE, [
    {
      site: "blocks.1.hook_resid_pre",
      op: "replace",
      positions: [4],
      from: { input: CLEAN },
      fromPositions: [ensureDefined(partner)],
    },
  ]);
  assert.ok(Math.abs(ensureDefined(raw[4]) - expected) < 1e-5);
  const own = await ask(service, {
    ...question,
    more: { corrupted: { kind: "prompt", input: LONGER, alignment: [[6, 2]] } },
  });
  assert.equal(own.panels[0]?.raw.filter((value) => value !== null).length, 1);
});

test("examples: the mean of the sweeps of each, with an interval; positions from the end where lengths differ", async () => {
  const service = await fixtureService("tiny-llama");
  const common = { method: { kind: "ablation", how: "zero" } as const, metric: DIFFERENCE };
  const panels = [{ site: "mlp_out" as const, by: ["layer" as const, "position" as const], positions: [-1, -2] }];
  const inputs = [CLEAN, LONGER, CORRUPTED];
  const alone = await Promise.all(inputs.map((clean) => ask(service, { clean, panels, ...common })));
  const joint = await ask(service, {
    clean: CLEAN,
    panels,
    ...common,
    more: { examples: [{ input: LONGER }, { input: CORRUPTED }] },
  });
  const { raw, interval } = ensureDefined(joint.panels[0]);
  raw.forEach((value, i) => {
    const each = alone.map(({ panels: [panel] }) => ensureDefined(panel?.raw[i]));
    const expected = ensureDefined(meanInterval(each));
    assert.ok(Math.abs(ensureDefined(value) - (expected.low + expected.high) / 2) < 1e-6);
    assert.ok(Math.abs(ensureDefined(interval?.low[i]) - expected.low) < 1e-6);
  });
  await assert.rejects(
    ask(service, {
      clean: CLEAN,
      panels: [{ site: "mlp_out", by: ["position"] }],
      ...common,
      more: { examples: [{ input: LONGER }] },
    }),
    { code: "values-do-not-fit" },
  );
});

test("resampling takes each value from the reference text drawn for it", async () => {
  const service = await fixtureService("tiny-llama");
  const text = " w41 w7 w88 w2 w19 w33";
  const result = await ask(service, {
    clean: CLEAN,
    method: { kind: "ablation", how: "resample", samples: 3, reference: { texts: [text] } },
    panels: [{ site: "z", by: ["layer", "head"] }],
    metric: DIFFERENCE,
  });
  const expected = await plainMetric(service, CLEAN, DIFFERENCE, [
    { site: "blocks.0.attn.hook_z", op: "replace", units: [1], from: { input: { text } } },
  ]);
  assert.ok(Math.abs(ensureDefined(result.panels[0]?.raw[1]) - expected) < 1e-5);
  assert.deepEqual(result.reference, [text]);
});

test("greedy removal chooses what trying every set would choose", async () => {
  const service = await fixtureService("tiny-llama");
  for (const order of ["least", "most"] as const) {
    const result = await ask(service, {
      clean: CLEAN,
      method: { kind: "ablation", how: "zero", greedy: { steps: 3, order } },
      panels: [{ site: "z", by: ["layer", "head"] }],
      metric: DIFFERENCE,
    });
    const layers = ensureDefined(result.panels[0]).axes[0]?.values.length ?? 0;
    const all = Array.from({ length: layers * 4 }, (_, i) => ({ layer: Math.floor(i / 4), head: i % 4 }));
    const gone: number[] = [];
    // Three steps of one run a candidate that is left: from scratch, each sends the prompt through every block.
    const runs = all.length + (all.length - 1) + (all.length - 2);
    assert.equal(result.cost.blockTokensFromScratch, runs * ensureDefined(CLEAN.tokens[0]).length * layers);
    for (const step of ensureDefined(result.greedy)) {
      const values = new Map<number, number>();
      for (const candidate of all.keys()) {
        if (gone.includes(candidate)) continue;
        const removed = [...gone, candidate].map((i) => ensureDefined(all[i]));
        values.set(
          candidate,
          await plainMetric(
            service,
            CLEAN,
            DIFFERENCE,
            removed.map(({ layer, head }) => ({
              site: `blocks.${layer}.attn.hook_z`,
              op: "zero" as const,
              units: [head],
            })),
          ),
        );
      }
      const change = (value: number) => Math.abs(value - result.baselines.clean) * (order === "least" ? 1 : -1);
      const best = ensureDefined([...values].sort((a, b) => change(a[1]) - change(b[1]))[0]);
      assert.equal(step.index, best[0]);
      assert.ok(Math.abs(step.raw - best[1]) < 1e-5);
      gone.push(step.index);
    }
    assert.equal(gone.length, 3);
  }
});

test("events: a start, then every cell; what they say last is the result; chosen cells only", async () => {
  const service = await fixtureService("tiny-llama");
  const events: SweepEvent[] = [];
  const fractions: number[] = [];
  const request: SweepRequest = {
    model: service.name,
    input: CLEAN,
    corrupted: { kind: "prompt", input: CORRUPTED },
    method: denoise,
    panels: [{ site: "resid_pre", by: ["layer", "position"] }],
    metric: DIFFERENCE,
    cells: [
      { panel: 0, indices: [1, 4] },
      { panel: 0, indices: [0, 2] },
    ],
  };
  const controller = new AbortController();
  const result = await sweep(sweepParts(service), request, {
    signal: controller.signal,
    progress: (fraction, _, details) => {
      fractions.push(fraction);
      events.push(details as SweepEvent);
    },
  });
  const { raw } = ensureDefined(result.panels[0]);
  assert.deepEqual(
    raw.flatMap((value, i) => (value === null ? [] : [i])),
    [2, 11],
  );
  assert.equal(events[0]?.kind, "start");
  const told = new Map<number, number>();
  for (const event of events) {
    if (event.kind !== "cells") continue;
    for (const [i, index] of event.indices.entries()) told.set(index, ensureDefined(event.raw[i]));
  }
  assert.deepEqual(
    [...told].sort(([a], [b]) => a - b),
    [
      [2, raw[2]],
      [11, raw[11]],
    ],
  );
  assert.deepEqual(
    fractions,
    [...fractions].sort((a, b) => a - b),
  );
});

test("a cancelled sweep stops at the next batch", async () => {
  const service = await fixtureService("tiny-llama");
  const controller = new AbortController();
  let cells = 0;
  const { panels, ...request } = {
    model: service.name,
    input: CLEAN,
    corrupted: { kind: "prompt", input: CORRUPTED } as const,
    method: denoise,
    metric: DIFFERENCE,
    panels: [{ site: "resid_pre" as const, by: ["layer" as const, "position" as const] }],
  };
  const running = sweep(
    sweepParts(service),
    { ...request, panels },
    {
      signal: controller.signal,
      progress: (_, __, details) => {
        if ((details as SweepEvent).kind !== "cells") return;
        cells += 1;
        controller.abort();
      },
    },
  );
  await assert.rejects(running, { code: "cancelled" });
  assert.equal(cells, 1);
});

test("what cannot be swept is refused, with what would have been right", async () => {
  const service = await fixtureService("tiny-llama");
  const base = { clean: CLEAN, corrupted: CORRUPTED, method: denoise, metric: DIFFERENCE };
  const code = async (question: Parameters<typeof ask>[1]) => {
    try {
      await ask(service, question);
    } catch (error) {
      return error instanceof PatchbayError ? error.code : error;
    }
    return "accepted";
  };
  const z = { site: "z", by: ["layer", "head"] } as const;
  const panels = [{ ...z, by: [...z.by] }];
  assert.equal(await code({ ...base, panels: [{ site: "z", by: ["head"], heads: [4] }] }), "unit-out-of-range");
  assert.equal(await code({ ...base, panels: [{ site: "z", by: ["layer"], layers: [7] }] }), "layer-out-of-range");
  assert.equal(
    await code({ ...base, panels: [{ site: "z", by: ["position"], positions: [7] }] }),
    "position-out-of-range",
  );
  assert.equal(await code({ ...base, panels: [{ site: "mlp_out", by: ["head"] }] }), "invalid-request");
  assert.equal(await code({ ...base, panels, metric: { kind: "logit", token: " w1 w2" } }), "unknown-token");
  assert.equal(
    await code({ ...base, corrupted: LONGER, panels: [{ site: "pattern", by: ["layer", "head"] }] }),
    "values-do-not-fit",
  );
  assert.equal(await code({ ...base, corrupted: { tokens: [[90, 91]] }, panels }), "values-do-not-fit");
  assert.equal(await code({ clean: CLEAN, method: denoise, metric: DIFFERENCE, panels }), "invalid-request");
  assert.equal(await code({ ...base, method: { kind: "ablation", how: "zero" }, panels }), "invalid-request");
  assert.equal(
    await code({
      clean: CLEAN,
      method: { kind: "ablation", how: "mean" },
      metric: DIFFERENCE,
      panels: [{ site: "pattern", by: ["layer"] }],
    }),
    "invalid-request",
  );
  assert.equal(await code({ ...base, panels, more: { cells: [{ panel: 0, indices: [0, 9] }] } }), "invalid-request");
  assert.equal(
    await code({ ...base, panels, more: { corrupted: { kind: "noise", positions: [99] } } }),
    "position-out-of-range",
  );
});
