import assert from "node:assert/strict";
import { test } from "node:test";
import { UnitPage } from "@patchbay/contract";
import { encodeReference } from "@patchbay/dictionary/testing";
import { ensureDefined } from "@patchbay/vocabulary";
import { assertNear } from "../testing/distribution.ts";
import { UNDISTURBED } from "../testing/open-test-service.ts";
import { quantise, restore } from "../unit-index/quantise.ts";
import { HISTOGRAM_BINS, type SourceIndex, TOP, type UnitIndex } from "../unit-index/source-index.ts";
import { displayHistogram, shareAbove } from "./display-histogram.ts";
import { exampleWindows, SHOWN_AFTER, SHOWN_BEFORE } from "./example-windows.ts";
import { denseActivations } from "./testing/brute-force-index.ts";
import { failure } from "./testing/failure.ts";
import { DEAD_TOKEN_FEATURE, PLANTED_TOKENS, plantedUnits, TOKENS_SAE, WRITER } from "./testing/planted-units.ts";
import { findSource, unitSources } from "./unit-context.ts";
import { createUnitService } from "./unit-service.ts";

test("examples show the whole text's activations around each peak", async () => {
  const { context, corpus, engine } = await plantedUnits();
  const service = createUnitService(context);
  const sources = await unitSources(context);
  for (const [name, unit] of [
    [TOKENS_SAE, 1],
    [WRITER, 0],
    ["blocks.1.mlp.hook_post", 17],
  ] as const) {
    const page = await service.page(name, unit, undefined, UNDISTURBED);
    assert.deepEqual(UnitPage.parse(page), page);
    assert.deepEqual(
      page.groups.map((group) => group.name),
      ["top", ...[1, 2, 3, 4, 5].map((i) => `interval ${i} of 5`), "random"],
    );
    const source = ensureDefined(sources.get(name));
    const examples = page.groups.flatMap((group) => group.examples);
    assert.ok(examples.length >= 5, `${examples.length} examples`);
    for (const example of examples) {
      const ids = Array.from(ensureDefined(corpus.documents[example.document]));
      const whole = await denseActivations(engine, source, ids);
      const start = Math.max(1, example.peak - SHOWN_BEFORE);
      const end = Math.min(ids.length, example.peak + SHOWN_AFTER + 1);
      assert.equal(example.start, start);
      assert.deepEqual(
        example.tokens.map(({ id }) => id),
        ids.slice(start, end),
      );
      assert.equal(example.tokens[0]?.text, ` w${ids[start]}`);
      assert.equal(example.activations.length, end - start);
      example.activations.forEach((value, i) => {
        const expected = whole[(start + i) * source.units + unit] ?? Number.NaN;
        assertNear(value, expected, 1e-5, `${name} ${unit}, text ${example.document}, position ${start + i}`);
      });
      assert.equal(example.activations[example.peak - start], example.peakActivation);
    }
    for (const group of page.groups.slice(1, 6)) {
      for (const { peakActivation } of group.examples) {
        assert.ok(peakActivation >= group.from - 1e-5 && peakActivation <= group.to + 1e-5, group.name);
      }
    }
    const shares = page.groups.slice(1, 6).reduce((sum, { share }) => sum + share, 0);
    assertNear(shares, 1, 1e-6, "shares of the intervals");
    const peaks = page.groups[0]?.examples.map(({ peakActivation }) => peakActivation) ?? [];
    assert.deepEqual(
      peaks,
      [...peaks].sort((a, b) => b - a),
    );
  }
});

