/**
 * Gradients against central differences of the same engine's metric, the site moved by an edit. The engine is float32: a
 * metric of size 1 carries some 1e-6 of rounding, which a step of 1e-2 turns into 1e-4; the third derivative adds about as
 * much. 3e-3 of the largest derivative, and 2e-4, are allowed.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Metric } from "@patchbay/contract";
import { type Engine, type SiteEdit, siteKindsOf } from "@patchbay/transformer";
import { describeSite, ensureDefined, nameOf, PatchbayError, type Site, type Tensor } from "@patchbay/vocabulary";
import { metricValues, referenceLogits } from "../metrics/metric-values.ts";
import { resolveMetric } from "../metrics/resolve-metric.ts";
import { fixtureService, UNDISTURBED } from "../testing/open-test-service.ts";
import { type GradientRequest, gradientsOf } from "./gradients-of.ts";

const { signal } = UNDISTURBED;
const TOKENS = [
  [1, 5, 9, 13, 2],
  [1, 6, 2, 13, 7],
];
const FAMILIES = ["tiny-llama", "tiny-gpt2"] as const;
const STEP = 1e-2;

/** The metric of every row, under the request's edits and one more. */
async function metricUnder(engine: Engine, request: GradientRequest, edits: readonly SiteEdit[]) {
  const final = edits.filter(({ site }) => describeSite(site.kind).stage === "unembed");
  assert.equal(final.length, 0);
  const { residual } = await engine.forward({ ...request, reads: [], edits: [...(request.edits ?? []), ...edits] });
  const { metric, tokens, reference } = request;
  return metricValues(engine, metric, { residual, tokens, ...(reference === undefined ? {} : { reference }) }, signal);
}

function wave(i: number, phase: number): number {
  return Math.sin(1.7 * i + phase * 2.3 + 0.4);
}

/** Compares along `directions` ways of moving the site in row 1, and that row 0 does not notice. */
async function compare(engine: Engine, request: GradientRequest, site: Site, gradient: Tensor, directions = 5) {
  const perRow = gradient.data.length / TOKENS.length;
  const own = gradient.data.subarray(perRow, 2 * perRow);
  const { axes } = describeSite(site.kind);
  assert.deepEqual(gradient.axes, axes);
  const toPlace = placesOf(gradient, axes, describeSite(site.kind).positionAxis);
  const size = Math.sqrt(own.reduce((sum, value) => sum + value * value, 0));
  const pairs: { expected: number; actual: number }[] = [];
  for (let direction = 0; direction < directions; direction++) {
    const way = Float32Array.from(
      own,
      (value, i) => wave(i, direction) * 0.3 + (direction === 0 ? value / (size || 1) : 0),
    );
    const moved = async (step: number) => {
      const offset = new Float32Array(way.length);
      way.forEach((value, i) => {
        offset[toPlace[i] ?? 0] = step * value;
      });
      const all = { positions: "all", units: "all", dimensions: "all" } as const;
      return metricUnder(engine, request, [{ ...all, site, rows: [1], scale: 1, offset }]);
    };
    const [above, below] = [await moved(STEP), await moved(-STEP)];
    assert.equal(above[0], below[0], `${nameOf(site)}: another row's metric`);
    pairs.push({
      expected: ((above[1] ?? 0) - (below[1] ?? 0)) / (2 * STEP),
      actual: own.reduce((sum, value, i) => sum + (Number.isFinite(value) ? value * (way[i] ?? 0) : 0), 0),
    });
  }
  const largest = Math.max(...pairs.map(({ expected }) => Math.abs(expected)));
  for (const { expected, actual } of pairs) {
    assert.ok(
      Math.abs(actual - expected) <= 3e-3 * largest + 2e-4,
      `${nameOf(site)}: ${actual}, difference quotient ${expected}`,
    );
  }
  return largest;
}

