import assert from "node:assert/strict";
import { test } from "node:test";
import { UnitList, type UnitListQuery } from "@patchbay/contract";
import { ensureDefined } from "@patchbay/vocabulary";
import {
  HISTOGRAM_BINS,
  INTERVALS,
  PER_INTERVAL,
  RANDOM,
  type SourceIndex,
  TOP,
  TOP_TOKENS,
} from "../unit-index/source-index.ts";
import { failure } from "./testing/failure.ts";
import {
  DEAD_WRITER,
  PLANTED_TOKENS,
  plantedUnits,
  TOKENS_SAE,
  WRITER,
  WRITTEN_TOKEN,
} from "./testing/planted-units.ts";
import { listUnits } from "./unit-list.ts";

test("tokens fired on, read and written find their units", async () => {
  const { context } = await plantedUnits();
  const found = async (query: UnitListQuery) => {
    const list = await listUnits(context, { limit: 500, ...query });
    assert.deepEqual(UnitList.parse(list), list);
    return list.rows.map(({ source, unit }) => `${source} ${unit}`);
  };
  for (const [feature, token] of PLANTED_TOKENS.entries()) {
    // A planted feature's activation is its maximum wherever its token is: no unit can be more relevant.
    assert.equal((await found({ fires: ` w${token}` }))[0], `${TOKENS_SAE} ${feature}`);
    assert.deepEqual(await found({ fires: `#${token}`, source: TOKENS_SAE }), [`${TOKENS_SAE} ${feature}`]);
    assert.ok((await found({ reads: `#${token}`, kind: "feature" })).includes(`${TOKENS_SAE} ${feature}`));
  }
  assert.equal((await found({ writes: `#${WRITTEN_TOKEN}` }))[0], `${WRITER} 0`);
  await assert.rejects(found({ writes: "nothing" }), failure("unknown-token", /nothing/));
});

test("every filter keeps what a look at each row would keep", async () => {
  const { context, index } = await plantedUnits();
  const everything = await listUnits(context, { dead: "include", limit: 500 });
  const units = [...index.sources.values()].reduce((sum, { units }) => sum + units, 0);
  assert.equal(everything.total, units);
  assert.equal(everything.rows.length, units);
  assert.deepEqual(everything.sources, [...index.sources.keys()]);
  type Row = (typeof everything.rows)[number];
  const cases: [UnitListQuery, (row: Row) => boolean][] = [
    [{}, ({ density }) => density > 0],
    [{ dead: "only" }, ({ density }) => density === 0],
    [{ kind: "feature" }, ({ kind, density }) => kind === "feature" && density > 0],
    [{ layer: 2 }, ({ layer, density }) => layer === 2 && density > 0],
    [{ source: `${WRITER}, ${TOKENS_SAE}` }, ({ source, density }) => source.startsWith("planted") && density > 0],
    [{ minimumDensity: 0.3, maximumDensity: 0.5 }, ({ density }) => density >= 0.3 && density <= 0.5],
    [{ units: "1,3,400", dead: "include" }, ({ unit }) => unit === 1 || unit === 3],
    [{ fires: "#42" }, ({ topTokens }) => topTokens.some(({ id }) => id === 42)],
    [{ kind: "feature", layer: 1 }, () => false],
  ];
  for (const [query, keeps] of cases) {
    const list = await listUnits(context, { ...query, limit: 500 });
    const expected = everything.rows.filter(keeps).map(({ source, unit }) => `${source} ${unit}`);
    assert.equal(list.total, expected.length, JSON.stringify(query));
    assert.deepEqual(list.rows.map(({ source, unit }) => `${source} ${unit}`).sort(), expected.sort());
  }
  const dead = await listUnits(context, { dead: "only", source: WRITER });
  assert.deepEqual(
    dead.rows.map(({ unit }) => unit),
    [DEAD_WRITER],
  );
});

