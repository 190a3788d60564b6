import assert from "node:assert/strict";
import { test } from "node:test";
import type { GeneratedToken, GenerationRequest, Intervention } from "@patchbay/contract";
import { ensureDefined } from "@patchbay/vocabulary";
import { assertNear, distributionOf, largest } from "../testing/distribution.ts";
import { type ServiceUnderTest, testEachService } from "../testing/each-service.ts";
import { fixtureService, type TestService, UNDISTURBED } from "../testing/open-test-service.ts";

function idsOf({ tokenizer, prompt }: ServiceUnderTest): number[] {
  return tokenizer.encode(prompt, { prependBos: true }).map(({ id }) => id);
}

/** The logits behind the last token, by a run of the whole sequence. */
async function nextLogits(
  { service, name }: TestService,
  tokens: readonly number[],
  interventions: Intervention[],
): Promise<number[]> {
  const compute = { logits: { full: true } };
  const { result } = await service.run(
    { model: name, input: { tokens: [[...tokens]] }, interventions, compute },
    UNDISTURBED,
  );
  return ensureDefined(result.results.logits?.full).data.map((value) => value ?? Number.NaN);
}

/** Greedy generation the slow way; `edits` says what holds for a sequence of some length. */
async function argmaxLoop(
  under: TestService,
  prompt: readonly number[],
  steps: number,
  edits: (length: number) => Intervention[] = () => [],
) {
  const ids: number[] = [];
  const probabilities: number[] = [];
  while (ids.length < steps) {
    const logits = await nextLogits(under, [...prompt, ...ids], edits(prompt.length + ids.length));
    const id = ensureDefined(largest(logits, 1)[0]).id;
    ids.push(id);
    probabilities.push(distributionOf(logits).probabilities[id] ?? Number.NaN);
    if (under.tokenizer.isSpecial(id)) break;
  }
  return { ids, probabilities };
}

function generate({ service, name }: TestService, request: Omit<GenerationRequest, "model">) {
  return service.generate({ model: name, ...request }, UNDISTURBED);
}

function rowIds(result: Awaited<ReturnType<typeof generate>>, row = 0): number[] {
  return ensureDefined(result.rows[row]).tokens.map(({ id }) => id);
}

testEachService("greedy generation is a loop of argmax", async (under) => {
  const prompt = idsOf(under);
  const result = await generate(under, { input: { text: under.prompt }, sampling: { maxTokens: 8 }, top: 3 });
  const slow = await argmaxLoop(under, prompt, 8);
  assert.deepEqual(rowIds(result), slow.ids);
  ensureDefined(result.rows[0]).tokens.forEach((token, i) => {
    assertNear(token.probability, slow.probabilities[i] ?? Number.NaN, 1e-5, `probability of token ${i}`);
    assert.equal(token.position, prompt.length + i);
    assert.equal(token.top?.length, 3);
    assert.equal(token.top?.[0]?.id, token.id);
  });
  const texts = slow.ids.filter((id) => !under.tokenizer.isSpecial(id)).map((id) => under.tokenizer.textOf(id));
  assert.equal(result.rows[0]?.text, texts.join(""));
});

testEachService("generation under interventions is the loop under the same ones", async (under) => {
  const prompt = idsOf(under);
  const base = { site: "blocks.1.hook_resid_post", units: [0, 5], op: "add", value: 3 } as const;
  const everywhere = (rest: Partial<Intervention>): Intervention =>
    ({ ...base, units: [0, 5], ...rest }) as Intervention;
  const generatedOnly = (length: number) => {
    const positions = Array.from({ length: length - prompt.length }, (_, i) => prompt.length + i);
    return positions.length === 0 ? [] : [everywhere({ positions })];
  };
  const cases: [Intervention, (length: number) => Intervention[]][] = [
    [everywhere({}), () => [everywhere({})]],
    [everywhere({ positions: [1, 2] }), () => [everywhere({ positions: [1, 2] })]],
    [everywhere({ positions: "last" }), () => [everywhere({ positions: [prompt.length - 1] })]],
    [everywhere({ positions: "generated" }), generatedOnly],
    [
      { site: "blocks.1.attn.hook_pattern", op: "set", value: 0.3 },
      () => [{ site: "blocks.1.attn.hook_pattern", op: "set", value: 0.3 }],
    ],
  ];
  for (const [intervention, edits] of cases) {
    const result = await generate(under, {
      input: { text: under.prompt },
      interventions: [intervention],
      sampling: { maxTokens: 5 },
    });
    const slow = await argmaxLoop(under, prompt, 5, edits);
    assert.deepEqual(rowIds(result), slow.ids, JSON.stringify(intervention));
    ensureDefined(result.rows[0]).tokens.forEach(({ probability }, i) => {
      assertNear(probability, slow.probabilities[i] ?? Number.NaN, 1e-5, `${JSON.stringify(intervention)}, token ${i}`);
    });
  }
});

