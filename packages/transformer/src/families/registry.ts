/** The families we can run. To add one: write its file beside this one and name it here. */
import { PatchbayError } from "@patchbay/vocabulary";
import type { ModelConfig, ModelFamily } from "../architecture.ts";
import { gpt2 } from "./gpt2.ts";
import { llama } from "./llama.ts";

export const MODEL_FAMILIES: readonly ModelFamily[] = [llama, gpt2];

/** @throws PatchbayError `unsupported-model` naming what is supported. */
export function familyOf(config: ModelConfig): ModelFamily {
  const architectures = Array.isArray(config["architectures"]) ? (config["architectures"] as unknown[]) : [];
  const family = MODEL_FAMILIES.find(({ architectures: known }) => known.some((name) => architectures.includes(name)));
  if (family !== undefined) return family;
  throw new PatchbayError("unsupported-model", "This model's architecture is not supported.", {
    expected: `config.json with "architectures" among ${MODEL_FAMILIES.flatMap((known) => known.architectures).join(", ")}`,
    received: JSON.stringify(config["architectures"] ?? null),
  });
}