test("a planted feature fires on its token alone", async () => {
  const { context, corpus } = await plantedUnits();
  const service = createUnitService(context);
  for (const [feature, token] of PLANTED_TOKENS.entries()) {
    const page = await service.page(TOKENS_SAE, feature, undefined, UNDISTURBED);
    const occurrences = corpus.documents.reduce((sum, ids) => sum + ids.filter((id) => id === token).length, 0);
    assert.equal(page.statistics?.firing, occurrences);
    assert.equal(page.statistics?.topTokens[0]?.id, token);
    assertNear(page.statistics?.maximum, 1, 1e-5, "maximum");
    for (const { tokens, start, peak } of page.groups.flatMap(({ examples }) => examples)) {
      assert.equal(tokens[peak - start]?.id, token);
    }
  }
  const dead = await service.page(TOKENS_SAE, DEAD_TOKEN_FEATURE, undefined, UNDISTURBED);
  assert.deepEqual(dead.groups, []);
  assert.equal(dead.statistics?.firing, 0);
});

test("features computed by the page equal the arithmetic in float64", async () => {
  const { context, corpus, engine, weights } = await plantedUnits();
  const page = await createUnitService(context).page(WRITER, 2, 12, UNDISTURBED);
  const site = { kind: "ln2.hook_normalized", layer: engine.model.shape.layers - 1 } as const;
  for (const example of page.groups[0]?.examples ?? []) {
    const ids = Array.from(ensureDefined(corpus.documents[example.document]));
    const { reads } = await engine.forward({ tokens: [ids], reads: [{ site }] });
    const features = encodeReference(ensureDefined(weights.get(WRITER)), ensureDefined(reads[0]).data);
    example.activations.forEach((value, i) => {
      assertNear(value, features[(example.start + i) * 8 + 2] ?? Number.NaN, 1e-5, `position ${example.start + i}`);
    });
  }
});

test("the number of examples is the caller's choice, and pages are held", async () => {
  const { context, index, withIndex } = await plantedUnits();
  const service = createUnitService(context);
  const two = await service.page(WRITER, 3, 2, UNDISTURBED);
  assert.ok(two.groups.every(({ examples }) => examples.length <= 2));
  assert.equal(two.groups[0]?.examples.length, 2);
  const none = await service.page(WRITER, 3, 0, UNDISTURBED);
  assert.ok(none.groups.every(({ examples }) => examples.length === 0));
  const again = await service.page(WRITER, 3, 2, UNDISTURBED);
  assert.equal(again.groups, two.groups, "held");

  let current: UnitIndex = index;
  const changing = createUnitService({ ...withIndex(index), index: () => current });
  const before = await changing.page(WRITER, 3, 2, UNDISTURBED);
  current = { ...index, sources: new Map([...index.sources].map(([name, source]) => [name, { ...source }])) };
  assert.notEqual(
    (await changing.page(WRITER, 3, 2, UNDISTURBED)).groups,
    before.groups,
    "another index, computed again",
  );
});

test("an index that the model contradicts is an error, one that was stored compactly is not", async () => {
  const { index, withIndex } = await plantedUnits();
  const withValues = (change: (value: number, i: number) => number) => {
    const source = ensureDefined(index.sources.get(WRITER));
    const top = { ...source.top, values: source.top.values.map(change) };
    const changed: SourceIndex = { ...source, top };
    return createUnitService(withIndex({ ...index, sources: new Map([...index.sources, [WRITER, changed]]) }));
  };
  const extremes = { maximum: index.sources.get(WRITER)?.maximum[1] ?? 0, minimum: 0 };
  const rounded = withValues((value) => restore(quantise(value, extremes), extremes));
  assert.equal((await rounded.page(WRITER, 1, 12, UNDISTURBED)).groups[0]?.examples.length, TOP);
  const wrong = withValues((value, i) => (i === TOP + 2 ? value * 1.01 : value));
  await assert.rejects(wrong.page(WRITER, 1, 12, UNDISTURBED), failure("internal-error", /position \d+/));
});