test("values given for the prompt's positions leave generated positions alone", async () => {
  const under = await fixtureService("tiny-llama");
  const prompt = [3, 14, 15, 92];
  for (const [site, width, rest] of [
    ["blocks.1.mlp.hook_post", 2, { units: [4, 9] }],
    ["blocks.1.attn.hook_pattern", prompt.length, { heads: [1] }],
  ] as const) {
    const values = Array.from({ length: prompt.length * width }, (_, i) => (i % 5) - 1);
    const place = "units" in rest ? { units: [...rest.units] } : { heads: [...rest.heads] };
    const all: Intervention = { site, ...place, op: "replace", values };
    const listed: Intervention = {
      ...all,
      positions: [0, 1, 2, 3],
      ...(width === 4 ? { dimensions: [0, 1, 2, 3] } : {}),
    };
    const ask = (intervention: Intervention) =>
      generate(under, { input: { tokens: [prompt] }, interventions: [intervention], sampling: { maxTokens: 5 } });
    const [everywhere, explicit] = [await ask(all), await ask(listed)];
    const slow = await argmaxLoop(under, prompt, 5, () => [listed]);
    assert.deepEqual(rowIds(explicit), slow.ids, `${site}, listed`);
    assert.deepEqual(rowIds(everywhere), slow.ids, `${site}, all`);
    everywhere.rows[0]?.tokens.forEach(({ probability }, i) => {
      assertNear(probability, slow.probabilities[i] ?? Number.NaN, 1e-5, `${site}, token ${i}`);
    });
  }
});

testEachService("rows of a batch are generated as if alone, and captures are those of a run", async (under) => {
  const one = idsOf(under);
  const tokens = [one, [...one].reverse()];
  const sites = ["blocks.1.mlp.hook_post", "blocks.0.hook_resid_post"];
  const capture = [{ site: ensureDefined(sites[0]), units: [7, 3] }, { site: ensureDefined(sites[1]) }];
  const result = await generate(under, { input: { tokens }, sampling: { maxTokens: 5 }, capture });
  const longest = Math.max(...result.rows.map((row) => row.tokens.length));
  for (const [row, prompt] of tokens.entries()) {
    const alone = await generate(under, { input: { tokens: [prompt] }, sampling: { maxTokens: 5 } });
    assert.deepEqual(rowIds(result, row), rowIds(alone));
    if (rowIds(result, row).length < longest) continue;
    const whole = [...prompt, ...rowIds(result, row)];
    const positions = Array.from({ length: longest - 1 }, (_, i) => prompt.length + i);
    const queries = capture.map((query) => ({ ...query, positions }));
    const { tensors } = await under.service.run(
      { model: under.name, input: { tokens: [whole] }, compute: { capture: queries } },
      UNDISTURBED,
    );
    capture.forEach((_, c) => {
      const captured = ensureDefined(result.capture?.[c]);
      assert.deepEqual(captured.positions, positions);
      const expected = ensureDefined(tensors.get(`results/capture/${c}/values`)).data;
      const own = captured.values.data.slice(row * expected.length, (row + 1) * expected.length);
      expected.forEach((value, i) => {
        assertNear(own[i], value, 1e-4, `capture ${c}, value ${i}`);
      });
    });
  }
});

testEachService("the same seed gives the same text, another seed another", async (under) => {
  const ask = async (seed: number) => {
    const sampling = { maxTokens: 12, temperature: 1.5, seed };
    return rowIds(await generate(under, { input: { text: under.prompt }, sampling }));
  };
  assert.deepEqual(await ask(5), await ask(5));
  const others = await Promise.all([6, 7, 8].map(ask));
  assert.ok(new Set([await ask(5), ...others].map((ids) => ids.join(" "))).size > 1);
});

