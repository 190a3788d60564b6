import assert from "node:assert/strict";
import { test } from "node:test";
import { dot } from "../decomposition/frozen-run.ts";
import { couplingOf } from "./coupling.ts";
import { gradientThroughNorm, normScale } from "./norm-gradient.ts";

const X = Float32Array.of(1.5, -0.5, 2, 0.25);
const DIRECTION = Float32Array.of(0.5, 1, -1, 2);

for (const kind of ["rms", "layer"] as const) {
  test(`the gradient through a ${kind} norm is the finite difference`, () => {
    const norm = { kind, epsilon: 1e-5 };
    const mean = (x: Float32Array) => (kind === "layer" ? x.reduce((sum, value) => sum + value, 0) / x.length : 0);
    const value = (x: Float32Array) => {
      const centre = mean(x);
      return dot(
        DIRECTION,
        x.map((each) => (each - centre) / normScale(x, norm)),
      );
    };
    // Without a weight, folding only centres.
    const centre = mean(DIRECTION);
    const folded = DIRECTION.map((each) => each - centre);
    const gradient = gradientThroughNorm(X, folded, norm);
    const step = 2 ** -7;
    for (const i of X.keys()) {
      const moved = (by: number) => X.map((each, at) => (at === i ? each + by : each));
      const difference = (value(moved(step)) - value(moved(-step))) / (2 * step);
      // Curvature times step², and float32 differences of numbers about 1.
      assert.ok(Math.abs((gradient[i] ?? 0) - difference) < 2e-4, `${gradient[i]} for ${difference}`);
    }
    assert.ok(Math.abs(dot(gradient, X)) < 1e-4, "a longer x gives the same normed x");
  });
}

test("coupling is y₁·y₂ / ‖y₁‖², given y₁", () => {
  const { coefficients, cosines } = couplingOf([Float32Array.of(3, 0), Float32Array.of(1, 2), Float32Array.of(0, 0)]);
  assert.deepEqual(coefficients[0]?.slice(0, 2), [1, 3 / 9]);
  assert.deepEqual(coefficients[1]?.slice(0, 2), [3 / 5, 1]);
  assert.equal(coefficients[2]?.[0], null);
  assert.equal(coefficients[0]?.[2], 0);
  assert.ok(Math.abs((cosines[0]?.[1] ?? 0) - 1 / Math.sqrt(5)) < 1e-12);
  assert.equal(cosines[0]?.[2], null);
});
