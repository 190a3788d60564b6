/** Every hook site and the logits against an independent float64 pass, on real models and on the tiny fixtures. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type Engine, openTokenizer } from "@patchbay/transformer";
import { nameOf } from "@patchbay/vocabulary";
import { fixtureFolder, openFixture } from "./testing/fixture-model.ts";
import { type InstalledModel, stories15m, stories260k } from "./testing/installed-models.ts";
import { observe, relativeError, sitesOf } from "./testing/observe.ts";
import { referenceForward } from "./testing/reference-forward.ts";

const TOLERANCE = 1e-4;
const LONG =
  "Once upon a time, there was a little girl named Lily. She loved to play outside in the park with her friend Tom. " +
  "One day, they found a big red ball under the old tree. Tom gave the ball to Lily, and she was very happy. " +
  "“Thank you!” she said.\nThen they went home and ate 3 cakes.";

/** Largest relative error over all sites, in both ways of summing the heads. */
async function compare(engine: Engine, folder: string, tokens: readonly number[]): Promise<number> {
  const expected = await referenceForward(folder, engine.model.tensors, tokens);
  let largest = 0;
  for (const perHead of [false, true]) {
    const actual = await observe(engine, [tokens], { perHead });
    const check = (name: string, got: ArrayLike<number>, want: ArrayLike<number> | undefined) => {
      assert.ok(want, `${name} is in the reference`);
      const error = relativeError(got, want);
      assert.ok(error < TOLERANCE, `${name} of ${tokens.length} tokens differs by ${error}`);
      largest = Math.max(largest, error);
    };
    for (const [name, { data }] of actual.sites) check(name, data, expected.sites.get(name));
    check("logits", actual.logits.data, expected.logits);
    const wanted = sitesOf(engine.model.shape).map(nameOf);
    assert.deepEqual([...expected.sites.keys()].sort(), wanted.sort(), "the reference has exactly the model's sites");
    assert.equal(actual.sites.size, perHead ? wanted.length : wanted.length - engine.model.shape.layers);
  }
  return largest;
}

async function compareTexts(t: TestContext, { engine, folder }: InstalledModel): Promise<void> {
  const tokenizer = await openTokenizer(folder);
  const encode = (text: string, prependBos = true) => tokenizer.encode(text, { prependBos }).map(({ id }) => id);
  const prompts = [
    encode(""),
    encode(" the", false).slice(0, 1),
    encode("One day, Tom and Lily went to the park."),
    encode(LONG),
  ];
  assert.deepEqual(
    prompts.slice(0, 2).map(({ length }) => length),
    [1, 1],
  );
  assert.ok((prompts[3]?.length ?? 0) > 60);
  for (const tokens of prompts) {
    const error = await compare(engine, folder, tokens);
    t.diagnostic(`${tokens.length} tokens: largest relative error ${error.toExponential(2)}`);
  }
}

test("stories15M: every site and the logits equal the float64 pass", async (t) => {
  const model = await stories15m(t);
  if (model !== undefined) await compareTexts(t, model);
});

test("stories260K: every site and the logits equal the float64 pass", async (t) => {
  const model = await stories260k(t);
  if (model !== undefined) await compareTexts(t, model);
});

for (const name of ["tiny-llama", "tiny-gpt2"] as const) {
  test(`${name}: every site and the logits equal the float64 pass`, async (t) => {
    const { engine, tokens } = await openFixture(name);
    for (const row of tokens) {
      for (const length of [1, 2, row.length]) {
        const error = await compare(engine, fixtureFolder(name), row.slice(0, length));
        t.diagnostic(`${length} tokens: largest relative error ${error.toExponential(2)}`);
      }
    }
  });
}
