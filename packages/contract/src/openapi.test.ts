import assert from "node:assert/strict";
import { test } from "node:test";
import { openApiDocument } from "./openapi.ts";
import { OPERATIONS, type Operation } from "./operations.ts";
import { QUESTION_NAMES } from "./questions.ts";

interface Described {
  readonly requestBody?: { readonly content: { readonly "application/json"?: { readonly example?: unknown } } };
}

test("every question has an example, and every example fits its operation", () => {
  const { paths } = openApiDocument("test") as { paths: Record<string, Record<string, Described>> };
  let examples = 0;
  for (const [name, operation] of Object.entries(OPERATIONS) as [string, Operation][]) {
    const content = paths[operation.path]?.[operation.method.toLowerCase()]?.requestBody?.content;
    const example = content?.["application/json"]?.example;
    const isQuestion = (QUESTION_NAMES as readonly string[]).includes(name);
    assert.ok(example !== undefined || !isQuestion || name === "frequencies", `${name} has no example`);
    if (example === undefined || operation.body === undefined) continue;
    const { success, error } = operation.body.safeParse(example);
    assert.ok(success, `${name}: ${error?.message}`);
    examples++;
  }
  assert.ok(examples > 15);
});
