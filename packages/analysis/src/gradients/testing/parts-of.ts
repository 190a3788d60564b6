/** What an analysis takes, from a service under test. No dictionaries, no reference statistics. */
import { PatchbayError } from "@patchbay/vocabulary";
import type { ModelParts } from "../../run/model-parts.ts";
import type { TestService } from "../../testing/open-test-service.ts";

export function partsOf({ name, engine, tokenizer }: Pick<TestService, "name" | "engine" | "tokenizer">): ModelParts {
  const absent = () => Promise.reject(new PatchbayError("not-found", "There are none in this test."));
  return {
    name,
    engine,
    tokenizer,
    prependBos: true,
    runtimeVersion: "the runtime under test",
    maximumOf: absent,
    dictionaries: { find: absent, ofSet: absent, maximumOf: absent },
  };
}
