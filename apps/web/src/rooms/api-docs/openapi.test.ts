import assert from "node:assert/strict";
import { test } from "node:test";
import { describeType } from "./describe-type.ts";
import { readOpenApi } from "./openapi.ts";

const document = readOpenApi({
  openapi: "3.1.0",
  info: { title: "T", version: "1" },
  servers: [{ url: "/api/v1" }],
  tags: [{ name: "Runs" }, { name: "Empty" }],
  paths: {
    "/things/{id}": {
      get: {
        operationId: "getThing",
        tags: ["Things"],
        parameters: [{ name: "id", in: "path", required: true, schema: { type: "string" } }],
        responses: {
          "200": {
            description: "ok",
            content: { "application/json": { schema: { $ref: "#/components/schemas/Thing" } } },
          },
          "404": { description: "none" },
        },
      },
    },
    "/runs": {
      post: {
        tags: ["Runs"],
        requestBody: { content: { "application/json": { schema: { type: "object" } } } },
        responses: {},
      },
    },
  },
  components: { schemas: { Thing: { type: "object", properties: { "a/b": { type: "integer" } } } } },
});

test("operations stand under their tags, in the document's order; empty tags are left out", () => {
  assert.deepEqual(
    document.groups.map(({ tag, operations }) => [tag, operations.map(({ id }) => id)]),
    [
      ["Runs", ["post /runs"]],
      ["Things", ["getThing"]],
    ],
  );
});

test("references are followed, and unknown ones end in nothing", () => {
  const schema = document.groups[1]?.operations[0]?.answers[0]?.schema ?? {};
  assert.equal(document.resolve(schema).type, "object");
  assert.deepEqual(document.resolve({ $ref: "#/components/schemas/Nothing" }), {});
});

test("something that is not OpenAPI is an empty document", () => {
  assert.deepEqual(readOpenApi("<html>").groups, []);
});

test("types in words", () => {
  const resolve = document.resolve;
  assert.equal(
    describeType({ type: "array", items: { type: "integer", minimum: 0 } }, resolve),
    "array of integer ≥ 0",
  );
  assert.equal(describeType({ enum: ["a", "b"] }, resolve), '"a" | "b"');
  assert.equal(describeType({ anyOf: [{ type: "string" }, { type: "null" }] }, resolve), "string | null");
  assert.equal(describeType({ const: "all" }, resolve), '"all"');
  assert.equal(
    describeType({ type: "integer", minimum: -9007199254740991, maximum: 9007199254740991 }, resolve),
    "integer",
  );
});
