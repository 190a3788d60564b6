/** Bad input of every kind is refused with a code and a reason; nothing is opened that could run code. */
import assert from "node:assert/strict";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type ErrorCode, ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import { zipSync } from "fflate";
import { editJson, editTensors, withCopy } from "../testing/edit-fixture.ts";
import { dictionaryFixture, importAll } from "../testing/fixtures.ts";
import { detectFormat } from "./detect-format.ts";
import type { ImportOptions } from "./import-options.ts";

async function refused(path: string, code: ErrorCode, reason: RegExp, options: ImportOptions = {}): Promise<void> {
  await assert.rejects(importAll(path, options), (error) => {
    assert.ok(error instanceof PatchbayError, `${error}`);
    assert.match(error.message, reason);
    assert.equal(error.code, code, error.message);
    return true;
  });
}

const configurations: readonly [string, string, Readonly<Record<string, unknown>>, ErrorCode, RegExp][] = [
  ["a negative number of features", "sae-lens-standard", { d_sae: -5 }, "damaged-file", /d_sae/],
  ["a huge number of features", "sae-lens-standard", { d_sae: 1e15 }, "damaged-file", /d_sae/],
  ["a number of features that is not whole", "sae-lens-standard", { d_sae: 23.5 }, "damaged-file", /d_sae/],
  ["another number of features than the weights'", "sae-lens-standard", { d_sae: 25 }, "values-do-not-fit", /8 × 25/],
  ["another width than the weights'", "sae-lens-standard", { d_in: 9 }, "values-do-not-fit", /W_enc/],
  ["k above the features", "sae-lens-topk", { k: 25 }, "values-do-not-fit", /k from 1 to 24/],
  ["k of zero", "sae-lens-topk", { k: 0 }, "damaged-file", /"k"/],
  ["an unknown architecture", "sae-lens-standard", { architecture: "temporal" }, "unsupported-model", /temporal/],
  [
    "a dictionary in training",
    "sae-lens-standard",
    { architecture: "batchtopk" },
    "unsupported-model",
    /save_inference_model/,
  ],
  ["the wrong architecture", "sae-lens-standard", { architecture: "jumprelu" }, "damaged-file", /threshold/],
  ["tensors without a place", "sae-lens-jumprelu", { architecture: "standard" }, "unsupported-model", /threshold/],
  [
    "an unknown normalisation",
    "sae-lens-standard",
    { normalize_activations: "covariance_whitening" },
    "unsupported-model",
    /whiten/,
  ],
  [
    "a scale that nobody states",
    "sae-lens-standard",
    { normalize_activations: "expected_average_only_in" },
    "unsupported-model",
    /norm_scaling_factor/,
  ],
  [
    "an unknown hook",
    "sae-lens-standard",
    { metadata: { sae_lens_version: "6.0.0", hook_name: "blocks.1.hook_nothing" } },
    "unknown-site",
    /hook_nothing/,
  ],
  [
    "no hook",
    "sae-lens-standard",
    { metadata: { sae_lens_version: "6.0.0" } },
    "damaged-file",
    /where the dictionary reads/,
  ],
  [
    "one head",
    "sae-lens-standard",
    { metadata: { hook_name: "blocks.1.attn.hook_z", hook_head_index: 1 } },
    "unsupported-model",
    /head/,
  ],
  [
    "a transcoder that subtracts b_dec",
    "sae-lens-transcoder",
    { apply_b_dec_to_input: true },
    "unsupported-model",
    /apply_b_dec_to_input/,
  ],
  ["metadata that is a list", "sae-lens-standard", { metadata: [1] }, "damaged-file", /metadata/],
];
for (const [what, fixture, changes, code, reason] of configurations) {
  test(`${what} is refused`, () =>
    withCopy(fixture, async (folder) => {
      await editJson(join(folder, "cfg.json"), changes);
      await refused(folder, code, reason);
    }));
}

for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
  test(`${value} among the weights is refused`, () =>
    withCopy("sae-lens-standard", async (folder) => {
      await editTensors(join(folder, "sae_weights.safetensors"), (tensors) => {
        ensureDefined(tensors.get("W_dec")).data[17] = value;
      });
      await refused(folder, "not-finite", new RegExp(`W_dec.*${value} at element 17`));
    }));
}

test("truncated safetensors are refused", () =>
  withCopy("sae-lens-standard", async (folder) => {
    const file = join(folder, "sae_weights.safetensors");
    await writeFile(file, (await readFile(file)).subarray(0, 900));
    await refused(folder, "damaged-file", /ends before tensor/);
  }));

