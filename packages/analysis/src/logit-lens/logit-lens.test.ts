import assert from "node:assert/strict";
import type { LensQuery, LensResult, TensorJson } from "@patchbay/contract";
import { ensureDefined, siteName } from "@patchbay/vocabulary";
import { assertNear, distributionOf, klDivergence, largest, rankOf } from "../testing/distribution.ts";
import { type ServiceUnderTest, testEachService } from "../testing/each-service.ts";
import { UNDISTURBED } from "../testing/open-test-service.ts";
import { referenceHead } from "../testing/reference-head.ts";

async function runLens({ service, name, prompt }: ServiceUnderTest, lens: LensQuery) {
  const { result } = await service.run(
    { model: name, input: { text: prompt }, compute: { lens, logits: { positions: "all", top: 5, full: true } } },
    UNDISTURBED,
  );
  const { logits } = result.results;
  return {
    lens: ensureDefined(result.results.lens),
    logits: ensureDefined(logits),
    length: result.tokens[0]?.length ?? 0,
  };
}

/** One cell of a [batch 0, site, position, …] grid. */
function cell(grid: TensorJson, site: number, position: number): number[] {
  const [, sites = 0, positions = 0, ...inner] = grid.shape;
  assert.ok(site < sites && position < positions);
  const width = inner.reduce((a, b) => a * b, 1);
  const start = (site * positions + position) * width;
  return grid.data.slice(start, start + width).map((value) => value ?? Number.NaN);
}

testEachService("the lens at the last layer is the model's own distribution", async (under, t) => {
  const { lens, logits, length } = await runLens(under, { top: 5 });
  const last = lens.sites.length - 1;
  assert.equal(lens.sites[last], siteName("hook_resid_post", under.engine.model.shape.layers - 1));
  const row = (grid: TensorJson, position: number) => grid.data.slice(position * 5, position * 5 + 5);
  let largestDifference = 0;
  for (let position = 0; position < length; position++) {
    assert.deepEqual(cell(lens.topIds, last, position), row(logits.topIds, position), `top tokens at ${position}`);
    cell(lens.topProbabilities, last, position).forEach((probability, rank) => {
      const expected = row(logits.topProbabilities, position)[rank] ?? Number.NaN;
      largestDifference = Math.max(largestDifference, Math.abs(probability - expected));
    });
    assertNear(cell(lens.klToFinal, last, position)[0], 0, 2e-5, `KL at ${position}`);
  }
  assert.ok(largestDifference < 2e-5, `probabilities differ by ${largestDifference}`);
  t.diagnostic(`largest difference of probabilities ${largestDifference.toExponential(2)}`);
});

for (const norm of ["final", "none"] as const) {
  testEachService(`norm "${norm}": every number of every cell is that of a float64 readout`, async (under, t) => {
    const { service, engine, tokenizer, name, prompt, token, other } = under;
    const { layers } = engine.model.shape;
    const sites = ["embed", siteName("hook_resid_mid", 1), siteName("hook_resid_post", layers - 1)];
    const { lens, length } = await runLens(under, { sites, norm, top: 4, tokens: [token, other] });
    const capture = lens.sites.map((site) => ({ site }));
    const captured = await service.run(
      { model: name, input: { text: prompt }, compute: { capture, logits: {} } },
      UNDISTURBED,
    );
    const head = await referenceHead(engine.model);
    const positions = name === "stories-15m" ? [1, length - 1] : Array.from({ length }, (_, i) => i);
    const worst = { entropy: 0, kl: 0, probability: 0 };
    for (const position of positions) {
      const states = lens.sites.map((_, s) => {
        const { shape, data } = ensureDefined(captured.tensors.get(`results/capture/${s}/values`));
        const width = shape[2] ?? 0;
        return data.subarray(position * width, (position + 1) * width);
      });
      const final = head.logits(ensureDefined(states.at(-1)), "final");
      states.forEach((state, s) => {
        const logits = head.logits(state, norm);
        const { entropy, probabilities } = distributionOf(logits);
        const size = Math.max(1, Math.abs(Math.max(...logits)));
        const where = `${lens.sites[s]} at ${position}`;
        const expected = largest(logits, 4);
        cell(lens.topIds, s, position).forEach((id, rank) => {
          assertNear(logits[id], expected[rank]?.score ?? Number.NaN, 1e-5 * size, `${where}: token of rank ${rank}`);
          assertNear(cell(lens.topLogits, s, position)[rank], logits[id] ?? Number.NaN, 1e-5 * size, `${where}: logit`);
          const probability = cell(lens.topProbabilities, s, position)[rank];
          assertNear(probability, probabilities[id] ?? Number.NaN, 5e-5, `${where}: probability`);
          worst.probability = Math.max(worst.probability, Math.abs((probability ?? 0) - (probabilities[id] ?? 0)));
        });
        assertNear(cell(lens.entropy, s, position)[0], entropy, 1e-4 * size, `${where}: entropy`);
        assertNear(cell(lens.klToFinal, s, position)[0], klDivergence(final, logits), 1e-4 * size, `${where}: KL`);
        worst.entropy = Math.max(worst.entropy, Math.abs((cell(lens.entropy, s, position)[0] ?? 0) - entropy));
        worst.kl = Math.max(
          worst.kl,
          Math.abs((cell(lens.klToFinal, s, position)[0] ?? 0) - klDivergence(final, logits)),
        );
        const tracked = ensureDefined(lens.tracked);
        [token, other].forEach((text, i) => {
          const id = ensureDefined(tokenizer.idOf(text));
          assert.equal(tracked.tokens[i]?.id, id);
          assertNear(
            cell(tracked.logits, s, position)[i],
            logits[id] ?? Number.NaN,
            1e-5 * size,
            `${where}: tracked logit`,
          );
          assertNear(
            cell(tracked.probabilities, s, position)[i],
            probabilities[id] ?? Number.NaN,
            5e-5,
            `${where}: tracked probability`,
          );
          assertNear(cell(tracked.ranks, s, position)[i], rankOf(logits, id), 1, `${where}: tracked rank`);
        });
      });
    }
    t.diagnostic(`largest differences: ${JSON.stringify(worst)}`);
  });
}

