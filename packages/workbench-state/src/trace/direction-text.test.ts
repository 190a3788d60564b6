import assert from "node:assert/strict";
import { test } from "node:test";
import { readDirection, writeDirection } from "./direction-text.ts";
import { interventionOf } from "./patch.ts";
import { readPatch, writePatch } from "./patch-notation.ts";

const values = Array.from({ length: 288 }, (_, i) => Math.sin(i) * (i % 3 === 0 ? -0.2 : 0.01));

test("a direction survives its text up to rounding, at unit length, in characters that an address keeps", () => {
  const text = writeDirection(values);
  assert.match(text, /^[A-Za-z0-9_-]{768}$/);
  const back = readDirection(text) ?? [];
  const length = Math.hypot(...values);
  assert.ok(Math.abs(Math.hypot(...back) - 1) < 1e-12);
  back.forEach((value, i) => {
    assert.ok(Math.abs(value - (values[i] ?? 0) / length) < 2e-5, `dimension ${i}`);
  });
});

test("what is no direction is refused", () => {
  for (const text of ["", "*", "abcde", "AAAA", writeDirection([0, 0])]) assert.equal(readDirection(text), undefined);
});

test("a patch along a direction survives the address, and adds value × the unit vector", () => {
  const text = `orange:L5.resid_pre:direction:-4:all:he − she by L5H4:${writeDirection([3, 0, -4])}`;
  const patch = readPatch(text);
  assert.ok(patch);
  assert.equal(writePatch(patch), text);
  const added = interventionOf(patch, "run");
  assert.ok(added?.op === "add" && added.values !== undefined);
  assert.equal(added.coefficient, -4);
  assert.ok(Math.abs((added.values[0] ?? 0) - 0.6) < 1e-4 && Math.abs((added.values[2] ?? 0) + 0.8) < 1e-4);
  assert.equal(readPatch("orange:L5.resid_pre:direction:4:all:name:***"), undefined);
  assert.equal(readPatch("orange:L5.resid_pre:direction:4:all::AAEA"), undefined);
});
