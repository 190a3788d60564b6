/** The parts of a model under test, for calling an analysis without the service around it. */
import type { ModelParts } from "../../run/model-parts.ts";
import type { TestService } from "../../testing/open-test-service.ts";

export function partsOf({ name, engine, tokenizer, dictionaries }: TestService): ModelParts {
  return {
    name,
    engine,
    tokenizer,
    prependBos: true,
    runtimeVersion: "the runtime under test",
    maximumOf: async () => Number.NaN,
    dictionaries: {
      find: (wanted) => dictionaries.find(wanted),
      ofSet: async () => [],
      maximumOf: async () => Number.NaN,
    },
  };
}
