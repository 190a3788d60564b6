import assert from "node:assert/strict";
import { test } from "node:test";
import { widenToFloat32 } from "@patchbay/transformer";
import { PatchbayError } from "@patchbay/vocabulary";
import { narrowToFloat16 } from "./float16.ts";

function widen(halves: Uint16Array<ArrayBuffer>): Float32Array {
  return widenToFloat32("F16", new Uint8Array(halves.buffer), "test");
}

test("every finite half survives widening and narrowing", () => {
  const halves = Uint16Array.from({ length: 65_536 }, (_, bits) => bits).filter((bits) => (bits & 0x7c00) !== 0x7c00);
  assert.deepEqual(narrowToFloat16(widen(halves), "test"), halves);
});

test("values between two halves go to the nearer, and from the middle to the even one", () => {
  const halves = Uint16Array.from({ length: 0x7bff }, (_, bits) => bits);
  const values = widen(halves);
  const middle = new Float32Array(halves.length - 1);
  const below = new Float32Array(halves.length - 1);
  const above = new Float32Array(halves.length - 1);
  const step = new Uint32Array(1);
  const stepped = new Float32Array(step.buffer);
  for (let i = 0; i < middle.length; i++) {
    // Exact in float32, which has 13 bits more.
    middle[i] = ((values[i] ?? 0) + (values[i + 1] ?? 0)) / 2;
    stepped[0] = middle[i] ?? 0;
    step[0] = (step[0] ?? 0) - 1;
    below[i] = stepped[0] ?? 0;
    step[0] = (step[0] ?? 0) + 2;
    above[i] = stepped[0] ?? 0;
  }
  const lower = halves.subarray(0, -1);
  assert.deepEqual(narrowToFloat16(below, "test"), Uint16Array.from(lower));
  assert.deepEqual(
    narrowToFloat16(above, "test"),
    Uint16Array.from(lower, (bits) => bits + 1),
  );
  assert.deepEqual(
    narrowToFloat16(middle, "test"),
    Uint16Array.from(lower, (bits) => bits + (bits % 2)),
  );
});

test("what would become infinite is refused", () => {
  assert.deepEqual([...widen(narrowToFloat16(Float32Array.of(65_519, -65_519), "test"))], [65_504, -65_504]);
  for (const value of [65_520, -65_520, 1e30, Number.POSITIVE_INFINITY, Number.NaN]) {
    assert.throws(
      () => narrowToFloat16(Float32Array.of(0, value), "W_enc"),
      (error) => {
        return error instanceof PatchbayError && error.code === "values-do-not-fit" && /float32/.test(error.message);
      },
    );
  }
});
