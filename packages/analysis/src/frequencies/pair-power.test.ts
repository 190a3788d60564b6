import assert from "node:assert/strict";
import { test } from "node:test";
import { tensor } from "@patchbay/vocabulary";
import { fixtureService, UNDISTURBED } from "../testing/open-test-service.ts";
import { fourierBasis } from "./fourier-basis.ts";
import { fewestHolding, powerOf, sumOfSquares } from "./pair-power.ts";
import { pairCoefficients } from "./spectrum-programs.ts";

for (const modulus of [9, 10]) {
  test(`mod ${modulus}: known waves are found at their frequency and in their direction`, async () => {
    const { engine } = await fixtureService("tiny-llama");
    const basis = fourierBasis(modulus);
    const angle = (k: number, x: number) => (2 * Math.PI * k * x) / modulus;
    const waves = [
      (a: number, b: number) => 3 + 2 * Math.cos(angle(2, a + b) + 0.3),
      (a: number, b: number) => Math.sin(angle(3, a - b)),
      (a: number) => 5 * Math.cos(angle(1, a) - 1),
      (_: number, b: number) => Math.sin(angle(4, b)) + Math.cos(angle(2, b)),
      (a: number, b: number) => Math.cos(angle(1, a)) * Math.cos(angle(1, b)),
    ];
    const values = new Float32Array(modulus ** 2 * waves.length);
    for (let pair = 0; pair < modulus ** 2; pair++) {
      waves.forEach((wave, unit) => {
        values[pair * waves.length + unit] = wave(Math.floor(pair / modulus), pair % modulus);
      });
    }
    const all = tensor(["pair", "unit"], [modulus ** 2, waves.length], values);
    const coefficients = await pairCoefficients(engine, basis, all, UNDISTURBED.signal);
    const squares = sumOfSquares(all);
    // A wave of amplitude A has A²/2 a pair.
    const expected = [
      { frequency: 2, direction: "sum", power: 2 },
      { frequency: 3, direction: "difference", power: 1 / 2 },
      { frequency: 1, direction: "a", power: 25 / 2 },
      { frequency: 4, direction: "b", power: 1 / 2 },
      // cos x cos y = (cos(x + y) + cos(x − y)) / 2
      { frequency: 1, direction: "sum", power: 1 / 8 },
    ] as const;
    expected.forEach(({ frequency, direction, power }, unit) => {
      const found = powerOf(coefficients, frequency, unit)[direction] / modulus ** 2;
      assert.ok(Math.abs(found - power) < 1e-5 * power, `unit ${unit}: ${found} is ${power}`);
      const whole = Array.from({ length: basis.count }, (_, i) => powerOf(coefficients, i + 1, unit).total);
      const sum = whole.reduce((running, each) => running + each, 0);
      assert.ok(Math.abs(sum - (squares[unit] ?? 0)) < 1e-4 * sum, `unit ${unit}: nothing is left over`);
    });
    const even = powerOf(coefficients, 1, 4);
    assert.ok(Math.abs(even.difference - even.sum) < 1e-5 && even.a < 1e-9 && even.b < 1e-9);
  });
}

test("the basis is orthonormal, also for an even modulus", () => {
  for (const modulus of [3, 4, 7, 12]) {
    const { functions, count } = fourierBasis(modulus);
    const width = 2 * count + 1;
    const used = modulus % 2 === 0 ? width - 1 : width;
    assert.equal(used, modulus, "as many functions as numbers");
    for (let i = 0; i < used; i++) {
      for (let j = 0; j < used; j++) {
        let product = 0;
        for (let x = 0; x < modulus; x++) {
          product += (functions.data[x * width + i] ?? 0) * (functions.data[x * width + j] ?? 0);
        }
        assert.ok(Math.abs(product - (i === j ? 1 : 0)) < 1e-6, `${modulus}: ${i} · ${j} = ${product}`);
      }
    }
  }
});

test("the fewest frequencies that hold a share come strongest first", () => {
  assert.deepEqual(fewestHolding([1, 60, 4, 35], 0.95), [2, 4]);
  assert.deepEqual(fewestHolding([1, 60, 4, 35], 0.96), [2, 4, 3]);
  assert.deepEqual(fewestHolding([0, 3, 0], 1), [2]);
  assert.deepEqual(fewestHolding([0, 0], 0.95), []);
});