test("one example that a selection keeps by a hair may be missing, two may not", async () => {
  const { context, corpus } = await plantedUnits();
  const source = await findSource(context, TOKENS_SAE);
  // Texts where the planted token does not stand at this position.
  const silent = [...corpus.documents.entries()]
    .filter(([, ids]) => ids.length > 5 && ids[5] !== PLANTED_TOKENS[0])
    .map(([document]) => ({ document, peak: 5, stored: 0.5 }));
  const { signal } = UNDISTURBED;
  const windows = (count: number) => exampleWindows(context, corpus, source, 0, silent.slice(0, count), signal);
  assert.deepEqual(await windows(1), [undefined]);
  await assert.rejects(windows(2), failure("internal-error", /position 5/));
});

test("what is not there is said by name", async () => {
  const { context, index, withIndex } = await plantedUnits();
  const service = createUnitService(context);
  await assert.rejects(
    service.page("planted-tokns", 0, undefined, UNDISTURBED),
    failure("unknown-site", /planted-tokens/),
  );
  await assert.rejects(service.page(TOKENS_SAE, 6, undefined, UNDISTURBED), failure("unit-out-of-range", /0 to 5/));
  await assert.rejects(
    service.page("blocks.1.mlp.hook_post", 48, undefined, UNDISTURBED),
    failure("unit-out-of-range", /0 to 47/),
  );
  const other = { ...context, corpus: async () => ({ ...(await context.corpus()), hash: "another" }) };
  await assert.rejects(createUnitService(other).page(WRITER, 1, 1, UNDISTURBED), failure("conflict", /unit-index/));

  const withoutWriter = new Map([...index.sources].filter(([name]) => name !== WRITER));
  const page = await createUnitService(withIndex({ ...index, sources: withoutWriter })).page(
    WRITER,
    1,
    undefined,
    UNDISTURBED,
  );
  assert.deepEqual([page.statistics, page.groups, page.corpus, page.layer], [null, [], null, 2]);
  assert.deepEqual(UnitPage.parse(page), page);
});

test("labels are kept, trimmed and removed", async () => {
  const { context, labels } = await plantedUnits();
  const service = createUnitService(context);
  assert.equal(await service.label(TOKENS_SAE, 2, "  a token "), "a token");
  assert.equal((await service.page(TOKENS_SAE, 2, 0, UNDISTURBED)).label, "a token");
  assert.deepEqual(
    (await service.list({ label: "TOKEN" })).rows.map(({ source, unit }) => [source, unit]),
    [[TOKENS_SAE, 2]],
  );
  assert.equal(await service.label(TOKENS_SAE, 2, " "), null);
  assert.equal(labels.size, 0);
  await assert.rejects(service.label(TOKENS_SAE, 2, "x".repeat(201)), failure("invalid-request", /200/));
  await assert.rejects(service.label(TOKENS_SAE, -1, "x"), failure("unit-out-of-range", /0 to 5/));
});

test("a histogram is shown between its ends, joined where it is long, and loses no token", () => {
  const histogram = new Uint32Array(HISTOGRAM_BINS);
  const index = (last: number) =>
    ({
      histogram,
      minimum: [-0.5],
      maximum: [last],
      firing: [histogram.reduce((a, b) => a + b, 0)],
    }) as unknown as SourceIndex;
  assert.deepEqual(displayHistogram(index(0), 0), { edges: [], counts: [] });
  histogram.set([3, 5], 24);
  assert.deepEqual(displayHistogram(index(1.7), 0), { edges: [1, 1.5, 2], counts: [3, 5] });
  assertNear(shareAbove(index(1.7), 0, 1.5), 5 / 8, 1e-12, "share");
  assertNear(shareAbove(index(1.7), 0, 1.25), 6.5 / 8, 1e-12, "share within a bin");
  histogram[0] = 7;
  histogram[HISTOGRAM_BINS - 1] = 2;
  const { edges, counts } = displayHistogram(index(9000), 0);
  assert.equal(counts.length, HISTOGRAM_BINS / 2);
  assert.equal(
    counts.reduce((a, b) => a + b, 0),
    17,
  );
  assert.deepEqual([edges[0], edges.at(-1), edges[13]], [-0.5, 9000, 2]);
});
