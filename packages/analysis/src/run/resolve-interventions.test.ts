/** Interventions as people write them equal the same edits worked out by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Intervention } from "@patchbay/contract";
import { siteKindsOf } from "@patchbay/transformer";
import { describeSite, ensureDefined, siteName, type Tensor } from "@patchbay/vocabulary";
import { assertNear } from "../testing/distribution.ts";
import { type ServiceUnderTest, testEachService } from "../testing/each-service.ts";
import { fixtureService, type TestService, UNDISTURBED } from "../testing/open-test-service.ts";

async function logits(
  { service, name }: TestService,
  tokens: number[][],
  interventions: Intervention[],
): Promise<Float32Array> {
  const compute = { logits: { positions: "all", full: true } } as const;
  const { tensors } = await service.run({ model: name, input: { tokens }, interventions, compute }, UNDISTURBED);
  return ensureDefined(tensors.get("results/logits/full")).data;
}

async function capture(
  { service, name }: TestService,
  tokens: number[][],
  site: string,
  interventions: Intervention[] = [],
): Promise<Tensor> {
  const compute = { capture: [{ site }], logits: {} };
  const { tensors } = await service.run({ model: name, input: { tokens }, interventions, compute }, UNDISTURBED);
  return ensureDefined(tensors.get("results/capture/0/values"));
}

function idsOf({ tokenizer, prompt }: ServiceUnderTest): number[] {
  return tokenizer.encode(prompt, { prependBos: true }).map(({ id }) => id);
}

function assertSame(actual: Float32Array, expected: Float32Array, what: string): void {
  const size = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
  expected.forEach((value, i) => {
    assertNear(actual[i], value, 5e-6 * size, what);
  });
}

function assertDifferent(actual: Float32Array, expected: Float32Array, what: string): void {
  assert.ok(
    actual.some((value, i) => Math.abs(value - (expected[i] ?? 0)) > 1e-4),
    what,
  );
}

testEachService("mean is the mean over the positions after BOS, of the run itself or of a reference", async (under) => {
  const tokens = idsOf(under);
  const site = siteName("mlp.hook_post", 1);
  const { neurons } = under.engine.model.shape;
  const meanOf = async (rows: number[][], units: number[]) => {
    let count = 0;
    const sums = units.map(() => 0);
    for (const row of rows) {
      const { data } = await capture(under, [row], site);
      for (let position = 1; position < row.length; position++) {
        count += 1;
        units.forEach((unit, u) => {
          sums[u] = (sums[u] ?? 0) + (data[position * neurons + unit] ?? Number.NaN);
        });
      }
    }
    return sums.map((sum) => sum / count);
  };
  const units = [5, 2, 9];
  const own: Intervention = { site, units, positions: [2, -1], op: "mean" };
  const byHand: Intervention = {
    site,
    units,
    positions: [2, tokens.length - 1],
    op: "replace",
    values: await meanOf([tokens], units),
  };
  const { service, name, prompt } = under;
  const compute = { logits: { positions: "all", full: true } } as const;
  const { tensors } = await service.run(
    { model: name, input: { text: prompt }, interventions: [own], compute },
    UNDISTURBED,
  );
  const written = ensureDefined(tensors.get("results/logits/full")).data;
  assertSame(written, await logits(under, [tokens], [byHand]), "the run's own mean");
  assertDifferent(written, await logits(under, [tokens], []), "it acts");

  const texts = [prompt, `${prompt}${under.token}`];
  const rows = texts.map((text) => under.tokenizer.encode(text, { prependBos: true }).map(({ id }) => id));
  const reference: Intervention = { site, units, op: "mean", reference: { texts } };
  const referenceByHand: Intervention = { site, units, op: "replace", values: await meanOf(rows, units) };
  assertSame(
    await logits(under, [tokens], [reference]),
    await logits(under, [tokens], [referenceByHand]),
    "a reference's mean",
  );
});

testEachService("replacing from another run equals replacing with the values that it has there", async (under) => {
  const tokens = idsOf(under);
  const source = [...tokens].reverse();
  const position = tokens.length - 2;
  for (const kind of siteKindsOf(under.engine.model.shape)) {
    const { stage, axes, unitAxis, detailAxis } = describeSite(kind);
    const site = siteName(kind, stage === "block" ? 1 : undefined);
    const value = await capture(under, [source], site);
    const stride = (axis: string) =>
      value.shape.slice((axes as readonly string[]).indexOf(axis) + 1).reduce((a, b) => a * b, 1);
    const lengthOf = (axis: string) => ensureDefined(value.shape[(axes as readonly string[]).indexOf(axis)]);
    const units = unitAxis === "norm" ? [0] : [1, 0];
    const details = detailAxis === undefined ? [0] : Array.from({ length: lengthOf(detailAxis) }, (_, i) => i);
    const values = units.flatMap((unit) =>
      details.map((detail) => {
        const place = position * stride(describeSite(kind).positionAxis) + unit * stride(unitAxis);
        return ensureDefined(value.data[place + (detailAxis === undefined ? 0 : detail * stride(detailAxis))]);
      }),
    );
    const from: Intervention = {
      site,
      units,
      positions: [position],
      op: "replace",
      from: { input: { tokens: [source] } },
    };
    const patched = await logits(under, [tokens], [from]);
    // A masked score is −∞, which a request cannot say: those keys are left out.
    const keys = details.filter((_, i) => Number.isFinite(values[i]));
    const byHand: Intervention = {
      site,
      units,
      positions: [position],
      ...(detailAxis === "key" ? { dimensions: keys } : {}),
      op: "replace",
      values: values.filter(Number.isFinite),
    };
    assertSame(patched, await logits(under, [tokens], [byHand]), site);
  }
});

testEachService(
  "fromPositions lines positions up, and the other run may have interventions of its own",
  async (under) => {
    const tokens = idsOf(under);
    const source = tokens.slice(0, 5);
    const site = siteName("hook_resid_post", 0);
    const width = under.engine.model.shape.residualWidth;
    const nested: Intervention = { site: siteName("mlp.hook_post", 0), units: [1], op: "set", value: 5 };
    const value = await capture(under, [source], site, [nested]);
    const at = (position: number) => Array.from(value.data.subarray(position * width, (position + 1) * width));
    const from: Intervention = {
      site,
      positions: [6, -1],
      op: "replace",
      from: { input: { tokens: [source] }, interventions: [nested] },
      fromPositions: [4, -4],
    };
    const byHand: Intervention = {
      site,
      positions: [6, tokens.length - 1],
      op: "replace",
      values: [...at(4), ...at(1)],
    };
    assertSame(await logits(under, [tokens], [from]), await logits(under, [tokens], [byHand]), "patched");
    await assert.rejects(logits(under, [tokens], [{ ...from, fromPositions: [1] }]), { code: "values-do-not-fit" });
    await assert.rejects(logits(under, [tokens], [{ ...from, fromPositions: [1, 5] }]), {
      code: "position-out-of-range",
    });
  },
);

testEachService("each row of a batch takes the row of the other run", async (under) => {
  const tokens = idsOf(under);
  const [rows, sources] = [
    [tokens, [...tokens].reverse()],
    [[...tokens].reverse(), tokens.map((id) => id + 1)],
  ];
  const from = (source: number[][]): Intervention => ({
    site: siteName("hook_resid_mid", 1),
    positions: [3],
    op: "replace",
    from: { input: { tokens: source } },
  });
  const together = await logits(under, rows, [from(sources)]);
  for (const [row, sequence] of rows.entries()) {
    const alone = await logits(under, [sequence], [from([ensureDefined(sources[row])])]);
    assertSame(together.subarray(row * alone.length, (row + 1) * alone.length), alone, `row ${row}`);
  }
});

test("add takes a direction with a coefficient; zero and scale are their own words", async () => {
  const under = await fixtureService("tiny-gpt2");
  const tokens = [[3, 14, 15, 92, 65]];
  const site = "blocks.1.hook_resid_mid";
  const values = [1, -2, 0.5];
  const units = [4, 8, 6];
  const same = async (a: Intervention[], b: Intervention[], what: string) =>
    assertSame(await logits(under, tokens, a), await logits(under, tokens, b), what);
  await same(
    [{ site, units, op: "add", values, coefficient: -3 }],
    values.map((value, i): Intervention => ({ site, units: [units[i] ?? 0], op: "add", value: -3 * value })),
    "a direction",
  );
  await same([{ site, units, op: "zero" }], [{ site, units, op: "set", value: 0 }], "zero");
  await same([{ site, units, op: "scale", value: 0 }], [{ site, units, op: "zero" }], "scaled by nothing");
  await same(
    [{ site: "blocks.0.attn.hook_z", heads: [2], op: "zero" }],
    [{ site: "blocks.0.attn.hook_z", units: [2], op: "zero" }],
    "heads",
  );
  await same([{ site, op: "zero", positions: "last" }], [{ site, op: "zero", positions: [-1] }], "last");
});

test("what cannot be meant is refused, with its place in the list", async () => {
  const under = await fixtureService("tiny-llama");
  const site = "blocks.0.mlp.hook_post";
  const tokens = [[1, 2, 3]];
  const cases: [Intervention, string][] = [
    [{ site, op: "set", value: Number.POSITIVE_INFINITY }, "not-finite"],
    [{ site, op: "set", value: 1e39 }, "not-finite"],
    [{ site, op: "replace", units: [1, 2], values: [1, 2, 3] }, "values-do-not-fit"],
    [{ site, op: "replace", units: [1], values: [Number.NaN] }, "not-finite"],
    [{ site, op: "replace", units: [1] }, "invalid-request"],
    [{ site, op: "add" }, "invalid-request"],
    [{ site, op: "add", value: 1, values: [1] }, "invalid-request"],
    [{ site, op: "zero", heads: [0] }, "invalid-request"],
    [{ site, op: "zero", units: [0], heads: [0] }, "invalid-request"],
    [{ site, op: "zero", dimensions: [0] }, "invalid-request"],
    [{ site, op: "zero", units: [48] }, "unit-out-of-range"],
    [{ site, op: "zero", positions: [-4] }, "position-out-of-range"],
    [{ site, op: "zero", positions: [3] }, "position-out-of-range"],
    [{ site, op: "zero", positions: "generated" }, "intervention-matches-nothing"],
    [{ site, op: "zero", rows: [1] }, "row-out-of-range"],
    [{ site: "blocks.3.mlp.hook_post", op: "zero" }, "layer-out-of-range"],
    [{ site: "hook_pos_embed", op: "zero" }, "unknown-site"],
    [{ site: "blocks.0.mlp.hook_pots", op: "zero" }, "unknown-site"],
    [{ site: "blocks.0.attn.hook_pattern", op: "mean" }, "invalid-request"],
    [{ site, op: "set", value: 1, unit: "maximum" }, "invalid-request"],
    [
      { site: "blocks.0.attn.hook_pattern", op: "replace", from: { input: { tokens: [[1, 2]] } }, positions: [1] },
      "values-do-not-fit",
    ],
  ];
  const harmless: Intervention = { site, op: "scale", value: 1 };
  for (const [intervention, code] of cases) {
    await assert.rejects(
      logits(under, tokens, [harmless, intervention]),
      (error: { code: string; facts: { at?: string } }) => {
        assert.equal(error.code, code, `${JSON.stringify(intervention)}: ${String(error)}`);
        assert.match(error.facts.at ?? "", /^interventions\/1/);
        return true;
      },
    );
  }
});
