import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { curlOf } from "./curl.ts";

test("a shell gives curl exactly the request, whatever the prompt holds", () => {
  const request = { model: "m", input: { text: 'It\'s $HOME "and" `this` \\ !\n' } };
  const command = curlOf("http://127.0.0.1:7330", request).replace(/^curl/, "printf '%s\\0'");
  const words = execFileSync("sh", ["-c", command], { encoding: "utf8" }).split("\0");
  assert.equal(words[1], "http://127.0.0.1:7330/api/v1/runs");
  assert.deepEqual(JSON.parse(words[5] ?? ""), request);
});