/** The first site from which the final leader leads at that site and all later ones, looked for in the plainest way. */
function settledSite(lens: LensResult, answer: number, position: number): number {
  for (let site = 0; site < lens.sites.length; site++) {
    const leads = lens.sites.slice(site).every((_, later) => cell(lens.topIds, site + later, position)[0] === answer);
    if (leads) return site;
  }
  return lens.sites.length;
}

testEachService("settledAt is where the final answer first leads and stays", async (under) => {
  for (const norm of ["final", "none"] as const) {
    const { lens, logits, length } = await runLens(under, {
      sites: ["resid_pre", "resid_mid", "resid_post"],
      norm,
      top: 1,
    });
    const expected = Array.from({ length }, (_, position) =>
      settledSite(lens, logits.topIds.data[position * 5] ?? -1, position),
    );
    assert.deepEqual(lens.settledAt.data, expected, norm);
    assert.deepEqual(lens.settledAt.shape, [1, length]);
    if (norm === "final")
      assert.ok(new Set(expected).size > 1, "the prompt has positions that settle at different depths");
  }
});

testEachService(
  "sites come in depth order once each, and chosen positions are columns of the whole grid",
  async (under) => {
    const { layers } = under.engine.model.shape;
    const sites = [
      "resid_post",
      siteName("hook_resid_mid", 1),
      "embed",
      "blocks.0.hook_resid_pre",
      siteName("hook_resid_post", 0),
    ];
    const whole = await runLens(under, { sites, top: 3 });
    assert.deepEqual(whole.lens.sites, [
      siteName("hook_resid_pre", 0),
      siteName("hook_resid_post", 0),
      siteName("hook_resid_mid", 1),
      ...Array.from({ length: layers - 1 }, (_, i) => siteName("hook_resid_post", i + 1)),
    ]);
    const chosen = [-1, 2];
    const part = await runLens(under, { sites, top: 3, positions: chosen });
    assert.deepEqual(part.lens.positions, [whole.length - 1, 2]);
    part.lens.sites.forEach((_, site) => {
      [whole.length - 1, 2].forEach((position, column) => {
        assert.deepEqual(cell(part.lens.topIds, site, column), cell(whole.lens.topIds, site, position));
        cell(part.lens.topProbabilities, site, column).forEach((probability, rank) => {
          assertNear(
            probability,
            cell(whole.lens.topProbabilities, site, position)[rank] ?? Number.NaN,
            1e-6,
            "probability",
          );
        });
      });
    });
  },
);

testEachService("rows of a batch keep apart, and long inputs read in pieces give the same", async (under) => {
  const { service, tokenizer, name, prompt } = under;
  const one = tokenizer.encode(prompt, { prependBos: true }).map(({ id }) => id);
  const repeated = Array.from({ length: 3 }, () => one.slice(1))
    .flat()
    .slice(0, 40);
  const rows = [repeated, [...repeated].reverse()];
  const ask = async (tokens: number[][]) => {
    const compute = { lens: { top: 2 } };
    return ensureDefined(
      (await service.run({ model: name, input: { tokens }, compute }, UNDISTURBED)).result.results.lens,
    );
  };
  const batch = await ask(rows);
  for (const [row, tokens] of rows.entries()) {
    const single = await ask([tokens]);
    for (const grid of ["topProbabilities", "entropy", "klToFinal"] as const) {
      const size = single[grid].data.length;
      single[grid].data.forEach((value, i) => {
        assertNear(batch[grid].data[row * size + i], value ?? Number.NaN, 5e-5, `${grid}, row ${row}`);
      });
    }
    assert.deepEqual(
      batch.topIds.data.slice(row * single.topIds.data.length, (row + 1) * single.topIds.data.length),
      single.topIds.data,
    );
  }
});
