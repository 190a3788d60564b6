/** What goes out comes back equal; what a format cannot say is refused, with the reason. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import type { DictionarySpec, DictionaryWeights } from "../dictionary.ts";
import { dictionaryFixture, dictionaryFixtures, importAll } from "../testing/fixtures.ts";
import type { AcceptedDifference } from "./export-check.ts";
import { exportCircuitTracer } from "./export-circuit-tracer.ts";
import { exportSaeLens } from "./export-sae-lens.ts";

async function inTemporaryFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "patchbay-export-"));
  try {
    await use(join(folder, "exported"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Everything that computing depends on. */
function computing({ spec, tensors }: DictionaryWeights) {
  const { name: _name, set: _set, description: _d, source: _s, ...rest } = spec;
  // A rectified JumpReLU with thresholds of at least 0 is the same as one that is not.
  const harmless = rest.activation.kind === "jumprelu" && tensors.threshold?.data.every((theta) => theta >= 0);
  const activation = harmless ? { kind: "jumprelu" } : rest.activation;
  const { density: _density, ...numbers } = tensors;
  return { spec: { ...rest, activation }, numbers };
}

async function imported(name: string): Promise<DictionaryWeights[]> {
  return importAll((await dictionaryFixture(name)).path);
}

async function first(name: string): Promise<DictionaryWeights> {
  return ensureDefined((await imported(name))[0]);
}

const saeLens = (await dictionaryFixtures()).filter(({ name }) => /^(sae-lens|gemma|llama)/.test(name));
for (const { name } of saeLens) {
  test(`${name} survives a SAELens folder`, async () => {
    const before = await first(name);
    await inTemporaryFolder(async (folder) => {
      await exportSaeLens(folder, before);
      const [after] = await importAll(folder);
      assert.deepEqual(computing(ensureDefined(after)), computing(before));
    });
  });
}

test("densities survive a SAELens folder", async () => {
  const before = await first("sae-lens-standard");
  await inTemporaryFolder(async (folder) => {
    await exportSaeLens(folder, before);
    const after = ensureDefined((await importAll(folder))[0]).tensors.density;
    // Through a float32 logarithm: its error at |log| < 10 is 5e-7, ln 10 times that in the value.
    after?.data.forEach((share, i) => {
      assert.ok(Math.abs(share - (before.tensors.density?.data[i] ?? 9)) < 1e-6);
    });
    assert.ok(after?.data.some((share) => share > 0.01));
  });
});

for (const name of [
  "circuit-tracer-skip",
  "circuit-tracer-jumprelu",
  "circuit-tracer-topk",
  "circuit-tracer-cross-layer",
]) {
  test(`${name} survives a circuit-tracer folder`, async () => {
    const before = await imported(name);
    await inTemporaryFolder(async (folder) => {
      await exportCircuitTracer(folder, [...before].reverse());
      const after = await importAll(folder);
      assert.deepEqual(after.map(computing), before.map(computing));
    });
  });
}

test("a transcoder goes from SAELens to circuit-tracer and back", async () => {
  const found = await first("sae-lens-skip-transcoder");
  const spec = { ...found.spec, inputSite: "blocks.0.ln2.hook_normalized", outputSites: ["blocks.0.hook_mlp_out"] };
  const before = { ...found, spec };
  await inTemporaryFolder(async (folder) => {
    await exportCircuitTracer(folder, [before], { accept: ["first-position"] });
    const across = ensureDefined((await importAll(folder))[0]);
    assert.deepEqual(computing(across).numbers, computing(before).numbers);
    assert.equal(across.spec.skipsFirstPosition, true);
    await rm(folder, { recursive: true });
    await exportSaeLens(folder, across, { accept: ["first-position"] });
    assert.deepEqual(computing(ensureDefined((await importAll(folder))[0])), computing(across));
  });
});

const refusals: readonly {
  readonly from: string;
  readonly to: "SAELens" | "circuit-tracer";
  readonly change?: Partial<DictionarySpec>;
  readonly accept?: readonly AcceptedDifference[];
  readonly reason: RegExp;
}[] = [
  { from: "circuit-tracer-cross-layer", to: "SAELens", accept: ["first-position"], reason: /cross-layer/ },
  { from: "circuit-tracer-skip", to: "SAELens", reason: /first/ },
  { from: "circuit-tracer-topk", to: "SAELens", accept: ["first-position"], reason: /topk/ },
  { from: "circuit-tracer-jumprelu", to: "SAELens", accept: ["first-position"], reason: /negative thresholds/ },
  { from: "sparsify-groupmax-transcoder", to: "SAELens", reason: /groupmax/ },
  { from: "sae-lens-standard", to: "circuit-tracer", reason: /an SAE/ },
  { from: "sae-lens-transcoder", to: "circuit-tracer", reason: /every layer from 0/ },
  {
    from: "circuit-tracer-skip",
    to: "circuit-tracer",
    change: { skipsFirstPosition: false },
    reason: /first position/,
  },
  {
    from: "circuit-tracer-topk",
    to: "circuit-tracer",
    change: { activation: { kind: "topk", k: 4, rectified: true, byDecoderNorm: false } },
    reason: /raw-top-k/,
  },
];

for (const { from, to, change = {}, accept = [], reason } of refusals) {
  test(`${to} refuses ${from} ${JSON.stringify(change)}`, async () => {
    const found = await first(from);
    const weights = { ...found, spec: { ...found.spec, ...change } };
    await inTemporaryFolder(async (folder) => {
      const exporting =
        to === "SAELens"
          ? exportSaeLens(folder, weights, { accept })
          : exportCircuitTracer(folder, [weights], { accept });
      await assert.rejects(exporting, (error) => {
        assert.ok(error instanceof PatchbayError);
        assert.equal(error.code, "unsupported-model");
        assert.match(error.message, reason);
        return true;
      });
    });
  });
}
