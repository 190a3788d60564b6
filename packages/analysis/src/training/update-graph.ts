/** Adam (Kingma & Ba 2015) as a graph over every parameter of a recipe, with the decoder's length constraint. */
import { type Graph, GraphBuilder, type ValueName } from "@patchbay/onnx-graph";
import type { Recipe } from "./recipe.ts";
import { parameterNames, parameterShape, STEP } from "./step-graphs.ts";

const FIRST_DECAY = 0.9;
const SECOND_DECAY = 0.999;
const EPSILON = 1e-8;

export const UPDATE = {
  /** Scalar: learning rate · √(1 − β₂ᵗ) / (1 − β₁ᵗ), the bias correction of both moments. */
  rate: "rate",
  firstMoment: (name: string) => `first_moment(${name})`,
  secondMoment: (name: string) => `second_moment(${name})`,
  next: (name: string) => `next(${name})`,
} as const;

/** Adam's step size at step t (from 1), with the corrections for moments that start at zero. */
export function correctedRate(learningRate: number, step: number): number {
  return (learningRate * Math.sqrt(1 - SECOND_DECAY ** step)) / (1 - FIRST_DECAY ** step);
}

export function buildUpdateGraph(recipe: Recipe): Graph {
  const g = new GraphBuilder("update");
  const rate = g.input(UPDATE.rate, "float32", []);
  for (const name of parameterNames(recipe)) {
    const shape = parameterShape(recipe, name);
    const input = (label: string) => g.input(label, "float32", shape);
    const value = input(name);
    let gradient = input(STEP.gradient(name));
    const constrained = name === "W_dec" && recipe.unitDecoder;
    // The part of the gradient along a unit row only fights with the constraint.
    if (constrained) {
      gradient = g.subtract(gradient, g.multiply(g.sum(g.multiply(gradient, value), [1], true), value));
    }
    const firstMoment = blend(g, input(UPDATE.firstMoment(name)), gradient, FIRST_DECAY);
    const secondMoment = blend(g, input(UPDATE.secondMoment(name)), g.multiply(gradient, gradient), SECOND_DECAY);
    const change = g.divide(firstMoment, g.add(g.squareRoot(secondMoment), g.scalar(EPSILON)));
    let next = g.subtract(value, g.multiply(change, rate));
    if (constrained) next = g.divide(next, rowLengths(g, next));
    g.output(next, "float32", shape, UPDATE.next(name));
    g.output(firstMoment, "float32", shape, UPDATE.next(UPDATE.firstMoment(name)));
    g.output(secondMoment, "float32", shape, UPDATE.next(UPDATE.secondMoment(name)));
  }
  return g.build();
}

function blend(g: GraphBuilder, old: ValueName, fresh: ValueName, decay: number): ValueName {
  return g.add(g.multiply(old, g.scalar(decay)), g.multiply(fresh, g.scalar(1 - decay)));
}

function rowLengths(g: GraphBuilder, rows: ValueName): ValueName {
  return g.squareRoot(g.add(g.sum(g.multiply(rows, rows), [1], true), g.scalar(1e-20)));
}
