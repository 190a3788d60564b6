/** Operators that work on each element by itself, with broadcasting. c is the cotangent, y the output. */
import type { ValueName } from "../../graph.ts";
import type { Cotangent, NodeDifferentiation, Rule } from "../rule.ts";

/** The derivative at x and y = f(x), times c. */
const unary =
  (backward: (d: NodeDifferentiation, c: ValueName, x: ValueName, y: ValueName) => ValueName): Rule =>
  (d) => [backward(d, d.cotangent, d.input(0), d.output)];

const add: Rule = (d) => d.node.inputs.map((_, i) => (d.needs(i) ? d.unbroadcast(d.cotangent, i) : undefined));

const subtract: Rule = (d) =>
  d.each(
    () => d.unbroadcast(d.cotangent, 0),
    () => d.unbroadcast(d.g.negate(d.cotangent), 1),
  );

const multiply: Rule = (d) => {
  const { g, cotangent: c } = d;
  const [a, b] = [d.input(0), d.input(1)];
  if (a === b) return [g.multiply(g.multiply(c, d.scalar(2)), a)];
  return d.each(
    () => d.unbroadcast(g.multiply(c, b), 0),
    () => d.unbroadcast(g.multiply(c, a), 1),
  );
};

/** y = a/b: c/b, and −(c/b)·y. */
const divide: Rule = (d) => {
  const { g } = d;
  const share = g.divide(d.cotangent, d.input(1));
  return d.each(
    () => d.unbroadcast(share, 0),
    () => d.unbroadcast(g.negate(g.multiply(share, d.output)), 1),
  );
};

/** xᵖ with p a constant: c·p·xᵖ⁻¹. */
const power: Rule = (d) => {
  const { g, cotangent: c } = d;
  const [x, p] = [d.input(0), d.input(1)];
  if (d.needs(1)) throw d.refuse("its exponent depends on what is differentiated by");
  const slope = g.multiply(
    g.power(x, g.subtract(p, d.whole.scalar(1, p))),
    d.whole.facts(p).type === d.whole.facts(x).type ? p : g.cast(p, d.whole.facts(x).type),
  );
  return [d.unbroadcast(g.multiply(c, slope), 0)];
};

/** √(2/π) and the cubic's factor of the tanh approximation (Hendrycks & Gimpel 2016). */
const TANH_SCALE = Math.sqrt(2 / Math.PI);
const TANH_CUBIC = 0.044715;

/** x·Φ(x): Φ(x) + x·φ(x); with tanh: ½(1 + t) + ½x(1 − t²)·u′, t = tanh u. */
const gelu: Rule = (d) => {
  const { g, cotangent: c } = d;
  const x = d.input(0);
  const half = d.scalar(0.5);
  const one = d.scalar(1);
  if (d.string("approximate", "none") === "tanh") {
    const square = g.multiply(x, x);
    const inner = g.multiply(g.multiply(x, d.scalar(TANH_SCALE)), g.add(one, g.multiply(square, d.scalar(TANH_CUBIC))));
    const t = g.tanh(inner);
    const innerSlope = g.multiply(d.scalar(TANH_SCALE), g.add(one, g.multiply(square, d.scalar(3 * TANH_CUBIC))));
    const curve = g.multiply(g.multiply(x, g.subtract(one, g.multiply(t, t))), innerSlope);
    return [g.multiply(c, g.multiply(half, g.add(g.add(one, t), curve)))];
  }
  const cumulative = g.multiply(half, g.add(one, g.errorFunction(g.multiply(x, d.scalar(Math.SQRT1_2)))));
  const density = g.multiply(
    g.exponential(g.multiply(g.multiply(x, x), d.scalar(-0.5))),
    d.scalar(1 / Math.sqrt(2 * Math.PI)),
  );
  return [g.multiply(c, g.add(cumulative, g.multiply(x, density)))];
};

/** Flows to the inputs that equal the output; those that tie share evenly. */
const extreme: Rule = (d) => {
  const { g } = d;
  const type = d.whole.facts(d.output).type;
  const chosen = d.node.inputs.map((input) => g.cast(g.equal(input, d.output), type));
  const share = g.divide(d.cotangent, g.node("Sum", chosen));
  return chosen.map((mask, i) => (d.needs(i) ? d.unbroadcast(g.multiply(share, mask), i) : undefined));
};

/** Flows where the input lies within the bounds, bounds included. */
const clip: Rule = (d) => {
  const { g } = d;
  if (d.needs(1) || d.needs(2)) throw d.refuse("its bounds depend on what is differentiated by");
  return [g.where(g.equal(d.input(0), d.output), d.cotangent, d.scalar(0))];
};

const where: Rule = (d) => {
  const { g, cotangent: c } = d;
  const [condition, zero] = [d.input(0), d.scalar(0)];
  const result: Cotangent[] = [undefined];
  result[1] = d.needs(1) ? d.unbroadcast(g.where(condition, c, zero), 1) : undefined;
  result[2] = d.needs(2) ? d.unbroadcast(g.where(condition, zero, c), 2) : undefined;
  return result;
};

export const ELEMENT_WISE_RULES: Readonly<Record<string, Rule>> = {
  Add: add,
  Sum: add,
  Sub: subtract,
  Mul: multiply,
  Div: divide,
  Pow: power,
  Max: extreme,
  Min: extreme,
  Clip: clip,
  Where: where,
  Gelu: gelu,
  Identity: (d) => [d.cotangent],
  Cast: (d) => [d.g.cast(d.cotangent, d.whole.facts(d.input(0)).type)],
  Neg: unary(({ g }, c) => g.negate(c)),
  Abs: unary(({ g }, c, x) => g.multiply(c, g.sign(x))),
  Exp: unary(({ g }, c, _x, y) => g.multiply(c, y)),
  Log: unary(({ g }, c, x) => g.divide(c, x)),
  Sqrt: unary((d, c, _x, y) => d.g.divide(d.g.multiply(c, d.scalar(0.5)), y)),
  Reciprocal: unary(({ g }, c, _x, y) => g.negate(g.multiply(c, g.multiply(y, y)))),
  Sigmoid: unary((d, c, _x, y) => d.g.multiply(c, d.g.multiply(y, d.g.subtract(d.scalar(1), y)))),
  Tanh: unary((d, c, _x, y) => d.g.multiply(c, d.g.subtract(d.scalar(1), d.g.multiply(y, y)))),
  // 0 at the kink. A product with the cast comparison takes half the time of Where or Sign in ONNX Runtime.
  Relu: unary((d, c, _x, y) => d.g.multiply(c, d.g.cast(d.g.greater(y, d.scalar(0)), d.whole.facts(y).type))),
  Erf: unary((d, c, x) =>
    d.g.multiply(c, d.g.multiply(d.scalar(2 / Math.sqrt(Math.PI)), d.g.exponential(d.g.negate(d.g.multiply(x, x))))),
  ),
};
