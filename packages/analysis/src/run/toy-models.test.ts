/** Toy models with known mechanisms, and models with parts missing, through the same calls as every other model. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { ensureDefined } from "@patchbay/vocabulary";
import { hookedFixture, serviceOfFolder, toyModelFolder } from "../testing/hooked-service.ts";
import { type TestService, UNDISTURBED } from "../testing/open-test-service.ts";

// Golden values are rounded to six digits behind the point; logits reach 81.
const TOLERANCE = 3e-5;

for (const name of ["sorted-list", "grokked-addition"] as const) {
  test(`${name}: logits are those of the golden file`, async (t) => {
    const folder = toyModelFolder(t, name);
    if (folder === undefined) return;
    const { engine } = await serviceOfFolder(name, folder);
    const golden = JSON.parse(await readFile(path.join(folder, "golden.json"), "utf8")) as {
      tokens: number[][];
      logits: number[][][];
    };
    const { residual } = await engine.forward({ tokens: golden.tokens });
    const positions = ensureDefined(golden.tokens[0]).map((_, position) => position);
    const { logits } = await engine.unembed({ residual, positions, full: true });
    const expected = golden.logits.flat(2);
    assert.equal(logits?.data.length, expected.length);
    const largest = expected.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (logits.data[i] ?? 0))), 0);
    t.diagnostic(`largest difference ${largest.toExponential(1)}`);
    assert.ok(largest < TOLERANCE, `differs by ${largest}`);
  });
}

const LISTS = [
  [17, 3, 42, 8, 25, 31, 11, 49, 20, 36],
  [5, 40, 12, 33, 1, 28, 47, 19, 22, 9],
];
const SEPARATOR = 51;

/** For each answer: how much its log probability falls when it may not read one number of the list, by that number's place. */
async function readingPlaces({ service, name }: TestService, list: readonly number[]): Promise<number[][]> {
  const sorted = [...list].sort((a, b) => a - b);
  const prompt = [...list, SEPARATOR, ...sorted];
  const falls: number[][] = [];
  for (const [i, answer] of sorted.entries()) {
    const position = list.length + i;
    const { result } = await service.run(
      {
        model: name,
        // Row 0 is left alone; row k + 1 loses place k.
        input: { tokens: Array.from({ length: list.length + 1 }, () => prompt) },
        interventions: list.map((_, place) => ({
          site: "blocks.0.attn.hook_pattern",
          op: "zero" as const,
          rows: [place + 1],
          positions: [position],
          dimensions: [place],
        })),
        compute: { logits: { positions: [position], tokens: [answer] } },
      },
      UNDISTURBED,
    );
    const probabilities = ensureDefined(result.results.logits?.tracked?.probabilities.data);
    const logs = probabilities.map((probability) => Math.log(probability ?? 0));
    falls.push(logs.slice(1).map((log) => (logs[0] ?? 0) - log));
  }
  return falls;
}

test("sorted-list: each answer reads the place where the next larger number stands", async (t) => {
  const folder = toyModelFolder(t, "sorted-list");
  if (folder === undefined) return;
  const service = await serviceOfFolder("sorted-list", folder);
  for (const list of LISTS) {
    const sorted = [...list].sort((a, b) => a - b);
    const falls = await readingPlaces(service, list);
    const read = falls.map((fall) => fall.indexOf(Math.max(...fall)));
    t.diagnostic(`${list.join(" ")}: answers read places ${read.join(" ")}`);
    assert.deepEqual(
      read,
      sorted.map((number) => list.indexOf(number)),
    );
    falls.forEach((fall, i) => {
      const [first = 0, second = 0] = [...fall].sort((a, b) => b - a);
      assert.ok(first > 1 && first > 2 * second, `answer ${sorted[i]}: ${first} against ${second} nats`);
    });
  }
});

test("an attention-only model has no neurons anywhere, and everything else", async () => {
  const { service, name, engine } = await hookedFixture("attention-only");
  const page = service.page();
  assert.equal(page.neuronsPerLayer, 0);
  assert.equal(page.outputVocabulary, 13);
  assert.equal(page.numberTokens, true);
  assert.equal(page.neuronMap, "ready");
  assert.ok(page.sites.every(({ name: site }) => !/mlp|ln2|resid_mid/.test(site)));
  assert.deepEqual((await service.listNeurons({})).rows, []);
  assert.deepEqual((await service.scatterNeurons("write", "folded")).layer, []);
  await assert.rejects(service.neuronPage(0, 0), { code: "unit-out-of-range", message: /attention only/ });
  assert.deepEqual((await service.units.list({})).total, 0);
  assert.deepEqual(await service.computeReferenceStatistics(UNDISTURBED).then(({ tokens }) => tokens), 0);

  const { result } = await service.run(
    {
      model: name,
      input: { text: "3 1 4 1" },
      compute: { logits: { top: 20 }, lens: {}, attribution: { target: { token: "12", minus: "0" }, neurons: 5 } },
    },
    UNDISTURBED,
  );
  assert.equal(result.results.logits?.topIds.data.length, 13, "logits are over the answers");
  const attribution = ensureDefined(result.results.attribution);
  assert.ok(Math.abs(attribution.unexplained) < 1e-4 * Math.max(1, Math.abs(attribution.total)));
  assert.ok(attribution.components.every(({ kind }) => kind !== "mlp" && kind !== "neuron"));
  for (const request of [
    { interventions: [{ site: "blocks.0.mlp.hook_post", op: "zero" as const }], compute: { logits: {} } },
    { compute: { ledger: { layer: 0, position: 0 } } },
  ]) {
    await assert.rejects(service.run({ model: name, input: { text: "3 1" }, ...request }, UNDISTURBED), {
      code: "unknown-site",
    });
  }
  const generated = await service.generate(
    { model: name, input: { text: "3 1" }, sampling: { maxTokens: 1 } },
    UNDISTURBED,
  );
  assert.match(generated.rows[0]?.text ?? "", /^ \d+$/);
  assert.equal(engine.model.shape.neurons, 0);
});

test("without norms a logit is the sum of its shares; a bidirectional model answers but does not go on", async () => {
  const { service, name } = await hookedFixture("no-norm-bidirectional");
  const input = { tokens: [[1, 2, 3, 4]] };
  const target = { token: 5 };
  const { result } = await service.run(
    { model: name, input, compute: { attribution: { target }, lens: {} } },
    UNDISTURBED,
  );
  const { unexplained, total, scale } = ensureDefined(result.results.attribution);
  assert.equal(scale, 1);
  assert.ok(Math.abs(unexplained) < 1e-4 * Math.max(1, Math.abs(total)));
  assert.equal(service.summary().direction, "bidirectional");
  await assert.rejects(service.generate({ model: name, input }, UNDISTURBED), { code: "unsupported-model" });
});

test("a token that cannot be answered has no logit to be asked for", async () => {
  const { service, name } = await hookedFixture("layer-norm");
  const ask = (token: string) =>
    service.run(
      { model: name, input: { text: "10 9 8" }, compute: { attribution: { target: { token } } } },
      UNDISTURBED,
    );
  await assert.rejects(ask("10"), { code: "token-out-of-range", message: /no logit/ });
  await assert.rejects(ask("11"), { code: "unknown-token" });
  assert.ok((await ask("8")).result.results.attribution);
});