/** Where element i of a row stands in an edit's order: position, unit, dimension. */
function placesOf({ shape }: Tensor, axes: readonly string[], positionAxis: string): number[] {
  const lengths = shape.slice(1);
  const at = axes.indexOf(positionAxis) - 1;
  const count = lengths.reduce((a, b) => a * b, 1);
  return Array.from({ length: count }, (_, i) => {
    const indices: number[] = [];
    let rest = i;
    for (const length of lengths.toReversed()) {
      indices.unshift(rest % length);
      rest = Math.floor(rest / length);
    }
    const order = [at, ...lengths.map((_, axis) => axis).filter((axis) => axis !== at)];
    return order.reduce((sum, axis) => sum * (lengths[axis] ?? 1) + (indices[axis] ?? 0), 0);
  });
}

function sitesOf({ model: { shape } }: Engine): Site[] {
  return siteKindsOf(shape)
    .filter((kind) => describeSite(kind).stage !== "unembed")
    .flatMap((kind): Site[] =>
      describeSite(kind).stage === "embed"
        ? [{ kind }]
        : Array.from({ length: shape.layers }, (_, layer) => ({ kind, layer })),
    );
}

async function requestFor(engine: Engine, metric: Metric, sites: readonly Site[], edits: readonly SiteEdit[] = []) {
  const { tokenizer } = await fixtureService("tiny-llama");
  const resolved = resolveMetric({ tokenizer, engine }, metric, { length: 5 });
  const { residual } = await engine.forward({ tokens: [[1, 3, 3, 3, 3]] });
  const reference = await referenceLogits(engine, resolved, residual, signal);
  return { tokens: TOKENS, metric: resolved, sites, edits, ...(reference === undefined ? {} : { reference }) };
}

for (const name of FAMILIES) {
  test(`${name}: gradients at every site are the difference quotients`, async () => {
    const { engine } = await fixtureService(name);
    const sites = sitesOf(engine);
    const request = await requestFor(engine, { kind: "logit-difference", token: 7, minus: 3 }, sites);
    const { gradients, metric } = await gradientsOf(engine, request, signal);
    assert.deepEqual([...metric], [...(await metricUnder(engine, request, []))]);
    let moved = 0;
    for (const [i, site] of sites.entries()) {
      if ((await compare(engine, request, site, ensureDefined(gradients[i]), 3)) > 0.01) moved += 1;
    }
    assert.ok(moved > sites.length / 2, `${moved} of ${sites.length} sites move the metric`);
  });

  test(`${name}: every metric`, async () => {
    const { engine } = await fixtureService(name);
    const sites: Site[] = [{ kind: "hook_embed" }, { kind: "hook_mlp_out", layer: 0 }];
    const metrics: Metric[] = [
      { kind: "logit", token: 4, position: 2 },
      { kind: "logit-difference", token: 7, minus: 3 },
      { kind: "log-probability", token: 7 },
      { kind: "loss" },
      { kind: "kl", position: 3 },
    ];
    for (const each of metrics) {
      const request = await requestFor(engine, each, sites);
      const { gradients } = await gradientsOf(engine, request, signal);
      for (const [i, site] of sites.entries()) {
        assert.ok((await compare(engine, request, site, ensureDefined(gradients[i]))) > 1e-3, each.kind);
      }
    }
    // A probability moves little: its gradient is p times that of its logarithm.
    const [logarithm, plain] = await Promise.all(
      (["log-probability", "probability"] as const).map(async (kind) =>
        gradientsOf(engine, await requestFor(engine, { kind, token: 7 }, sites), signal),
      ),
    );
    const perRow = ensureDefined(plain?.gradients[0]).data.length / 2;
    plain?.gradients[0]?.data.forEach((value, i) => {
      const expected = (plain.metric[Math.floor(i / perRow)] ?? 0) * (logarithm?.gradients[0]?.data[i] ?? 0);
      assert.ok(Math.abs(value - expected) <= 1e-5 * Math.abs(expected) + 1e-8, `${value} for ${expected}`);
    });
  });

  test(`${name}: through edits, and from a stream of our own`, async () => {
    const { engine } = await fixtureService(name);
    const all = { rows: "all", positions: "all", units: "all", dimensions: "all" } as const;
    const edits: SiteEdit[] = [
      { ...all, site: { kind: "attn.hook_z", layer: 1 }, units: [1], scale: 0, offset: 0.3 },
      {
        ...all,
        site: { kind: "mlp.hook_post", layer: 0 },
        units: [0, 3, 5],
        positions: [1, 2],
        scale: -2,
        offset: 0.1,
      },
      // Twice at one place: the second edit acts on what the first left.
      { ...all, site: { kind: "mlp.hook_pre", layer: 0 }, positions: [2], scale: 0.5, offset: 0.4 },
      { ...all, site: { kind: "mlp.hook_pre", layer: 0 }, positions: [2], scale: 3, offset: -0.2 },
      { ...all, site: { kind: "attn.hook_attn_scores", layer: 0 }, units: [0], positions: [3], scale: 0.5, offset: 1 },
      { ...all, site: { kind: "hook_resid_post", layer: 1 }, rows: [1], positions: [4], scale: 0.5, offset: 0.2 },
      { ...all, site: { kind: "hook_embed" }, positions: [0], scale: 2, offset: 0 },
    ];
    const sites: Site[] = [
      { kind: "hook_resid_pre", layer: 0 },
      { kind: "attn.hook_z", layer: 1 },
      { kind: "mlp.hook_pre", layer: 0 },
      { kind: "hook_resid_post", layer: 1 },
    ];
    const request = await requestFor(engine, { kind: "logit-difference", token: 7, minus: 3 }, sites, edits);
    const { gradients, metric } = await gradientsOf(engine, request, signal);
    assert.deepEqual([...metric], [...(await metricUnder(engine, request, []))]);
    for (const [i, site] of sites.entries()) await compare(engine, request, site, ensureDefined(gradients[i]), 3);

    const { residual } = await engine.forward({ tokens: TOKENS, until: 1 });
    const stream = { ...residual, data: residual.data.map((value, i) => value + 0.2 * wave(i, 1)) };
    const later = {
      ...request,
      edits: edits.slice(0, 1),
      sites: sites.slice(1, 2),
      from: { layer: 1, residual: stream },
    };
    const from = await gradientsOf(engine, later, signal);
    await compare(engine, later, ensureDefined(sites[1]), ensureDefined(from.gradients[0]), 3);
  });
}