test("sorted, paged, and scored only where relevance ranks", async () => {
  const { context } = await plantedUnits();
  for (const sort of ["density", "maximum", "mean"] as const) {
    const list = await listUnits(context, { sort, limit: 500 });
    const keys = list.rows.map((row) => row[sort]);
    assert.deepEqual(
      keys,
      [...keys].sort((a, b) => b - a),
      sort,
    );
    assert.ok(list.rows.every(({ score }) => score === null));
    const upwards = await listUnits(context, { sort, order: "ascending", limit: 500 });
    assert.deepEqual(
      upwards.rows.map((row) => row[sort]),
      [...keys].reverse(),
    );
    const page = await listUnits(context, { sort, offset: 7, limit: 5 });
    assert.deepEqual(page.rows, list.rows.slice(7, 12));
    assert.deepEqual([page.total, page.offset], [list.total, 7]);
  }
  const byUnit = await listUnits(context, { sort: "unit", source: WRITER, dead: "include" });
  assert.deepEqual(
    byUnit.rows.map(({ unit }) => unit),
    [0, 1, 2, 3, 4, 5, 6, 7],
  );
  const relevant = await listUnits(context, { fires: "#42", limit: 500 });
  const scores = relevant.rows.map(({ score }) => ensureDefined(score));
  assert.deepEqual(
    scores,
    [...scores].sort((a, b) => b - a),
  );
  assert.ok(scores.every((score) => score > 0 && score <= 1 + 1e-6));
  const sides = ensureDefined(await context.tokenSides(WRITER));
  const peaked = await listUnits(context, { sort: "peakedness", source: WRITER, dead: "include" });
  const peakedness = peaked.rows.map(({ unit }) => sides.peakedness[unit] ?? 0);
  assert.deepEqual(
    peakedness,
    [...peakedness].sort((a, b) => b - a),
  );
  assert.deepEqual(peaked.rows[0]?.badge?.seeds, 1);
});

test("what is not there is said", async () => {
  const { context, index, withIndex } = await plantedUnits();
  await assert.rejects(listUnits(context, { source: "planted" }), failure("unknown-site", /planted-/));
  await assert.rejects(listUnits(context, { layer: 3 }), failure("layer-out-of-range", /0 to 2/));
  await assert.rejects(listUnits(withIndex(undefined), {}), failure("not-ready", /unit-index/));
  const partly = withIndex({ ...index, sources: new Map([...index.sources].slice(0, 1)) });
  await assert.rejects(listUnits(partly, { source: WRITER }), failure("not-ready", /planted-writer/));
  assert.deepEqual((await listUnits(partly, {})).sources, ["blocks.0.mlp.hook_post"]);
  const withoutSides = { ...context, tokenSides: async () => undefined };
  assert.equal((await listUnits(withoutSides, { reads: "#42" })).total, 0);
  assert.deepEqual((await listUnits(withoutSides, { limit: 1 })).rows[0]?.reads, []);
});

test("43,000 units are searched from memory", async (t) => {
  const { context, index, withIndex } = await plantedUnits();
  const units = 43_000;
  const original = ensureDefined(index.sources.get(WRITER));
  const repeated = <Values extends Uint32Array | Int32Array | Float32Array | Float64Array>(
    of: Values,
    each: number,
  ) => {
    const values = new (of.constructor as new (length: number) => Values)(units * each);
    for (let i = 0; i < values.length; i++) values[i] = of[i % of.length] ?? 0;
    return values;
  };
  const references = (of: SourceIndex["top"], each: number) => ({
    documents: repeated(of.documents, each),
    positions: repeated(of.positions, each),
    values: repeated(of.values, each),
  });
  const large: SourceIndex = {
    ...original,
    units,
    firing: repeated(original.firing, 1),
    sum: repeated(original.sum, 1),
    maximum: repeated(original.maximum, 1),
    minimum: repeated(original.minimum, 1),
    histogram: repeated(original.histogram, HISTOGRAM_BINS),
    top: references(original.top, TOP),
    intervals: references(original.intervals, INTERVALS * PER_INTERVAL),
    random: references(original.random, RANDOM),
    topTokens: repeated(original.topTokens, TOP_TOKENS),
    topTokenMeans: repeated(original.topTokenMeans, TOP_TOKENS),
  };
  const small = ensureDefined(await context.tokenSides(WRITER));
  const side = (of: typeof small.writes) =>
    of && { tokens: repeated(of.tokens, small.perSide), scores: repeated(of.scores, small.perSide) };
  const sides = {
    perSide: small.perSide,
    reads: side(small.reads),
    writes: side(small.writes),
    peakedness: repeated(small.peakedness, 1),
  };
  const dictionary = ensureDefined((await context.dictionaries()).get(WRITER));
  const enlarged = { ...dictionary, spec: { ...dictionary.spec, features: units } };
  const many = {
    ...withIndex({ ...index, sources: new Map([[WRITER, large]]) }),
    dictionaries: async () => new Map([[WRITER, enlarged]]),
    tokenSides: async () => sides,
  };
  for (const query of [{}, { writes: `#${WRITTEN_TOKEN}` }, { sort: "peakedness" }, { fires: "#42" }] as const) {
    await listUnits(many, query);
    const started = performance.now();
    const { total } = await listUnits(many, query);
    t.diagnostic(`${JSON.stringify(query)}: ${total} units in ${(performance.now() - started).toFixed(1)} ms`);
    if (!("fires" in query)) assert.ok(total > 5000);
  }
});
