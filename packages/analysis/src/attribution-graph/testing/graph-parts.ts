/** Parts of a model and its dictionaries, for tests: the bundled transcoders, or small random ones. */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type Dictionary, type DictionaryWeights, openDictionary } from "@patchbay/dictionary";
import { PatchbayError, tensor } from "@patchbay/vocabulary";
import { openTestDictionary, randomWeights, testSpec } from "../../dictionary-comparison/testing/test-dictionary.ts";
import type { TestService } from "../../testing/open-test-service.ts";
import type { GraphParts } from "../replacement-model.ts";

const BUNDLED = fileURLToPath(new URL("../../../../../models/stories-15m/dictionaries", import.meta.url));

/** The transcoders that ship with the bundled model, in the order of their layers. */
export async function bundledTranscoders(): Promise<Dictionary[]> {
  if (!existsSync(BUNDLED)) return [];
  const names = (await readdir(BUNDLED)).filter((name) => name.startsWith("mlp-")).sort();
  return Promise.all(names.map((name) => openDictionary(path.join(BUNDLED, name), { bundled: true })));
}

export function graphParts(
  { name, engine, tokenizer }: Pick<TestService, "name" | "engine" | "tokenizer">,
  installed: readonly Dictionary[],
): GraphParts {
  return {
    name,
    engine,
    tokenizer,
    prependBos: true,
    runtimeVersion: "the runtime under test",
    maximumOf: async () => 1,
    installedDictionaries: async () => installed,
    dictionaries: {
      async find(wanted) {
        const found = installed.find(({ spec }) => spec.name === wanted);
        if (found === undefined) throw new PatchbayError("not-found", `There is no dictionary "${wanted}".`);
        return found;
      },
      ofSet: async (set) => installed.filter(({ spec }) => spec.set === set),
      maximumOf: async () => 1,
    },
  };
}

export const TINY_KINDS = ["plain", "skip", "cross-layer", "jumprelu"] as const;
type TinyKind = (typeof TINY_KINDS)[number];

const LAYERS = 3;
const WIDTH = 32;

/** One random dictionary a layer of a tiny model (3 layers, width 32). */
export function tinySet(kind: TinyKind): Promise<Dictionary[]> {
  return Promise.all(Array.from({ length: LAYERS }, (_, layer) => openTestDictionary(tinyWeights(kind, layer))));
}

function tinyWeights(kind: TinyKind, layer: number): DictionaryWeights {
  const crossLayer = kind === "cross-layer";
  const outputs = crossLayer ? Array.from({ length: LAYERS - layer }, (_, i) => layer + i) : [layer];
  const weights = randomWeights(
    testSpec({
      name: `${kind}-${layer}`,
      set: kind,
      kind: crossLayer ? "cross-layer-transcoder" : "transcoder",
      inputSite: crossLayer ? `blocks.${layer}.hook_resid_mid` : `blocks.${layer}.ln2.hook_normalized`,
      outputSites: outputs.map((output) => `blocks.${output}.hook_mlp_out`),
      skip: kind === "skip",
      skipsFirstPosition: kind === "skip",
      subtractDecoderBias: kind === "plain",
      activation:
        kind === "jumprelu"
          ? { kind: "jumprelu", rectified: false }
          : crossLayer
            ? { kind: "relu" }
            : { kind: "topk", k: 6, rectified: true, byDecoderNorm: kind === "plain" },
    }),
    30 + layer,
    1,
  );
  const wave = (count: number, scale: number) =>
    Float32Array.from({ length: count }, (_, i) => scale * Math.sin(7 * i + layer));
  const decoder = tensor(
    ["feature", "target", "output"],
    [48, outputs.length, WIDTH],
    wave(48 * outputs.length * WIDTH, 0.1),
  );
  const skip = tensor(["output", "input"], [WIDTH, WIDTH], wave(WIDTH * WIDTH, 0.1));
  return {
    spec: weights.spec,
    tensors: {
      ...weights.tensors,
      ...(crossLayer ? { W_dec: decoder } : {}),
      ...(kind === "skip" ? { W_skip: skip } : {}),
    },
  };
}
