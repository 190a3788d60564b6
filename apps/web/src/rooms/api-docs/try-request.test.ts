import assert from "node:assert/strict";
import { test } from "node:test";
import { asCurl, tryRequest } from "./try-request.ts";

const parameter = (name: string, place: "path" | "query") => ({
  name,
  in: place,
  required: false,
  description: undefined,
  schema: {},
});
const operation = {
  id: "x",
  method: "POST",
  path: "/models/{model}/tokens",
  tag: "",
  summary: "",
  description: undefined,
  parameters: [parameter("model", "path"), parameter("token", "query"), parameter("limit", "query")],
  body: { type: "object" },
  example: undefined,
  answers: [],
};

test("path parameters are escaped, empty query parameters left out, spaces kept", () => {
  const { path } = tryRequest("/api/v1", operation, { model: "a/b", token: " L", limit: "" }, "{}");
  assert.equal(path, "/api/v1/models/a%2Fb/tokens?token=+L");
});

test("a quote in the body survives the shell", () => {
  const request = tryRequest("/api/v1", operation, { model: "m" }, `{"text":"Tom's"}`);
  assert.equal(
    asCurl(request, "http://127.0.0.1:7330"),
    `curl -sS -X POST 'http://127.0.0.1:7330/api/v1/models/m/tokens' -H 'content-type: application/json' -d '{"text":"Tom'\\''s"}'`,
  );
});

test("an operation without a body sends none", () => {
  const { body, ...rest } = { ...operation, method: "GET", body: undefined };
  assert.equal(tryRequest("", { ...rest, body }, {}, "{}").body, undefined);
});
