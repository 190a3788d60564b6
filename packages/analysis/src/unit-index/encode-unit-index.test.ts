import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { PatchbayError } from "@patchbay/vocabulary";
import { parquetReadObjects } from "hyparquet";
import { fixtureService, UNDISTURBED } from "../testing/open-test-service.ts";
import { buildUnitIndex, EXAMPLES_TABLE_FILE, UNIT_INDEX_FILE, UNITS_TABLE_FILE } from "./build-unit-index.ts";
import { decodeUnitIndex, encodeUnitIndex } from "./encode-unit-index.ts";
import { neuronSources } from "./index-sources.ts";
import { HISTOGRAM_BINS, TOP, type UnitIndex } from "./source-index.ts";
import { memoryArtefacts, randomCorpus, randomNumbers } from "./testing/index-fixture.ts";
import { PART_NAMES, partSizes } from "./unit-index-file.ts";
import { decodeVarints, encodeVarints } from "./varints.ts";

async function tinyIndex() {
  const { engine } = await fixtureService("tiny-llama");
  const artefacts = memoryArtefacts();
  const corpus = randomCorpus(11, 40, 97);
  const index = await buildUnitIndex({
    engine,
    corpus,
    sources: neuronSources(engine.model),
    artefacts,
    ...UNDISTURBED,
  });
  return { index, artefacts };
}

function assertWithinHalfAPercent(actual: Float32Array, expected: Float32Array): void {
  for (const [i, value] of expected.entries()) {
    assert.ok(Math.abs((actual[i] ?? Number.NaN) - value) <= 0.005 * Math.abs(value), `${actual[i]} for ${value}`);
  }
}

function assertRoundTrip(index: UnitIndex): void {
  const bytes = encodeUnitIndex(index);
  const decoded = decodeUnitIndex(bytes);
  assert.deepEqual(decoded.corpus, index.corpus);
  assert.equal(decoded.modelHash, index.modelHash);
  assert.deepEqual([...decoded.sources.keys()], [...index.sources.keys()]);
  for (const [name, source] of index.sources) {
    const other = decoded.sources.get(name);
    assert.ok(other);
    assert.deepEqual(
      { ...other, top: 0, intervals: 0, random: 0, topTokenMeans: 0 },
      { ...source, sum: Float64Array.from(source.sum, Math.fround), top: 0, intervals: 0, random: 0, topTokenMeans: 0 },
    );
    for (const group of ["top", "intervals", "random"] as const) {
      assert.deepEqual(other[group].documents, source[group].documents);
      assert.deepEqual(other[group].positions, source[group].positions);
      assertWithinHalfAPercent(other[group].values, source[group].values);
    }
    assertWithinHalfAPercent(other.topTokenMeans, source.topTokenMeans);
  }
  assert.deepEqual(encodeUnitIndex(decoded), bytes, "encoding again gives the same bytes");
}

test("an index survives its compact form", async () => {
  const { index, artefacts } = await tinyIndex();
  assertRoundTrip(index);
  assert.deepEqual(artefacts.files.get(UNIT_INDEX_FILE), new Uint8Array(encodeUnitIndex(index)));
  const sizes = partSizes(encodeUnitIndex(index));
  assert.deepEqual(Object.keys(sizes), [...PART_NAMES]);
  assert.ok(sizes.histogram > 0);
});

test("negative features, dead units and the largest documents survive as well", async () => {
  const { index } = await tinyIndex();
  const [name, source] = [...index.sources][0] ?? assert.fail();
  const random = source.random.values.map((value, i) => (i % 3 === 0 ? -value / 7 : value));
  const documents = source.top.documents.map((document) => (document < 0 ? document : 2 ** 24 - 3 - document));
  const changed = {
    ...source,
    kind: "feature" as const,
    minimum: source.minimum.map(() => -3),
    random: { ...source.random, values: random },
    top: { ...source.top, documents, positions: source.top.positions.map((position) => position * 1000) },
  };
  // Unit 0 never fires.
  changed.firing[0] = 0;
  changed.maximum[0] = 0;
  changed.histogram.fill(0, 0, HISTOGRAM_BINS);
  for (const group of [changed.top, changed.intervals, changed.random]) {
    const slots = group.values.length / changed.units;
    group.documents.fill(-1, 0, slots);
    group.values.fill(0, 0, slots);
  }
  changed.topTokens.fill(-1, 0, 6);
  changed.topTokenMeans.fill(0, 0, 6);
  assert.equal(changed.top.documents[TOP - 1], -1);
  assertRoundTrip({
    ...index,
    corpus: { ...index.corpus, documents: 2 ** 24 - 2 },
    sources: new Map([[name, changed]]),
  });
});

