/** The grouped search for the largest scores is exact: it equals a sort, whatever the vocabulary's size. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { GraphBuilder } from "@patchbay/onnx-graph";
import type { Engine, Program } from "@patchbay/transformer";
import { tensor } from "@patchbay/vocabulary";
import { largest } from "../testing/distribution.ts";
import { fixtureService } from "../testing/open-test-service.ts";
import { int64 } from "./readout.ts";
import { topTokens } from "./top-tokens.ts";

function program(vocabulary: number): Program {
  return {
    key: `test of top tokens ${vocabulary}`,
    build() {
      const g = new GraphBuilder("top-tokens");
      const scores = g.input("scores", "float32", ["row", vocabulary]);
      const top = topTokens(g, scores, g.input("top", "int64", [1]), vocabulary);
      g.output(top.values, "float32", ["row", "rank"], "values");
      g.output(top.tokens, "int32", ["row", "rank"], "tokens");
      return g.build();
    },
  };
}

async function topOf(engine: Engine, rows: readonly Float32Array[], vocabulary: number, count: number) {
  const data = new Float32Array(rows.length * vocabulary);
  rows.forEach((row, r) => {
    data.set(row, r * vocabulary);
  });
  const feeds = { scores: tensor(["row", "token"], [rows.length, vocabulary], data), top: int64([count]) };
  const { values, tokens } = await engine.evaluate(program(vocabulary), feeds, ["values", "tokens"]);
  return rows.map((_, r) => ({
    values: Array.from(values.data.subarray(r * count, (r + 1) * count)),
    tokens: Array.from(tokens.data.subarray(r * count, (r + 1) * count)),
  }));
}

/** Uniform numbers, the same every time. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Rows of different character: distinct, many ties, all equal, all negative, the largest in one group or at the ends. */
function hardRows(vocabulary: number): Float32Array[] {
  const uniform = random(vocabulary);
  const row = (of: (id: number) => number) => Float32Array.from({ length: vocabulary }, (_, id) => of(id));
  return [
    row(() => uniform() * 20 - 10),
    row(() => Math.floor(uniform() * 7)),
    row(() => 2.5),
    row(() => -1e30 * (1 + uniform())),
    row((id) => (id >= 64 && id < 128 ? 100 + uniform() : uniform())),
    row((id) => (id >= vocabulary - 3 ? 50 + id / vocabulary : uniform())),
    row((id) => id),
    row((id) => -id),
  ];
}

for (const vocabulary of [97, 1023, 1024, 1025, 1087, 1088, 5003, 32_000]) {
  test(`vocabulary of ${vocabulary}: the leading tokens equal a sort`, async () => {
    const { engine } = await fixtureService("tiny-llama");
    const rows = hardRows(vocabulary);
    for (const count of [1, 10, 100].map((each) => Math.min(each, vocabulary))) {
      const answers = await topOf(engine, rows, vocabulary, count);
      rows.forEach((row, r) => {
        const { values = [], tokens = [] } = answers[r] ?? {};
        assert.deepEqual(
          values,
          largest(row, count).map(({ score }) => score),
          `row ${r}, top ${count}`,
        );
        assert.deepEqual(
          tokens.map((id) => row[id]),
          values,
          `row ${r}, top ${count}: tokens have these scores`,
        );
        assert.equal(new Set(tokens).size, count, `row ${r}, top ${count}: no token twice`);
      });
    }
  });
}

test("a whole vocabulary can be asked for", async () => {
  const { engine } = await fixtureService("tiny-llama");
  const vocabulary = 1100;
  const [row] = hardRows(vocabulary);
  assert.ok(row);
  const [answer] = await topOf(engine, [row], vocabulary, vocabulary);
  assert.deepEqual(
    answer?.values,
    largest(row, vocabulary).map(({ score }) => score),
  );
});