test("JSON that is too large or too deep is refused", () =>
  withCopy("sae-lens-standard", async (folder) => {
    await writeFile(join(folder, "cfg.json"), `{"a":"${"x".repeat(1_000_001)}"}`);
    await refused(folder, "damaged-file", /too large/);
    await writeFile(join(folder, "cfg.json"), `{"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}`);
    await refused(folder, "damaged-file", /too deeply/);
  }));

const bombs: readonly [string, string, RegExp][] = [
  ["a billion laughs", billionLaughs(), /many aliases/],
  ["deep flow", `model_kind: ${"[".repeat(20_000)}`, /too deeply/],
  ["deep sequences", `model_kind:\n${"- ".repeat(20_000)}1`, /too deeply/],
  ["deep blocks", Array.from({ length: 500 }, (_, i) => `${" ".repeat(i)}a:`).join("\n"), /too deeply/],
  ["too much text", `model_kind: ${"x".repeat(1_000_001)}`, /too large/],
  ["a custom type", "model_kind: !!python/object/apply:os.system ['true']", /model_kind|YAML/],
  ["no mapping", "- 1\n- 2", /not a configuration/],
];
for (const [what, text, reason] of bombs) {
  test(`YAML with ${what} is refused`, () =>
    withCopy("circuit-tracer-skip", async (folder) => {
      await writeFile(join(folder, "config.yaml"), text);
      await assert.rejects(importAll(folder), (error) => error instanceof PatchbayError && reason.test(error.message));
    }));
}

function billionLaughs(): string {
  const lines = ['a0: &a0 ["ha","ha","ha","ha","ha","ha","ha","ha","ha"]'];
  for (let i = 1; i < 9; i++)
    lines.push(
      `a${i}: &a${i} [${Array(9)
        .fill(`*a${i - 1}`)
        .join(",")}]`,
    );
  return lines.join("\n");
}

test("circuit-tracer without hooks is refused, never guessed", () =>
  withCopy("circuit-tracer-skip", async (folder) => {
    await writeFile(join(folder, "config.yaml"), "model_kind: transcoder_set\nfeature_input_hook: mlp.hook_in\n");
    await refused(folder, "damaged-file", /where the dictionary writes/);
    assert.equal((await importAll(folder, { outputSite: "mlp.hook_out" })).length, 2);
  }));

test("a cross-layer transcoder without one of its layers is refused", () =>
  withCopy("circuit-tracer-cross-layer", async (folder) => {
    await rm(join(folder, "W_enc_1.safetensors"));
    await refused(folder, "damaged-file", /lacks a layer/);
  }));

test("circuit-tracer's configuration without weights says what to download", () =>
  withCopy("circuit-tracer-skip", async (folder) => {
    await rm(join(folder, "layer_0.safetensors"));
    await rm(join(folder, "layer_1.safetensors"));
    await refused(folder, "file-not-found", /Download every layer/);
  }));

test("sparsify folders that are not named after a module need a site", () =>
  withCopy("sparsify-topk", async (folder) => {
    await cp(join(folder, "layers.1"), join(folder, "mystery"), { recursive: true });
    await refused(join(folder, "mystery"), "unknown-site", /not named after a module/);
    const [found] = await importAll(join(folder, "mystery"), { inputSite: "blocks.2.hook_resid_post" });
    assert.equal(found?.spec.inputSite, "blocks.2.hook_resid_post");
  }));

test("Gemma Scope weights outside of a published path need a site", () =>
  withCopy("gemma-scope", async (folder) => {
    await refused(folder, "unknown-site", /does not say where/);
    const [found] = await importAll(join(folder, "params.npz"), { inputSite: "blocks.5.hook_mlp_out" });
    assert.equal(found?.spec.inputSite, "blocks.5.hook_mlp_out");
  }));

/** A .npy file. */
function npy(header: string, data: Uint8Array = new Uint8Array(4)): Uint8Array {
  const text = new TextEncoder().encode(header.padEnd(118, " "));
  return Uint8Array.from([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0, text.length, 0, ...text, ...data]);
}
const PLAIN = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }";

