/** What a differentiation rule sees and returns, and the arithmetic that most rules share. */
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import type { Graph, GraphNode, ValueName } from "../graph.ts";
import type { GraphBuilder } from "../graph-builder.ts";
import { inferShapes } from "./infer-shapes.ts";
import { type Length, positiveAxis } from "./lengths.ts";
import { intAttribute, type ValueFacts } from "./node-facts.ts";

/** A cotangent has the type and lengths of its value; undefined is zero. */
export type Cotangent = ValueName | undefined;

/**
 * Adds the backward nodes of one forward node.
 * @returns a cotangent for each input, in order; only those that `differentiation.needs` matter.
 */
export type Rule = (differentiation: NodeDifferentiation) => readonly Cotangent[];

/** The graph that is being differentiated, with what is known of its values. */
export class Differentiation {
  readonly g: GraphBuilder;
  readonly #facts: ReadonlyMap<ValueName, ValueFacts>;
  readonly #shapes = new Map<ValueName, ValueName>();

  constructor(g: GraphBuilder, graph: Graph) {
    this.g = g;
    this.#facts = inferShapes(graph);
  }

  facts(value: ValueName): ValueFacts {
    return ensureDefined(this.#facts.get(value), `value "${value}"`);
  }

  /** The lengths as int64[rank]: a constant where all are known, otherwise read at run time. */
  shapeValue(value: ValueName): ValueName {
    const known = this.#shapes.get(value);
    if (known !== undefined) return known;
    const { shape } = this.facts(value);
    const constant = shape?.every((length) => typeof length === "number");
    const result = constant ? this.g.int64(shape?.map(Number) ?? []) : this.g.shapeOf(value);
    this.#shapes.set(value, result);
    return result;
  }

  /** One length as int64[1]. */
  lengthValue(value: ValueName, axis: number): ValueName {
    const length = this.facts(value).shape?.[axis];
    return typeof length === "number"
      ? this.g.int64([length])
      : this.g.slice(this.shapeValue(value), 0, axis, axis + 1);
  }

  /** A scalar of the value's type. */
  scalar(value: number, like: ValueName): ValueName {
    return this.g.scalarOf(this.facts(like).type === "float64" ? "float64" : "float32", value);
  }

  zerosLike(value: ValueName): ValueName {
    return this.g.expandTo(this.scalar(0, value), this.shapeValue(value));
  }

  /** Sums what broadcasting repeated: from lengths `from` back to those of `target`. */
  sumTo(cotangent: ValueName, from: readonly Length[], target: ValueName, to: readonly Length[]): ValueName {
    const { g } = this;
    const extra = from.length - to.length;
    const repeated = to.flatMap((length, axis) => (length === 1 && from[axis + extra] !== 1 ? [axis + extra] : []));
    const leading = Array.from({ length: extra }, (_, axis) => axis);
    let result = cotangent;
    if (repeated.length > 0) {
      result = g.sum(result, [...leading, ...repeated], true);
      if (extra > 0) result = g.squeeze(result, leading);
    } else if (extra > 0) {
      result = g.sum(result, leading);
    }
    // Two different words may be equal lengths at run time, or that of the target 1: the axes are found then.
    const doubtful = to.some((length, axis) => typeof length === "string" && from[axis + extra] !== length);
    if (!doubtful) return result;
    const differ = g.node("Not", [g.equal(this.shapeValue(target), g.shapeOf(result))]);
    const axes = g.squeeze(g.node("NonZero", [differ]), [0]);
    return g.node("ReduceSum", [result, axes], { keepdims: { int: 1 }, noop_with_empty_axes: { int: 1 } });
  }
}

/** One node on the way back. */
export class NodeDifferentiation {
  readonly whole: Differentiation;
  readonly node: GraphNode;
  readonly #cotangents: readonly Cotangent[];
  readonly #needed: readonly boolean[];

  /** `cotangents`: one for each output; `needed`: whether the cotangent of each input is wanted. */
  constructor(whole: Differentiation, node: GraphNode, cotangents: readonly Cotangent[], needed: readonly boolean[]) {
    this.whole = whole;
    this.node = node;
    this.#cotangents = cotangents;
    this.#needed = needed;
  }

  get g(): GraphBuilder {
    return this.whole.g;
  }

  /** The cotangent of the first output. The walk calls a rule only where one is there. */
  get cotangent(): ValueName {
    return ensureDefined(this.#cotangents[0], "cotangent of the first output");
  }

  get cotangents(): readonly Cotangent[] {
    return this.#cotangents;
  }

  get output(): ValueName {
    return this.node.outputs[0] ?? "";
  }

  input(i: number): ValueName {
    return this.node.inputs[i] ?? "";
  }

  needs(i: number): boolean {
    return this.#needed[i] ?? false;
  }

  /** The cotangents, each computed only where it is needed. */
  each(...compute: readonly (() => ValueName)[]): Cotangent[] {
    return compute.map((of, i) => (this.needs(i) ? of() : undefined));
  }

  int(name: string, otherwise: number): number {
    return intAttribute(this.node, name, otherwise);
  }

  string(name: string, otherwise: string): string {
    const value = this.node.attributes[name];
    return value !== undefined && "string" in value ? value.string : otherwise;
  }

  /** @throws PatchbayError `unsupported-model` when not even the rank is known. */
  shape(value: ValueName): readonly Length[] {
    const { shape } = this.whole.facts(value);
    if (shape === undefined) throw this.refuse(`the rank of "${value}" is not known`);
    return shape;
  }

  /** The attribute `axis`, counted from the front of `value`. */
  axis(value: ValueName, otherwise: number): number {
    return positiveAxis(this.int("axis", otherwise), this.shape(value).length);
  }

  /** The integers of an input such as axes or bounds. @throws PatchbayError `unsupported-model` when not known. */
  integers(i: number): readonly number[] {
    const { entries } = this.whole.facts(this.input(i));
    if (!entries?.every((entry) => typeof entry === "number")) {
      throw this.refuse(`its input "${this.input(i)}" is not known before the graph runs`);
    }
    return entries.map(Number);
  }

  scalar(value: number): ValueName {
    return this.whole.scalar(value, this.output);
  }

  /** Sums a cotangent with the output's lengths back to those of an input that was broadcast. */
  unbroadcast(cotangent: ValueName, input: number): ValueName {
    const target = this.input(input);
    return this.whole.sumTo(cotangent, this.shape(this.output), target, this.shape(target));
  }

  reshapeLike(cotangent: ValueName, value: ValueName): ValueName {
    return this.g.reshapeTo(cotangent, this.whole.shapeValue(value));
  }

  /** The error for a form of the operator that has no rule. */
  refuse(reason: string): PatchbayError {
    return new PatchbayError(
      "unsupported-model",
      `The graph cannot be differentiated at "${this.node.name}" (${this.node.operator}): ${reason}.`,
      { advice: "List a value before it as a constant, or give a gradient of its own for what it computes." },
    );
  }
}
