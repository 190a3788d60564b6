import assert from "node:assert/strict";
import { test } from "node:test";
import { featureRunRequest } from "./feature-requests.ts";

test("the feature is asked for at every position: one value a token of the reader's text", () => {
  const request = featureRunRequest({ model: "m", text: "a b", dictionary: "d", feature: 7, followed: [] });
  assert.deepEqual(request.compute?.features, [{ dictionary: "d", positions: "all", top: 1, features: [7] }]);
});