for (const sampling of [{ temperature: 1 }, { temperature: 0.7, topK: 6 }, { temperature: 1.4, topP: 0.7 }]) {
  test(`over many seeds the first token is distributed as ${JSON.stringify(sampling)} says`, async () => {
    const under = await fixtureService("tiny-llama");
    const prompt = [3, 14, 15, 92];
    const logits = await nextLogits(under, prompt, []);
    const {
      temperature,
      topK = logits.length,
      topP = 1,
    } = sampling as { temperature: number; topK?: number; topP?: number };
    const { probabilities } = distributionOf(logits.map((logit) => logit / temperature));
    let mass = 0;
    const kept = largest(probabilities, topK).filter(({ score }) => {
      const inside = mass < topP;
      if (inside) mass += score;
      return inside;
    });
    const draws = 600;
    const counts = new Map<number, number>();
    for (let seed = 0; seed < draws; seed++) {
      const [id = -1] = rowIds(
        await generate(under, { input: { tokens: [prompt] }, sampling: { ...sampling, maxTokens: 1, seed } }),
      );
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    assert.ok(
      [...counts.keys()].every((id) => kept.some((candidate) => candidate.id === id)),
      "only allowed tokens",
    );
    // Tokens expected fewer than five times are counted together.
    const bins = kept.map(({ id, score }) => ({ expected: (draws * score) / mass, seen: counts.get(id) ?? 0 }));
    const large = bins.filter(({ expected }) => expected >= 5);
    const rest = bins
      .filter(({ expected }) => expected < 5)
      .reduce((a, b) => ({ expected: a.expected + b.expected, seen: a.seen + b.seen }), { expected: 0, seen: 0 });
    const all = rest.expected >= 5 ? [...large, rest] : large;
    const chiSquare = all.reduce((sum, { expected, seen }) => sum + (seen - expected) ** 2 / expected, 0);
    const degrees = all.length - 1;
    assert.ok(degrees >= 2, `${degrees} degrees of freedom`);
    assert.ok(chiSquare < degrees + 4 * Math.sqrt(2 * degrees), `χ² is ${chiSquare} at ${degrees} degrees of freedom`);
  });
}

testEachService(
  "the stream tells what the answer tells: start first, then the tokens, whose texts add up",
  async (under) => {
    const heard: GeneratedToken[] = [];
    let started = 0;
    const result = await under.service.generate(
      { model: under.name, input: { text: under.prompt }, sampling: { maxTokens: 6 } },
      UNDISTURBED,
      {
        start: ({ prompt, recipe }) => {
          assert.equal(heard.length, 0);
          assert.equal(prompt[0]?.length, idsOf(under).length);
          assert.match(recipe.hash, /^[0-9a-f]{64}$/);
          started += 1;
        },
        token: (token) => heard.push(token),
      },
    );
    assert.equal(started, 1);
    assert.deepEqual(heard, result.rows[0]?.tokens);
    assert.equal(heard.map(({ delta }) => delta).join(""), result.rows[0]?.text);
  },
);

testEachService("a stop string ends the text where it appears", async (under) => {
  const free = await generate(under, { input: { text: under.prompt }, sampling: { maxTokens: 6 } });
  const third = ensureDefined(free.rows[0]?.tokens[2]);
  const before = ensureDefined(free.rows[0])
    .tokens.slice(0, 2)
    .some(({ delta }) => delta.includes(third.delta));
  assert.equal(before, false, "the third token is new");
  const stopped = await generate(under, {
    input: { text: under.prompt },
    sampling: { maxTokens: 6, stop: ["never to be seen", third.delta] },
  });
  assert.equal(stopped.rows[0]?.finish, "stop");
  assert.deepEqual(rowIds(stopped), rowIds(free).slice(0, 3));
  assert.equal(free.rows[0]?.finish, "length");
});

test("generation ends at the context, and a full prompt is refused", async () => {
  const under = await fixtureService("tiny-llama");
  const { context } = under.engine.model.shape;
  const prompt = (length: number) => [Array.from({ length }, (_, i) => 1 + (i % 90))];
  const result = await generate(under, { input: { tokens: prompt(context - 2) }, sampling: { maxTokens: 10 } });
  assert.equal(result.rows[0]?.tokens.length, 2);
  assert.equal(result.rows[0]?.finish, "context");
  const exact = await generate(under, { input: { tokens: prompt(context - 2) }, sampling: { maxTokens: 2 } });
  assert.equal(exact.rows[0]?.finish, "length");
  await assert.rejects(generate(under, { input: { tokens: prompt(context) } }), { code: "context-exceeded" });
});

testEachService("a generation is cancelled between tokens", async (under) => {
  const controller = new AbortController();
  let tokens = 0;
  const running = under.service.generate(
    { model: under.name, input: { text: under.prompt }, sampling: { maxTokens: 30 } },
    { signal: controller.signal },
    {
      token: () => {
        tokens += 1;
        if (tokens === 2) controller.abort();
      },
    },
  );
  await assert.rejects(running, { code: "cancelled" });
  assert.equal(tokens, 2);
});

test("what cannot be captured or edited during generation is refused", async () => {
  const under = await fixtureService("tiny-llama");
  const input = { tokens: [[1, 2, 3]] };
  const pattern = generate(under, { input, capture: [{ site: "blocks.0.attn.hook_pattern" }] });
  await assert.rejects(pattern, { code: "invalid-request" });
  await assert.rejects(generate(under, { input, capture: [{ site: "ln_final.hook_scale" }] }), {
    code: "invalid-request",
  });
  await assert.rejects(
    generate(under, { input, capture: [{ site: "blocks.9.mlp.hook_post" }], sampling: { maxTokens: 3 } }),
    { code: "layer-out-of-range" },
  );
  const far: Intervention = { site: "blocks.0.mlp.hook_post", op: "zero", positions: [40] };
  await assert.rejects(generate(under, { input, interventions: [far], sampling: { maxTokens: 3 } }), {
    code: "position-out-of-range",
  });
});
