/** Identities that hold inside every transformer, read from the hooks. */
import assert from "node:assert/strict";
import type { Engine } from "@patchbay/transformer";
import { ensureDefined, type SiteKind, siteName, type Tensor } from "@patchbay/vocabulary";
import { testEachModel } from "./testing/each-model.ts";
import { assertSameNumbers, indices, type Observation, observe, relativeError } from "./testing/observe.ts";

const ROUNDING = 2e-6;

function values({ sites }: Observation, kind: SiteKind, layer?: number): Tensor {
  return ensureDefined(sites.get(siteName(kind, layer)), kind);
}

function sum(...tensors: readonly Tensor[]): Float32Array {
  const [first, ...rest] = tensors;
  return ensureDefined(first).data.map((value, i) =>
    rest.reduce((total, { data }) => total + (data[i] ?? Number.NaN), value),
  );
}

testEachModel("the residual stream is the sum of what was added to it", async ({ engine, tokens }, t) => {
  const pass = await observe(engine, tokens);
  let largest = 0;
  const check = (what: string, actual: Tensor, expected: Float32Array) => {
    const error = relativeError(actual.data, expected);
    assert.ok(error < ROUNDING, `${what}: ${error}`);
    largest = Math.max(largest, error);
  };
  const { layers, positions } = engine.model.shape;
  const embedded = [
    values(pass, "hook_embed"),
    ...(positions.kind === "learned" ? [values(pass, "hook_pos_embed")] : []),
  ];
  check("embedding", values(pass, "hook_resid_pre", 0), sum(...embedded));
  for (const layer of indices(layers)) {
    const [pre, attention, middle] = (["hook_resid_pre", "hook_attn_out", "hook_resid_mid"] as const).map((kind) =>
      values(pass, kind, layer),
    );
    const [mlp, post] = (["hook_mlp_out", "hook_resid_post"] as const).map((kind) => values(pass, kind, layer));
    assert.ok(pre && attention && middle && mlp && post);
    check(`layer ${layer}, attention`, middle, sum(pre, attention));
    check(`layer ${layer}, both`, post, sum(pre, attention, mlp));
    if (layer > 0) assertSameNumbers(pre, values(pass, "hook_resid_post", layer - 1), `resid_pre of layer ${layer}`);
  }
  t.diagnostic(`largest relative error ${largest.toExponential(2)}`);
});

testEachModel("the heads' results and the shared bias sum to attn_out", async ({ engine, tokens }, t) => {
  const perHead = await observe(engine, tokens, { perHead: true });
  const together = await observe(engine, tokens);
  const { layers, heads, residualWidth } = engine.model.shape;
  let largest = 0;
  for (const layer of indices(layers)) {
    const bias = await outputBias(engine, layer);
    const results = values(perHead, "attn.hook_result", layer);
    assert.deepEqual(results.shape, [tokens.length, tokens[0]?.length, heads, residualWidth]);
    const summed = values(perHead, "hook_attn_out", layer).data.map((_, i) => {
      const start = Math.floor(i / residualWidth) * heads * residualWidth + (i % residualWidth);
      return indices(heads).reduce(
        (total, head) => total + (results.data[start + head * residualWidth] ?? Number.NaN),
        bias[i % residualWidth] ?? 0,
      );
    });
    for (const pass of [perHead, together]) {
      const error = relativeError(values(pass, "hook_attn_out", layer).data, summed);
      assert.ok(error < ROUNDING, `layer ${layer}: ${error}`);
      largest = Math.max(largest, error);
    }
  }
  t.diagnostic(`largest relative error ${largest.toExponential(2)}`);
});

async function outputBias({ model }: Engine, layer: number): Promise<ArrayLike<number>> {
  const { bias } = model.architecture.block(layer).attention.output;
  return bias === undefined ? [] : (await model.tensors.read(bias)).data;
}

testEachModel(
  "pattern rows sum to 1, are the softmax of the scores, and never see the future",
  async ({ engine, tokens }) => {
    const pass = await observe(engine, tokens);
    const count = tokens[0]?.length ?? 0;
    for (const layer of indices(engine.model.shape.layers)) {
      const pattern = values(pass, "attn.hook_pattern", layer);
      const scores = values(pass, "attn.hook_attn_scores", layer);
      assert.deepEqual(pattern.axes, ["batch", "head", "query", "key"]);
      assert.deepEqual(pattern.shape, [tokens.length, engine.model.shape.heads, count, count]);
      for (let row = 0; row < pattern.data.length; row += count) {
        const query = (row / count) % count;
        const weights = pattern.data.subarray(row, row + count);
        const exponentials = Array.from(scores.data.subarray(row, row + count), Math.exp);
        const total = exponentials.reduce((a, b) => a + b, 0);
        assert.ok(Math.abs(weights.reduce((a, b) => a + b, 0) - 1) < 1e-6);
        weights.forEach((weight, key) => {
          assert.equal(weight > 0, key <= query, `layer ${layer}, query ${query}, key ${key}: ${weight}`);
          assert.equal(scores.data[row + key] === Number.NEGATIVE_INFINITY, key > query, "masked scores are −∞");
          assert.ok(Math.abs(weight - (exponentials[key] ?? 0) / total) < 1e-6);
        });
      }
    }
  },
);

testEachModel("a token changes nothing before its own position", async ({ engine, tokens }) => {
  const [row = []] = tokens;
  const changedAt = row.length - 3;
  const changed = row.map((id, position) => (position === changedAt ? id + 1 : id));
  const [before, after] = [await observe(engine, [row]), await observe(engine, [changed])];
  for (const [name, value] of before.sites) {
    if (name.endsWith("attn_scores") || name.endsWith("pattern")) continue;
    const width = value.data.length / row.length;
    const other = ensureDefined(after.sites.get(name)).data;
    assert.ok(
      relativeError(other.subarray(0, changedAt * width), value.data.subarray(0, changedAt * width)) < ROUNDING,
      name,
    );
    if (name.endsWith("hook_resid_post")) {
      assert.ok(relativeError(other.subarray(changedAt * width), value.data.subarray(changedAt * width)) > 1e-3, name);
    }
  }
});
