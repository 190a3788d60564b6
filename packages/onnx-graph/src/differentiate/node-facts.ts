/** What is known of values before a graph runs, as seen from one node. */
import type { ElementType, GraphNode, ValueName } from "../graph.ts";
import { type Length, positiveAxis, type UnknownLengths } from "./lengths.ts";

export interface ValueFacts {
  readonly type: ElementType;
  /** undefined where even the rank is unknown. */
  readonly shape: readonly Length[] | undefined;
  /** The entries of a short list of integers (a shape, axes, slice bounds), where they are known. */
  readonly entries?: readonly Length[];
}

/** The integer of an attribute, or `otherwise`. */
export function intAttribute({ attributes }: GraphNode, name: string, otherwise: number): number {
  const value = attributes[name];
  return value !== undefined && "int" in value ? value.int : otherwise;
}

/** What is known about the inputs of one node. */
export class NodeFacts {
  readonly node: GraphNode;
  readonly unknown: UnknownLengths;
  readonly #facts: ReadonlyMap<ValueName, ValueFacts>;

  constructor(node: GraphNode, facts: ReadonlyMap<ValueName, ValueFacts>, unknown: UnknownLengths) {
    this.node = node;
    this.unknown = unknown;
    this.#facts = facts;
  }

  of(input: number): ValueFacts | undefined {
    return this.#facts.get(this.node.inputs[input] ?? "");
  }

  type(input = 0): ElementType {
    return this.of(input)?.type ?? "float32";
  }

  shape(input = 0): readonly Length[] | undefined {
    return this.of(input)?.shape;
  }

  entries(input: number): readonly Length[] | undefined {
    return this.of(input)?.entries;
  }

  /** The entries of an input that holds axes, counted from the front. */
  axes(input: number, rank: number): number[] | undefined {
    const entries = this.entries(input);
    return entries?.every((entry) => typeof entry === "number")
      ? entries.map((axis) => positiveAxis(Number(axis), rank))
      : undefined;
  }

  int(name: string, otherwise: number): number {
    return intAttribute(this.node, name, otherwise);
  }

  /** The shape with one length replaced. */
  with(shape: readonly Length[], axis: number, length: Length): Length[] {
    const result = [...shape];
    result[positiveAxis(axis, shape.length)] = length;
    return result;
  }
}
