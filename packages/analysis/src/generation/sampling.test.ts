import assert from "node:assert/strict";
import { test } from "node:test";
import { distributionOf, largest } from "../testing/distribution.ts";
import { type SamplingRule, sample, seededUniform } from "./sampling.ts";

const LOGITS = [2, -1, 0.5, 3.2, 0.4, -4, 1.9, 0, 2.5, -0.3];
const DRAWS = 20_000;

function candidates(temperature: number, count = LOGITS.length) {
  const ranked = largest(LOGITS, count);
  return {
    tokens: ranked.map(({ id }) => id),
    logits: ranked.map(({ score }) => score),
    logSumExp: distributionOf(LOGITS.map((logit) => logit / temperature)).logSumExp,
  };
}

/** What the rule says, token by token: tempered, cut to the k likeliest and to the nucleus, made to sum to 1. */
function expectedDistribution(
  logits: readonly number[],
  { temperature, topP, topK }: SamplingRule,
): Map<number, number> {
  const { probabilities } = distributionOf(logits.map((logit) => logit / temperature));
  const kept = new Map<number, number>();
  let mass = 0;
  for (const { id, score } of largest(probabilities, topK)) {
    kept.set(id, score);
    mass += score;
    if (mass >= topP) break;
  }
  return new Map([...kept].map(([id, probability]) => [id, probability / mass]));
}

const RULES: readonly SamplingRule[] = [
  { temperature: 1, topP: 1, topK: 10 },
  { temperature: 0.5, topP: 1, topK: 10 },
  { temperature: 2, topP: 1, topK: 10 },
  { temperature: 1, topP: 1, topK: 3 },
  { temperature: 1, topP: 0.8, topK: 10 },
  { temperature: 1.5, topP: 0.6, topK: 4 },
  { temperature: 1, topP: 0.001, topK: 10 },
];

for (const rule of RULES) {
  test(`the sampled frequencies are those of ${JSON.stringify(rule)}`, () => {
    const uniform = seededUniform(11);
    const counts = new Map<number, number>();
    for (let draw = 0; draw < DRAWS; draw++) {
      const id = sample(candidates(rule.temperature), rule, true, uniform());
      assert.ok(id !== undefined);
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    const expected = expectedDistribution(LOGITS, rule);
    assert.deepEqual(
      [...counts.keys()].filter((id) => !expected.has(id)),
      [],
      "only tokens that the rule allows",
    );
    let chiSquare = 0;
    for (const [id, probability] of expected)
      chiSquare += ((counts.get(id) ?? 0) - DRAWS * probability) ** 2 / (DRAWS * probability);
    const degrees = expected.size - 1;
    assert.ok(
      chiSquare < degrees + 4 * Math.sqrt(2 * degrees) + 1,
      `χ² is ${chiSquare} at ${degrees} degrees of freedom`,
    );
  });
}

test("greedy takes the leader whatever the draw", () => {
  for (const draw of [0, 0.5, 0.999]) {
    assert.equal(sample(candidates(1), { temperature: 0, topP: 1, topK: 10 }, false, draw), 3);
  }
});

test("more candidates are asked for exactly where the nucleus is wider than those at hand", () => {
  const few = candidates(1, 4);
  assert.equal(sample(few, { temperature: 1, topP: 0.95, topK: 10 }, false, 0.1), undefined);
  assert.notEqual(sample(few, { temperature: 1, topP: 0.3, topK: 10 }, false, 0.1), undefined);
  assert.notEqual(sample(few, { temperature: 1, topP: 0.95, topK: 4 }, false, 0.1), undefined);
  assert.notEqual(sample(few, { temperature: 1, topP: 0.95, topK: 10 }, true, 0.1), undefined);
});

test("the ends of the unit interval are tokens too", () => {
  const rule = { temperature: 1, topP: 1, topK: 10 };
  assert.equal(sample(candidates(1), rule, true, 0), 3);
  assert.equal(sample(candidates(1), rule, true, 1 - 2 ** -32), 5);
});

test("one seed is one sequence; neighbouring seeds have nothing in common", () => {
  const take = (seed: number) => Array.from({ length: 5 }, seededUniform(seed));
  assert.deepEqual(take(3), take(3));
  assert.notDeepEqual(take(3), take(4));
  const first = Array.from({ length: 2000 }, (_, seed) => seededUniform(seed)());
  assert.ok(first.every((value) => value >= 0 && value < 1));
  const mean = first.reduce((a, b) => a + b, 0) / first.length;
  assert.ok(Math.abs(mean - 0.5) < 0.03, `mean ${mean}`);
  const correlation =
    first.slice(1).reduce((sum, value, i) => sum + (value - 0.5) * ((first[i] ?? 0) - 0.5), 0) / first.length;
  assert.ok(Math.abs(correlation) < 0.01, `correlation ${correlation}`);
});
