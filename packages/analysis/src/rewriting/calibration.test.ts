import assert from "node:assert/strict";
import { test } from "node:test";
import { fractionOfMaximum, quantileCalibration } from "./calibration.ts";

/** Ten tokens: four firing, six silent. */
const truth = { tokens: 10, values: Float64Array.of(8, 6, 4, 2) };

test("a score becomes the mean of the true activations at its ranks; 0 stays 0", () => {
  const exact = quantileCalibration(truth, new Map([[1, 4]]));
  assert.equal(exact(1), 5);
  assert.equal(exact(0), 0);
  const sparse = quantileCalibration(truth, new Map([[1, 2]]));
  assert.equal(sparse(1), 7);
  const often = quantileCalibration(truth, new Map([[1, 8]]));
  assert.equal(often(1), 2.5, "ranks beyond the firing tokens count zeros");
});

test("several levels share the ranks from the highest score down; a level not seen takes the rank where it would stand", () => {
  const calibration = quantileCalibration(
    truth,
    new Map([
      [0.3, 2],
      [1, 1],
      [0.7, 1],
    ]),
  );
  assert.deepEqual([1, 0.7, 0.3].map(calibration), [8, 6, 3]);
  assert.equal(calibration(0.9), 6);
  assert.equal(calibration(0.1), 0);
});

test("a simulator that was silent in training speaks with an ordinary activation; a dead feature stays dead", () => {
  assert.equal(quantileCalibration(truth, new Map())(1), 5);
  assert.equal(quantileCalibration({ tokens: 10, values: new Float64Array() }, new Map())(1), 0);
  assert.equal(quantileCalibration({ tokens: 10, values: new Float64Array() }, new Map([[1, 3]]))(1), 0);
});

test("negative activations stand behind the zeros", () => {
  const signed = { tokens: 4, values: Float64Array.of(3, -1) };
  assert.equal(quantileCalibration(signed, new Map([[1, 4]]))(1), 0.5);
  assert.equal(quantileCalibration(signed, new Map([[1, 3]]))(1), 1);
});

test("uncalibrated, a score is a share of the largest activation", () => {
  assert.equal(fractionOfMaximum(truth)(0.5), 4);
  assert.equal(fractionOfMaximum({ tokens: 3, values: Float64Array.of(-2) })(1), 0);
});