const archives: readonly [string, () => Uint8Array, RegExp][] = [
  ["pickled objects", () => zipSync({ "W_enc.npy": npy(PLAIN.replace("<f4", "|O")) }), /Python objects/],
  [
    "a structured type",
    () => zipSync({ "W_enc.npy": npy("{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (1,)}") }),
    /Python objects/,
  ],
  ["integers", () => zipSync({ "W_enc.npy": npy(PLAIN.replace("f4", "i8")) }), /type that is not read/],
  ["columns first", () => zipSync({ "W_enc.npy": npy(PLAIN.replace("False", "True")) }), /order that is not read/],
  [
    "another shape than its bytes",
    () => zipSync({ "W_enc.npy": npy(PLAIN.replace("(1,)", "(9, 9)")) }),
    /number of values/,
  ],
  [
    "an endless shape",
    () => zipSync({ "W_enc.npy": npy(PLAIN.replace("(1,)", "(999999999, 999999999)")) }),
    /larger than/,
  ],
  ["a name above its folder", () => zipSync({ "../W_enc.npy": npy(PLAIN) }), /leaves its folder/],
  ["an absolute name", () => zipSync({ "/etc/W_enc.npy": npy(PLAIN) }), /leaves its folder/],
  ["a drive's name", () => zipSync({ "C:\\W_enc.npy": npy(PLAIN) }), /leaves its folder/],
  ["a torch archive inside", () => zipSync({ "data.pkl": new Uint8Array(8) }), /not an archive of NumPy/],
  ["a bomb", () => zipSync({ "W_enc.npy": new Uint8Array(50_000_000) }), /beyond reason/],
  ["a lie about its length", () => declared(zipSync({ "W_enc.npy": new Uint8Array(500_000) }), 1000), /cannot inflate/],
  ["a wrong checksum", () => corrupted(zipSync({ "W_enc.npy": npy(PLAIN) }, { level: 0 })), /other bytes/],
  ["no end", () => zipSync({ "W_enc.npy": npy(PLAIN) }).subarray(0, 120), /complete zip/],
  ["not even a zip", () => new Uint8Array(100), /complete zip/],
];
for (const [what, make, reason] of archives) {
  test(`an npz with ${what} is refused`, () =>
    withCopy("gemma-scope", async (folder) => {
      await writeFile(join(folder, "params.npz"), make());
      await assert.rejects(importAll(folder), (error) => {
        assert.ok(error instanceof PatchbayError, `${error}`);
        assert.match(error.message, reason);
        return true;
      });
    }));
}

/** Changes the uncompressed length in the directory. */
function declared(archive: Uint8Array, length: number): Uint8Array {
  const entry = directoryOf(archive);
  new DataView(archive.buffer).setUint32(entry + 24, length, true);
  return archive;
}

/** Flips the last byte of the only entry's data. */
function corrupted(archive: Uint8Array): Uint8Array {
  const last = directoryOf(archive) - 1;
  archive[last] = (archive[last] ?? 0) ^ 1;
  return archive;
}

function directoryOf(archive: Uint8Array): number {
  return new DataView(archive.buffer).getUint32(archive.length - 6, true);
}

test("pickles are refused with advice, by name and by content", () =>
  withCopy("sae-lens-standard", async (folder) => {
    const own = join(folder, "pickled");
    await mkdir(own);
    await writeFile(join(own, "ae.pt"), "PK");
    await refused(own, "unsupported-model", /can run code.*save it as a SAELens folder/);
    await refused(join(own, "ae.pt"), "unsupported-model", /can run code/);
    await writeFile(join(own, "weights.safetensors"), Uint8Array.of(0x80, 2, 0x7d));
    await refused(join(own, "weights.safetensors"), "unsupported-model", /can run code/);
  }));

test("folders of several formats, of none, and of nothing are refused", () =>
  withCopy("sae-lens-standard", async (folder) => {
    await writeFile(join(folder, "params.npz"), "");
    await refused(folder, "unsupported-model", /sae-lens and gemma-scope/);
    await mkdir(join(folder, "empty"));
    await refused(join(folder, "empty"), "unsupported-model", /not a dictionary in a format/);
    await refused(join(folder, "absent"), "file-not-found", /nothing at/);
  }));

test("formats are told by content", async () => {
  const formats = {
    "sae-lens-topk": "sae-lens",
    "circuit-tracer-cross-layer": "circuit-tracer",
    "sparsify-topk": "sparsify",
  };
  const more = { "gemma-scope": "gemma-scope", "llama-scope": "llama-scope" };
  for (const [name, format] of Object.entries({ ...formats, ...more })) {
    assert.equal((await detectFormat((await dictionaryFixture(name)).path)).format, format);
  }
});
