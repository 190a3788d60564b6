/** Reductions, and the two functions that normalise along an axis. */
import type { ValueName } from "../../graph.ts";
import type { NodeDifferentiation, Rule } from "../rule.ts";

/** A value with the reduced lengths, with those axes back as length 1. */
function keepAxes(d: NodeDifferentiation, reduced: ValueName): ValueName {
  if (d.int("keepdims", 1) === 1) return reduced;
  const axes = d.input(1) === "" ? [] : d.integers(1);
  return d.g.unsqueeze(reduced, axes.length > 0 ? axes : [...d.shape(d.input(0)).keys()]);
}

/** From the cotangent with kept axes to that of the input, where a product with the input does the repeating. */
const reduction =
  (backward: (d: NodeDifferentiation, c: ValueName, x: ValueName, y: () => ValueName) => ValueName): Rule =>
  (d) => {
    // With no axes and this attribute the operator is the identity (of a square, of a length …).
    if (d.int("noop_with_empty_axes", 0) === 1 && d.int("keepdims", 1) !== 1) throw d.refuse("it may reduce nothing");
    return [backward(d, keepAxes(d, d.cotangent), d.input(0), () => keepAxes(d, d.output))];
  };

const repeat = (d: NodeDifferentiation, c: ValueName) => d.g.expandTo(c, d.whole.shapeValue(d.input(0)));

/** c over the number of elements that were averaged. */
function meanShare(d: NodeDifferentiation, c: ValueName): ValueName {
  const { g } = d;
  const [x, y] = [d.input(0), d.output];
  const { type } = d.whole.facts(x);
  const axes = d.whole.facts(d.input(1) === "" ? x : d.input(1)).entries;
  const shape = d.shape(x);
  const lengths = d.input(1) === "" ? shape : axes?.map((axis) => shape.at(Number(axis)));
  if (lengths !== undefined && lengths.length > 0 && lengths.every((length) => typeof length === "number")) {
    return g.multiply(c, d.scalar(1 / lengths.reduce((total, length) => total * Number(length), 1)));
  }
  return g.divide(c, g.cast(g.divide(g.node("Size", [x]), g.node("Size", [y])), type));
}

/** Flows to the elements that equal the extreme; those that tie share evenly. */
function toExtremes(d: NodeDifferentiation, c: ValueName, x: ValueName, y: () => ValueName): ValueName {
  const { g } = d;
  const chosen = g.cast(g.equal(x, y()), d.whole.facts(x).type);
  const axes = d.input(1) === "" ? [] : [d.input(1)];
  const count = g.node("ReduceSum", [chosen, ...axes], { keepdims: { int: 1 } });
  return g.multiply(chosen, g.divide(c, count));
}

/** c·x/‖x‖, and 0 at x = 0. */
function alongUnit(d: NodeDifferentiation, c: ValueName, x: ValueName, y: () => ValueName): ValueName {
  const { g } = d;
  const length = y();
  const safe = g.where(g.equal(length, d.scalar(0)), d.scalar(1), length);
  return g.multiply(x, g.divide(c, safe));
}

/** y∘(c − Σ c∘y) */
const softmax: Rule = (d) => {
  const { g, cotangent: c, output: y } = d;
  const weighted = g.sum(g.multiply(c, y), [d.axis(y, -1)], true);
  return [g.multiply(y, g.subtract(c, weighted))];
};

/** c − softmax(x)·Σ c */
const logSoftmax: Rule = (d) => {
  const { g, cotangent: c, output: y } = d;
  return [g.subtract(c, g.multiply(g.exponential(y), g.sum(c, [d.axis(y, -1)], true)))];
};

export const REDUCTION_RULES: Readonly<Record<string, Rule>> = {
  ReduceSum: reduction((d, c) => repeat(d, c)),
  ReduceMean: reduction((d, c) => repeat(d, meanShare(d, c))),
  ReduceMax: reduction(toExtremes),
  ReduceMin: reduction(toExtremes),
  ReduceLogSumExp: reduction(({ g }, c, x, y) => g.multiply(c, g.exponential(g.subtract(x, y())))),
  ReduceSumSquare: reduction((d, c, x) => d.g.multiply(x, d.g.multiply(c, d.scalar(2)))),
  ReduceL1: reduction(({ g }, c, x) => g.multiply(c, g.sign(x))),
  ReduceL2: reduction(alongUnit),
  Softmax: softmax,
  LogSoftmax: logSoftmax,
};
