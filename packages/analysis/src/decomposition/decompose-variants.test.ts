/** The same identities in arrangements that the fixtures do not have, and for features of the shipped transcoders. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Decomposition, DecompositionTarget } from "@patchbay/contract";
import { openDictionaryLibrary } from "@patchbay/dictionary";
import { createRuntime } from "@patchbay/runtime";
import type { BlockWeights, ModelShape, TransformerModel } from "@patchbay/transformer";
import { ensureDefined } from "@patchbay/vocabulary";
import { observe } from "../observables/observe.ts";
import { STORY } from "../testing/each-service.ts";
import { fixtureService, serve, storiesService, UNDISTURBED } from "../testing/open-test-service.ts";
import { decompose } from "./decompose.ts";
import { partsOf } from "./testing/parts.ts";

const SHIPPED = fileURLToPath(new URL("../../../../models/stories-15m/dictionaries/", import.meta.url));

function withShape(
  { hash, tensors, architecture }: TransformerModel,
  change: Partial<ModelShape>,
  block: (weights: BlockWeights) => BlockWeights = (weights) => weights,
): TransformerModel {
  const shape = { ...architecture.shape, ...change };
  const changed = { ...architecture, shape, block: (layer: number) => block(architecture.block(layer)) };
  return { hash: `${hash} ${JSON.stringify(change)}`, tensors, shape, architecture: changed };
}

/** Sums of the result, against numbers as large as its largest share. */
function checkSums(result: Decomposition, what: string): void {
  const size = Math.max(1, Math.abs(result.target.total), ...result.tokenShares.map(Math.abs));
  assert.ok(Math.abs(result.unexplained) < 1e-4 * size, `${what}: ${result.unexplained} is unexplained`);
  for (const { name, relevant, irrelevant, nodes } of result.sets ?? []) {
    assert.ok(Math.abs(relevant + irrelevant - result.target.total) < 1e-4 * size, `${what}, ${name}`);
    for (const { site, residual, activationNorm } of nodes) {
      assert.ok(residual < 1e-4 * Math.max(size, activationNorm), `${what}, ${name} at ${site}: ${residual}`);
    }
  }
  const { flow } = result;
  if (flow === undefined) return;
  const direct = flow.direct.data.reduce<number>((sum, value) => sum + (value ?? 0), 0);
  assert.ok(Math.abs(direct - result.target.total) < 1e-4 * size, `${what}: the table sums to ${direct}`);
}

const VARIANTS: [string, Partial<ModelShape>, ((weights: BlockWeights) => BlockWeights)?][] = [
  ["parallel blocks", { arrangement: "parallel" }],
  ["no norms", { norm: { kind: "none", epsilon: 0 } }],
  [
    "attention only",
    { neurons: 0, activation: "none", gated: false },
    ({ norm1, attention }) => ({ norm1, attention }),
  ],
];

for (const name of ["tiny-llama", "tiny-gpt2"] as const) {
  for (const [title, change, block] of VARIANTS) {
    test(`${name} with ${title}: parts sum to the whole`, async () => {
      const fixture = await fixtureService(name);
      const model = withShape(fixture.engine.model, change, block);
      const engine = createRuntime({ threads: 1, memoryInBytes: 2 ** 30 }).open(model);
      const parts = partsOf(await serve(name, engine, fixture.tokenizer, true, [" w1 w2"]));
      const input = { tokens: [[1, 5, 9, 13, 20, 21]] };
      const mlps = model.shape.neurons === 0 ? {} : { mlps: [0] };
      const targets: DecompositionTarget[] = [
        { kind: "logit-difference", token: 7, minus: 3 },
        { kind: "head-input", layer: 2, head: 1, side: "value", position: 4 },
        ...(model.shape.neurons === 0 ? [] : [{ kind: "neuron", layer: 1, neuron: 5 } as const]),
      ];
      for (const target of targets) {
        const sets = [{ name: "some", heads: [[0, 2] as [number, number]], ...mlps, tokens: [3], biases: true }];
        checkSums(await decompose(parts, { model: name, input, target, sets, flow: true }, UNDISTURBED), target.kind);
      }
      const seen = await observe(
        parts,
        {
          model: name,
          input,
          observables: [{ name: "a", plus: [7], minus: [3] }],
          heldOut: [" w5 w9 w20"],
          compare: 2,
        },
        UNDISTURBED,
      );
      assert.equal(seen.paths.length, 3 * (4 + (model.shape.neurons === 0 ? 0 : 1)));
    });
  }
}

test("stories-15m: what a shipped transcoder's features read is taken apart", async (t) => {
  const under = await storiesService(t);
  if (under === undefined) return;
  const library = openDictionaryLibrary({ roots: [{ folder: SHIPPED, bundled: true }] });
  const parts = partsOf({ ...under, dictionaries: library });
  for (const layer of [0, 3, 5]) {
    const { spec } = await library.find(`mlp-${layer}`);
    const target = { kind: "feature", dictionary: spec.name, feature: 7, position: -2 } as const;
    const sets = [{ name: "tokens", tokens: "all" as const }];
    const result = await decompose(
      parts,
      { model: under.name, input: { text: STORY }, target, sets, flow: true },
      UNDISTURBED,
    );
    assert.ok(Math.abs(result.target.total) > 1e-3);
    checkSums(result, `mlp-${layer}`);
    // No biases in this model: the tokens are everything.
    assert.ok(Math.abs(ensureDefined(result.sets?.[0]).irrelevant) < 1e-6);
  }
});
