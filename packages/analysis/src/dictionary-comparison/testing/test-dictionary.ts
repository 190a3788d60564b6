/** Small dictionaries for tests: weights drawn from a seed or given, written to a temporary folder and opened there. */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Dictionary, DictionarySpec, DictionaryTensorName, DictionaryWeights } from "@patchbay/dictionary";
import { encodeSafetensors, openTensorFolder } from "@patchbay/transformer";
import { type Tensor, tensor } from "@patchbay/vocabulary";
import { seededRandom } from "../../training/random.ts";

const MLP_TRANSCODER: DictionarySpec = {
  format: 1,
  name: "test",
  set: null,
  kind: "transcoder",
  description: null,
  licence: null,
  model: { name: null, hash: null },
  inputSite: "blocks.1.ln2.hook_normalized",
  outputSites: ["blocks.1.hook_mlp_out"],
  inputWidth: 32,
  outputWidth: 32,
  features: 48,
  activation: { kind: "topk", k: 6, rectified: true, byDecoderNorm: false },
  inputNormalisation: "none",
  subtractDecoderBias: false,
  skip: false,
  skipsFirstPosition: false,
  source: { format: "patchbay", address: null, notes: [] },
  training: null,
  quality: null,
};

/** A specification with the given parts; the rest is a transcoder of a tiny model's layer 1 with 48 features, TopK 6. */
export function testSpec(changes: Partial<DictionarySpec> = {}): DictionarySpec {
  return { ...MLP_TRANSCODER, ...changes };
}

/** Independent normal weights; encoder rows of length about 1, decoder rows of length about `decoderScale`. */
export function randomWeights(spec: DictionarySpec, seed: number, decoderScale = 0.3): DictionaryWeights {
  const random = seededRandom(seed);
  const normal = (axes: string[], shape: number[], scale: number) =>
    tensor(
      axes,
      shape,
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => scale * random.normal()),
    );
  const { features, inputWidth, outputWidth, activation } = spec;
  return {
    spec,
    tensors: {
      W_enc: normal(["feature", "input"], [features, inputWidth], 1 / Math.sqrt(inputWidth)),
      b_enc: normal(["feature"], [features], 0.05),
      W_dec: normal(["feature", "output"], [features, outputWidth], decoderScale / Math.sqrt(outputWidth)),
      b_dec: normal(["output"], [outputWidth], 0.02),
      ...(activation.kind === "jumprelu" ? { threshold: normal(["feature"], [features], 0) } : {}),
    },
  };
}

/** Features in another order: row i of the copy is feature `order[i]`. */
export function permutedWeights({ spec, tensors }: DictionaryWeights, order: Int32Array): DictionaryWeights {
  const copy: Partial<Record<DictionaryTensorName, Tensor>> = { ...tensors };
  for (const name of ["W_enc", "W_dec", "b_enc", "threshold"] as const) {
    const found = tensors[name];
    if (found === undefined) continue;
    const width = found.data.length / spec.features;
    const data = new Float32Array(found.data.length);
    for (const [row, feature] of order.entries()) {
      data.set(found.data.subarray(feature * width, (feature + 1) * width), row * width);
    }
    copy[name] = { ...found, data };
  }
  return { spec, tensors: copy };
}

let folders: string | undefined;
let count = 0;

/** A new temporary folder; all go when the process ends. */
function newFolder(): string {
  if (folders === undefined) {
    const made = mkdtempSync(path.join(tmpdir(), "patchbay-test-dictionaries-"));
    process.once("exit", () => rmSync(made, { recursive: true, force: true }));
    folders = made;
  }
  const folder = path.join(folders, String(count++));
  mkdirSync(folder);
  return folder;
}

/** Writes the dictionary to a temporary folder and opens it. */
export async function openTestDictionary({ spec, tensors }: DictionaryWeights): Promise<Dictionary> {
  const folder = newFolder();
  const entries = Object.entries(tensors).filter((entry): entry is [string, Tensor] => entry[1] !== undefined);
  const bytes = encodeSafetensors(entries);
  await writeFile(path.join(folder, "model.safetensors"), bytes);
  const source = await openTensorFolder(folder);
  return {
    spec,
    hash: createHash("sha256").update(JSON.stringify(spec)).update(bytes).digest("hex"),
    folder,
    bundled: false,
    has: (name) => source.has(name),
    describe: (name) => source.describe(name),
    read: (name) => source.read(name),
  };
}