test("values come with the gradients, and a head's result has the gradient of the sum", async () => {
  const { engine } = await fixtureService("tiny-gpt2");
  const sites: Site[] = [
    { kind: "attn.hook_result", layer: 0 },
    { kind: "hook_attn_out", layer: 0 },
  ];
  const values: Site[] = [
    { kind: "mlp.hook_post", layer: 1 },
    { kind: "hook_resid_pre", layer: 0 },
  ];
  const request = await requestFor(engine, { kind: "logit", token: 4 }, sites);
  const { gradients, values: read } = await gradientsOf(engine, { ...request, values }, signal);
  const { reads } = await engine.forward({ tokens: TOKENS, reads: values.map((site) => ({ site })) });
  for (const [i, value] of read.entries()) {
    value.data.forEach((entry, at) => {
      assert.ok(Math.abs(entry - (reads[i]?.data[at] ?? 0)) < 1e-6);
    });
  }
  const [result, sum] = [ensureDefined(gradients[0]), ensureDefined(gradients[1])];
  const [, , heads = 0, width = 0] = result.shape;
  result.data.forEach((entry, at) => {
    const row = Math.floor(at / (heads * width));
    assert.equal(entry, sum.data[row * width + (at % width)]);
  });
});

test("sites without a gradient are refused, and a cancelled walk stops", async () => {
  const { engine } = await fixtureService("tiny-llama");
  const code = async (sites: readonly Site[], given = signal) => {
    try {
      await gradientsOf(engine, await requestFor(engine, { kind: "logit", token: 4 }, sites), given);
    } catch (error) {
      return error instanceof PatchbayError ? error.code : error;
    }
    return "accepted";
  };
  assert.equal(await code([{ kind: "ln_final.hook_scale" }]), "invalid-request");
  assert.equal(await code([{ kind: "hook_pos_embed" }]), "unknown-site");
  assert.equal(await code([{ kind: "attn.hook_z", layer: 9 }]), "layer-out-of-range");
  assert.equal(await code([{ kind: "attn.hook_z", layer: 0 }], AbortSignal.abort()), "cancelled");
});
