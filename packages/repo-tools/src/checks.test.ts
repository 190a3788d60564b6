/** Makes the checks that `npm test` ran part of node's own summary, one test each. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { CheckResult } from "./run-checks.mjs";

const file = process.env.PATCHBAY_CHECK_RESULTS;

if (file === undefined) {
  test("checks", { skip: "they run with the whole `npm test`, or alone as `npm run check`" });
} else {
  const results: CheckResult[] = JSON.parse(readFileSync(file, "utf8"));
  for (const { name, passed, output } of results) {
    test(`check: ${name}`, () => assert.ok(passed, output));
  }
}
