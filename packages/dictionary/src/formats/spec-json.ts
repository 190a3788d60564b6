/** dictionary.json: a specification as text, and back with every field checked. */
import { PatchbayError } from "@patchbay/vocabulary";
import type { DictionarySpec, FeatureActivation } from "../dictionary.ts";
import { checkSpec } from "./check-dictionary.ts";
import { MAXIMUM_FEATURES, MAXIMUM_WIDTH } from "./limits.ts";
import {
  type Config,
  damagedFile,
  isObject,
  readChoice,
  readCount,
  readFlag,
  readJsonConfig,
  readSection,
  readText,
  wrongValue,
} from "./read-config.ts";

export const SPEC_FILE = "dictionary.json";

export function formatSpec(spec: DictionarySpec): string {
  return `${JSON.stringify(spec, undefined, 2)}\n`;
}

/** @throws PatchbayError `file-not-found`, `damaged-file`, `unsupported-model`, `values-do-not-fit`, `unknown-site` */
export async function readSpec(file: string): Promise<DictionarySpec> {
  const spec = parseSpec(await readJsonConfig(file));
  checkSpec(spec, file);
  return spec;
}

function parseSpec(config: Config): DictionarySpec {
  if (config.values["format"] !== 1) {
    throw new PatchbayError("unsupported-model", `${config.file} is of a version that this Patchbay does not know.`, {
      expected: '"format": 1',
      received: JSON.stringify(config.values["format"]) ?? "nothing",
      advice: "Update Patchbay, or import the dictionary again from its source.",
    });
  }
  const model = readSection(config, "model");
  const source = readSection(config, "source");
  return {
    format: 1,
    name: requireText(config, "name"),
    set: readText(config, "set") ?? null,
    kind: readChoice(config, "kind", ["sae", "transcoder", "cross-layer-transcoder"]),
    description: readText(config, "description") ?? null,
    licence: readText(config, "licence") ?? null,
    model: { name: readText(model, "name") ?? null, hash: readText(model, "hash") ?? null },
    inputSite: requireText(config, "inputSite"),
    outputSites: readTexts(config, "outputSites"),
    inputWidth: readCount(config, "inputWidth", { maximum: MAXIMUM_WIDTH }),
    outputWidth: readCount(config, "outputWidth", { maximum: MAXIMUM_WIDTH }),
    features: readCount(config, "features", { maximum: MAXIMUM_FEATURES }),
    activation: readActivation(readSection(config, "activation")),
    inputNormalisation: readChoice(config, "inputNormalisation", ["none", "constant-norm", "layer-norm"]),
    subtractDecoderBias: requireFlag(config, "subtractDecoderBias"),
    skip: requireFlag(config, "skip"),
    skipsFirstPosition: requireFlag(config, "skipsFirstPosition"),
    source: {
      format: requireText(source, "format"),
      address: readText(source, "address") ?? null,
      notes: readTexts(source, "notes"),
    },
    training: readRecord(config, "training"),
    quality: readRecord(config, "quality"),
  };
}

function readActivation(config: Config): FeatureActivation {
  const kind = readChoice(config, "kind", ["relu", "jumprelu", "topk", "gated", "groupmax"]);
  if (kind === "relu" || kind === "gated") return { kind };
  if (kind === "jumprelu") return { kind, rectified: requireFlag(config, "rectified") };
  const k = readCount(config, "k", { maximum: MAXIMUM_FEATURES });
  if (kind === "groupmax") return { kind, k };
  return { kind, k, rectified: requireFlag(config, "rectified"), byDecoderNorm: requireFlag(config, "byDecoderNorm") };
}

function requireText(config: Config, key: string): string {
  const value = readText(config, key);
  if (value === undefined) throw wrongValue(config, key, "a string");
  return value;
}

function requireFlag(config: Config, key: string): boolean {
  if (typeof config.values[key] !== "boolean") throw wrongValue(config, key, "true or false");
  return readFlag(config, key, false);
}

function readTexts(config: Config, key: string): readonly string[] {
  const value = config.values[key];
  if (Array.isArray(value) && value.length <= 1000 && value.every((part) => typeof part === "string")) return value;
  throw wrongValue(config, key, "a list of strings");
}

function readRecord(config: Config, key: string): Readonly<Record<string, unknown>> | null {
  const value = config.values[key];
  if (value === undefined || value === null) return null;
  if (isObject(value)) return value;
  throw damagedFile(config.file, `has a "${key}" of the wrong form`, "an object or null", typeof value);
}