test("damaged files are refused", async () => {
  const { index } = await tinyIndex();
  const bytes = encodeUnitIndex(index);
  const refused = (damaged: Uint8Array) =>
    assert.throws(
      () => decodeUnitIndex(damaged),
      (error) => error instanceof PatchbayError && error.code === "damaged-file",
    );
  const random = randomNumbers(1);
  for (const length of [0, 3, 43, 44, 100, bytes.length - 1]) refused(bytes.subarray(0, length));
  for (let i = 0; i < 100; i++) {
    const flipped = bytes.slice();
    const at = Math.floor(random() * bytes.length);
    flipped[at] = (flipped[at] ?? 0) ^ (1 << Math.floor(random() * 8));
    refused(flipped);
  }
  // With a right checksum, too: what the header says must fit.
  const length = Buffer.from(bytes).readUInt32LE(40);
  const header = Buffer.from(bytes).toString("utf8", 44, 44 + length);
  const units = /"units":48/;
  for (const changed of [
    header.replace(units, '"units":49'),
    header.replace(units, '"units":1e9'),
    header.replace(units, '"units":-1'),
    header.replace('"kind":"neuron"', '"kind":"other"'),
    header.replace(/"documents":40/, '"documents":2'),
    header.replace(/"histogram":\[\d+,/, '"histogram":[1,'),
    header.replace(/"sum":\[(\d+),192\]/, '"sum":[$1,4294967295]'),
    "null",
    "[",
  ]) {
    assert.notEqual(changed, header);
    refused(withHeader(bytes, length, changed));
  }
});

function withHeader(bytes: Uint8Array, oldLength: number, header: string): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(Buffer.byteLength(header));
  const body = Buffer.concat([length, Buffer.from(header), bytes.subarray(44 + oldLength)]);
  return Buffer.concat([bytes.subarray(0, 8), createHash("sha256").update(body).digest(), body]);
}

test("numbers of any size survive as varints", () => {
  const numbers = Uint32Array.of(0, 1, 127, 128, 16383, 16384, 2 ** 28, 2 ** 32 - 1);
  const bytes = encodeVarints(numbers);
  assert.deepEqual(decodeVarints(bytes, numbers.length), numbers);
  assert.throws(() => decodeVarints(bytes.subarray(0, bytes.length - 1), numbers.length), { code: "damaged-file" });
  assert.throws(() => decodeVarints(bytes, numbers.length - 1), { code: "damaged-file" });
});

test("Parquet tables hold units and examples", async () => {
  const { index, artefacts } = await tinyIndex();
  const table = async (key: string) => {
    const file = artefacts.files.get(key) ?? assert.fail();
    return parquetReadObjects({ file: file.slice().buffer as ArrayBuffer });
  };
  const units = await table(UNITS_TABLE_FILE);
  const sources = [...index.sources.values()];
  assert.equal(
    units.length,
    sources.reduce((sum, source) => sum + source.units, 0),
  );
  const [first] = sources;
  assert.ok(first);
  assert.equal(units[5]?.["source"], first.source);
  assert.equal(units[5]?.["unit"], 5);
  assert.equal(units[5]?.["firing"], BigInt(first.firing[5] ?? -1));
  assert.equal(units[5]?.["mean"], (first.sum[5] ?? 0) / first.tokens);
  const bins = first.histogram.subarray(5 * HISTOGRAM_BINS, 6 * HISTOGRAM_BINS);
  assert.deepEqual(JSON.parse(String(units[5]?.["histogram"])), [...bins]);
  const examples = await table(EXAMPLES_TABLE_FILE);
  const groups = [first.top, first.intervals, first.random];
  const expected = groups.flatMap(({ documents }) => [...documents]).filter((document) => document >= 0).length;
  const own = examples.filter(({ source }) => source === first.source);
  assert.equal(own.length, expected);
  assert.deepEqual(own[0], {
    source: first.source,
    unit: 0,
    group: "top",
    document: first.top.documents[0],
    position: first.top.positions[0],
    value: first.top.values[0],
  });
  assert.deepEqual(
    [...new Set(own.map(({ group }) => group))],
    ["top", ...[1, 2, 3, 4, 5].map((i) => `interval ${i} of 5`), "random"],
  );
});
