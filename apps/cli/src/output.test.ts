import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { PatchbayError } from "@patchbay/vocabulary";
import { createProgressLine } from "./progress-line.ts";
import { describeFailure } from "./report-failure.ts";

test("failures say what, where and what to do", () => {
  const facts = { expected: "0 to 767", received: "900", at: "interventions/0/units/0" };
  const refused = new PatchbayError("unit-out-of-range", "There is no neuron 900.", facts);
  assert.equal(
    describeFailure(refused),
    "patchbay: There is no neuron 900. Expected 0 to 767. Received 900. (in the request at interventions/0/units/0)",
  );
  const missing = Object.assign(new Error("ENOENT"), { code: "ENOENT", path: "/a/b" });
  assert.equal(describeFailure(missing), "patchbay: There is no file or folder /a/b. Check the path.");
  assert.match(
    describeFailure(new TypeError("x is not a function")),
    /unexpected failure: x is not a function.*PATCHBAY_DEBUG=1/,
  );
});

test("progress without a terminal is a line every tenth", () => {
  const stream = new PassThrough() as unknown as NodeJS.WriteStream & PassThrough;
  const line = createProgressLine(stream);
  for (let percent = 0; percent <= 30; percent += 1) line.update(percent / 100, "Fetching");
  line.end();
  const written = String(stream.read()).trimEnd().split("\n");
  assert.deepEqual(written, ["  Fetching (0 %)", "  Fetching (10 %)", "  Fetching (20 %)", "  Fetching (30 %)"]);
});

test("progress in a terminal stays on one line, which ends clean", () => {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 60 }) as unknown as NodeJS.WriteStream &
    PassThrough;
  const line = createProgressLine(stream);
  line.update(0.5, `Fetching ${"x".repeat(100)}`);
  line.end();
  const written = String(stream.read());
  assert.ok(written.startsWith("\r\x1b[K  ████████████░░░░░░░░░░░░  50 % Fetching"));
  assert.ok(written.endsWith("\r\x1b[K"));
  assert.ok(!written.includes("\n"));
  assert.ok((written.split("\r\x1b[K")[1] ?? "").length < 60);
});
