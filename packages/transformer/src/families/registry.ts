/** The families we can run. To add one: write its file beside this one and name it here. */
import { PatchbayError } from "@patchbay/vocabulary";
import type { ModelConfig, ModelFamily } from "../architecture.ts";
import { gpt2 } from "./gpt2.ts";
import { hookedTransformer } from "./hooked-transformer.ts";
import { llama } from "./llama.ts";

export const MODEL_FAMILIES: readonly ModelFamily[] = [llama, gpt2, hookedTransformer];

/** @throws PatchbayError `unsupported-model` naming what is supported. */
export function familyOf(config: ModelConfig): ModelFamily {
  const architectures = Array.isArray(config["architectures"]) ? (config["architectures"] as unknown[]) : [];
  const family = MODEL_FAMILIES.find(
    ({ architectures: known, recognises }) =>
      recognises?.(config) === true || known.some((name) => architectures.includes(name)),
  );
  if (family !== undefined) return family;
  throw new PatchbayError("unsupported-model", "This model's architecture is not supported.", {
    expected: `config.json with "architectures" among ${MODEL_FAMILIES.flatMap((known) => known.architectures).join(", ")}, or a HookedTransformer configuration (d_model, n_layers, n_ctx, …)`,
    received: JSON.stringify(config["architectures"] ?? null),
  });
}
