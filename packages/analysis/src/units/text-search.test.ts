import assert from "node:assert/strict";
import { test } from "node:test";
import { UnitTextSearch } from "@patchbay/contract";
import { ensureDefined } from "@patchbay/vocabulary";
import { assertNear } from "../testing/distribution.ts";
import { UNDISTURBED } from "../testing/open-test-service.ts";
import { denseActivations } from "./testing/brute-force-index.ts";
import { failure } from "./testing/failure.ts";
import { PLANTED_TOKENS, plantedUnits, TOKENS_SAE, WRITER } from "./testing/planted-units.ts";
import { searchByText } from "./text-search.ts";
import { unitSources } from "./unit-context.ts";

const TEXT = " w20 w42 w5 w77 w42 w9";

test("scores equal sums over dense activations, source by source", async () => {
  const { context, engine, index } = await plantedUnits();
  for (const positions of [undefined, [2, -1]]) {
    const request = { text: TEXT, limit: 200, ...(positions && { positions }) };
    const found = await searchByText(context, request, UNDISTURBED);
    assert.deepEqual(UnitTextSearch.parse(found), found);
    assert.deepEqual(
      found.tokens.map(({ id }) => id),
      [0, 20, 42, 5, 77, 42, 9],
    );
    const chosen = positions === undefined ? [1, 2, 3, 4, 5, 6] : [2, 6];
    const expected = new Map<string, number>();
    const activations = new Map<string, number[]>();
    for (const source of (await unitSources(context)).values()) {
      const dense = await denseActivations(engine, source, [0, 20, 42, 5, 77, 42, 9]);
      const known = ensureDefined(index.sources.get(source.name));
      for (let unit = 0; unit < source.units; unit++) {
        const values = found.tokens.map((_, position) => dense[position * source.units + unit] ?? Number.NaN);
        const here = chosen.map((position) => values[position] ?? Number.NaN);
        if (!here.some((value) => value > 0)) continue;
        const own = Math.max(...here);
        const maximum = (known.maximum[unit] ?? 0) > 0 ? (known.maximum[unit] ?? 0) : own;
        const mean = here.reduce((sum, value) => sum + value, 0) / here.length;
        const key = `${source.name} ${unit}`;
        expected.set(key, (mean - (known.sum[unit] ?? 0) / known.tokens) / maximum);
        activations.set(key, values);
      }
    }
    const best = [...expected].sort((a, b) => b[1] - a[1]).slice(0, 200);
    assert.equal(found.rows.length, best.length);
    found.rows.forEach((row, rank) => {
      const key = `${row.source} ${row.unit}`;
      assertNear(row.score, best[rank]?.[1] ?? Number.NaN, 1e-5, `score of rank ${rank}`);
      assertNear(row.score, expected.get(key) ?? Number.NaN, 1e-5, `score of ${key}`);
      row.activations.forEach((value, i) => {
        assertNear(value, activations.get(key)?.[i] ?? Number.NaN, 1e-5, `${key} at ${i}`);
      });
      const peak = Math.max(...chosen.map((position) => row.activations[position] ?? 0));
      assert.ok(chosen.includes(row.peak) && row.activations[row.peak] === peak);
    });
  }
});

test("the planted features of a text's tokens are found, and only they", async () => {
  const { context } = await plantedUnits();
  const { rows } = await searchByText(context, { text: TEXT, sources: [TOKENS_SAE] }, UNDISTURBED);
  assert.deepEqual(
    rows.map(({ unit }) => PLANTED_TOKENS[unit]),
    [42, 77],
  );
  assert.deepEqual(
    rows[0]?.activations.map((value) => Math.round(value * 1e4) / 1e4),
    [0, 0, 1, 0, 0, 1, 0],
  );
  const { rows: at } = await searchByText(context, { text: TEXT, sources: [TOKENS_SAE], positions: [4] }, UNDISTURBED);
  assert.deepEqual([at.length, at[0]?.unit, at[0]?.peak], [1, 4, 4]);
});

test("requests that cannot be answered are refused", async () => {
  const { context, index, withIndex } = await plantedUnits();
  const search = (request: Parameters<typeof searchByText>[1]) => searchByText(context, request, UNDISTURBED);
  await assert.rejects(search({ text: TEXT, sources: ["planted"] }), failure("unknown-site", /planted-/));
  await assert.rejects(search({ text: TEXT, positions: [7] }), failure("position-out-of-range", /0 to 6/));
  await assert.rejects(search({ text: "nothing" }), failure("empty-input", /no token/));
  await assert.rejects(search({ text: " w1".repeat(64) }), failure("context-exceeded", /65 tokens/));
  await assert.rejects(
    searchByText(withIndex(undefined), { text: TEXT }, UNDISTURBED),
    failure("not-ready", /unit-index/),
  );
  const partly = withIndex({ ...index, sources: new Map([...index.sources].slice(0, 1)) });
  await assert.rejects(
    searchByText(partly, { text: TEXT, sources: [WRITER] }, UNDISTURBED),
    failure("not-ready", /planted-writer/),
  );
});
