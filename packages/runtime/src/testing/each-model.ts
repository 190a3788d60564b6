/** One test on several models: grouped-query Llama, GPT-2, and the bundled model where it is installed. */
import { type TestContext, test } from "node:test";
import type { Engine } from "@patchbay/transformer";
import { openFixture } from "./fixture-model.ts";
import { stories15m } from "./installed-models.ts";
import { someTokens, type Tokens } from "./observe.ts";

export interface ModelUnderTest {
  readonly engine: Engine;
  /** Two rows of equal length. */
  readonly tokens: Tokens;
}

const fixtures = new Map<string, Promise<ModelUnderTest>>();

/** Opened once a process. */
export function fixture(name: "tiny-llama" | "tiny-gpt2"): Promise<ModelUnderTest> {
  const opened = fixtures.get(name) ?? openFixture(name);
  fixtures.set(name, opened);
  return opened;
}

async function bundled(t: TestContext): Promise<ModelUnderTest | undefined> {
  const model = await stories15m(t);
  if (model === undefined) return undefined;
  const { vocabulary } = model.engine.model.shape;
  // Beginning of sequence, then ordinary pieces.
  return {
    engine: model.engine,
    tokens: [1, 2].map((seed) => [1, ...someTokens(8, vocabulary - 300, seed).map((id) => id + 259)]),
  };
}

export function testEachModel(title: string, body: (model: ModelUnderTest, t: TestContext) => Promise<void>): void {
  for (const name of ["tiny-llama", "tiny-gpt2"] as const) {
    test(`${name}: ${title}`, async (t) => body(await fixture(name), t));
  }
  test(`stories-15m: ${title}`, async (t) => {
    const model = await bundled(t);
    if (model !== undefined) await body(model, t);
  });
}
