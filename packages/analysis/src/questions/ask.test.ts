import assert from "node:assert/strict";
import { test } from "node:test";
import { fixtureService, UNDISTURBED } from "../testing/open-test-service.ts";

const QUESTION = {
  model: "tiny-llama",
  input: { tokens: [[0, 5, 9, 13]] },
  metric: { kind: "logit" as const, token: 7 },
  steps: 2,
};

test("the same question is answered from memory, and a fresh one is computed", async () => {
  const { service } = await fixtureService("tiny-llama");
  const first = await service.ask("attributeTokens", QUESTION, UNDISTURBED);
  assert.equal(first.attribution.length, 4);
  // Nothing can be computed under a signal that is aborted.
  const aborted = { signal: AbortSignal.abort() };
  assert.deepEqual(await service.ask("attributeTokens", QUESTION, aborted), first);
  await assert.rejects(service.ask("attributeTokens", QUESTION, aborted, { fresh: true }));
  await assert.rejects(service.ask("attributeTokens", { ...QUESTION, steps: 3 }, aborted));
});
