import assert from "node:assert/strict";
import { test } from "node:test";
import { interventionOf, type Patch } from "@patchbay/workbench-state";
import { errorWords, steeringWords } from "./intervention-words.ts";

const PATCH: Omit<Patch, "operation" | "site"> = { cable: "teal", units: undefined, positions: "all", muted: false };

test("steering names its feature and how much of it", () => {
  const steering = interventionOf(
    {
      ...PATCH,
      site: { kind: "hook_resid_post", layer: 3 },
      operation: { op: "steer", value: -4, dictionary: "transcoder-3", feature: 45 },
    },
    "run",
  );
  assert.equal(steeringWords(steering ?? {}), "−4 × decoder of transcoder-3 F45");
  assert.equal(errorWords(steering ?? {}), undefined);
});

test("a dictionary's patch says what became of the error", () => {
  const splice = interventionOf(
    { ...PATCH, site: { dictionary: "t", layer: 0, error: "drop" }, operation: { op: "splice" } },
    "run",
  );
  assert.equal(errorWords(splice ?? {}), "error dropped");
  assert.equal(steeringWords(splice ?? {}), undefined);
});
