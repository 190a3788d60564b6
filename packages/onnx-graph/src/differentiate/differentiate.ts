/**
 * Reverse-mode differentiation, graph to graph (Griewank & Walther 2008, chapter 3): the result holds the forward nodes and
 * behind them the nodes that carry cotangents from chosen values back to others. It is an ordinary graph: it runs wherever
 * the forward graph runs, and can be differentiated again.
 *
 * Only nodes that lie on a path between the two sets get backward nodes. An operator without a rule on such a path is an
 * error. Values on the path are float32 or float64; 16-bit floats only between casts.
 */
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import type { ElementType, Graph, GraphNode, ValueName } from "../graph.ts";
import { GraphBuilder } from "../graph-builder.ts";
import type { Length } from "./lengths.ts";
import type { ValueFacts } from "./node-facts.ts";
import { type Cotangent, Differentiation, NodeDifferentiation } from "./rule.ts";
import { isLocallyConstant, ruleOf } from "./rules/rules.ts";

export interface CustomGradient {
  /** Values before this one whose cotangents the rule gives. */
  readonly inputs: readonly ValueName[];
  /** Adds nodes; returns one cotangent, with the lengths of its value, for each input; undefined is zero. */
  backward(builder: GraphBuilder, cotangent: ValueName): readonly (ValueName | undefined)[];
}

export interface DifferentiateOptions {
  /**
   * Where the walk starts. With `cotangent`: the name of a new graph input with the value's type and lengths. Without: the
   * value must hold one element, and its cotangent is 1.
   */
  readonly of: readonly { readonly value: ValueName; readonly cotangent?: ValueName }[];
  /** What to differentiate by: graph inputs, initialisers or values between. */
  readonly by: readonly ValueName[];
  /** Nothing flows through these (a frozen attention pattern, a frozen norm scale); one may itself stand in `by`. */
  readonly constants?: readonly ValueName[];
  /** Replaces what the graph says about a computed value: straight-through estimators, fused regions. */
  readonly customGradients?: ReadonlyMap<ValueName, CustomGradient>;
}

export interface DifferentiatedGraph {
  readonly graph: Graph;
  /** For each value of `by`: the graph output with its gradient; zeros where nothing flows. */
  readonly gradients: ReadonlyMap<ValueName, ValueName>;
}

/**
 * Appends the backward pass. Each gradient has the type and lengths of its value, and is the output `gradient(NAME)` (or, where
 * that name is taken, `gradient(NAME).2`).
 * @throws PatchbayError `invalid-request` for names that are not there or not float, and for a start that is not a scalar;
 *   `unsupported-model` for an operator without a rule on the way.
 */
export function differentiate(graph: Graph, options: DifferentiateOptions): DifferentiatedGraph {
  return new Walk(graph, options).run();
}

const FLOAT_TYPES: ReadonlySet<ElementType> = new Set(["float32", "float64", "float16", "bfloat16"]);

class Walk {
  readonly #graph: Graph;
  readonly #options: DifferentiateOptions;
  readonly #g: GraphBuilder;
  readonly #whole: Differentiation;
  readonly #constants: ReadonlySet<ValueName>;
  readonly #by: ReadonlySet<ValueName>;
  readonly #custom: ReadonlyMap<ValueName, CustomGradient>;
  /** Values that move when a value of `by` moves. */
  readonly #active: ReadonlySet<ValueName>;
  readonly #cotangents = new Map<ValueName, ValueName>();

  constructor(graph: Graph, options: DifferentiateOptions) {
    this.#graph = graph;
    this.#options = options;
    this.#g = GraphBuilder.from(graph);
    this.#whole = new Differentiation(this.#g, graph);
    this.#constants = new Set(options.constants);
    this.#by = new Set(options.by);
    this.#custom = options.customGradients ?? new Map();
    this.#checkNames();
    this.#active = this.#findActive();
    this.#checkRules();
  }

  run(): DifferentiatedGraph {
    for (const start of this.#options.of) this.#accumulate(start.value, this.#seed(start));
    for (const node of this.#graph.nodes.toReversed()) this.#passBack(node);
    const gradients = new Map<ValueName, ValueName>();
    for (const value of this.#by) gradients.set(value, this.#expose(value));
    return { graph: this.#g.build(), gradients };
  }

  #passBack(node: GraphNode): void {
    // A custom gradient takes the place of the node for its value; other outputs of the node go on as usual.
    for (const output of node.outputs) this.#passBackCustom(output);
    const cotangents = node.outputs.map(
      (output): Cotangent =>
        this.#flowsThrough(output) && !this.#custom.has(output) ? this.#cotangents.get(output) : undefined,
    );
    const needed = node.inputs.map((input) => this.#active.has(input));
    if (!cotangents.some((cotangent) => cotangent !== undefined) || !needed.includes(true)) return;
    const rule = ensureDefined(ruleOf(node), `rule of ${node.operator}`);
    const results = rule(new NodeDifferentiation(this.#whole, node, cotangents, needed));
    node.inputs.forEach((input, i) => {
      if (needed[i] === true) this.#accumulate(input, results[i]);
    });
  }

  #passBackCustom(value: ValueName): void {
    const custom = this.#custom.get(value);
    const cotangent = this.#cotangents.get(value);
    if (custom === undefined || cotangent === undefined || !this.#flowsThrough(value)) return;
    if (!custom.inputs.some((input) => this.#active.has(input))) return;
    const results = custom.backward(this.#g, cotangent);
    custom.inputs.forEach((input, i) => {
      if (this.#active.has(input)) this.#accumulate(input, results[i]);
    });
  }

  /** Whether the value moves because of what it is computed from. */
  #flowsThrough(value: ValueName): boolean {
    return this.#active.has(value) && !this.#constants.has(value);
  }

  #accumulate(value: ValueName, cotangent: Cotangent): void {
    if (cotangent === undefined) return;
    const sum = this.#cotangents.get(value);
    this.#cotangents.set(value, sum === undefined ? cotangent : this.#g.add(sum, cotangent));
  }

  #seed({ value, cotangent }: DifferentiateOptions["of"][number]): ValueName {
    const { type, shape } = this.#whole.facts(value);
    if (cotangent !== undefined) {
      if (this.#g.has(cotangent)) {
        throw new PatchbayError("invalid-request", `The graph already has a value called "${cotangent}".`, {
          expected: "a new name for the cotangent",
        });
      }
      return this.#g.input(cotangent, type, this.#knownFacts(value).shape);
    }
    if (shape?.every((length) => length === 1) !== true) {
      throw new PatchbayError("invalid-request", `"${value}" is not a scalar, so it needs a cotangent.`, {
        expected: "one element, or the name of an input for the cotangent",
        received: `lengths [${shape?.join(", ") ?? "unknown"}]`,
      });
    }
    const one = this.#whole.scalar(1, value);
    return shape.length === 0 ? one : this.#g.reshape(one, shape.map(Number));
  }

  #expose(value: ValueName): ValueName {
    const { type, shape } = this.#knownFacts(value);
    let name = `gradient(${value})`;
    for (let order = 2; this.#g.has(name); order++) name = `gradient(${value}).${order}`;
    const gradient = this.#cotangents.get(value) ?? this.#whole.zerosLike(value);
    return this.#g.output(gradient, type, shape, name);
  }

  #knownFacts(value: ValueName): ValueFacts & { readonly shape: readonly Length[] } {
    const { type, shape } = this.#whole.facts(value);
    if (shape !== undefined) return { type, shape };
    throw new PatchbayError("unsupported-model", `The lengths of "${value}" are not known.`, {
      advice: "Declare it as an output of the graph, with its lengths.",
    });
  }

  #checkNames(): void {
    const { of, by, constants = [] } = this.#options;
    const custom = [...this.#custom].flatMap(([value, { inputs }]) => [value, ...inputs]);
    for (const name of [...of.map(({ value }) => value), ...by, ...constants, ...custom]) {
      if (!this.#g.has(name)) {
        throw new PatchbayError("invalid-request", `The graph "${this.#graph.name}" has no value "${name}".`);
      }
    }
    for (const name of [...of.map(({ value }) => value), ...by]) {
      const { type } = this.#whole.facts(name);
      if (type !== "float32" && type !== "float64") {
        throw new PatchbayError("invalid-request", `"${name}" cannot be differentiated.`, {
          expected: "float32 or float64",
          received: type,
        });
      }
    }
    this.#checkCustomOrder();
  }

  /** A custom gradient hands cotangents to values that the walk meets later, that is, to earlier ones. */
  #checkCustomOrder(): void {
    const place = new Map(this.#graph.nodes.flatMap((node, i) => node.outputs.map((output) => [output, i] as const)));
    for (const [value, { inputs }] of this.#custom) {
      const own = place.get(value);
      const late = inputs.find((input) => own === undefined || (place.get(input) ?? -1) >= own);
      if (own === undefined || late !== undefined) {
        throw new PatchbayError("invalid-request", `The gradient given for "${value}" is not possible.`, {
          expected: "a computed value, and inputs that are computed before it",
          received: late ?? value,
        });
      }
    }
  }

  /** Before anything else, so that the error names the operator itself and not one that suffers from it. */
  #checkRules(): void {
    const reached = new Set(this.#options.of.map(({ value }) => value));
    for (const node of this.#graph.nodes.toReversed()) {
      for (const output of node.outputs) {
        if (!reached.has(output) || !this.#flowsThrough(output)) continue;
        const custom = this.#custom.get(output);
        const moving = (custom?.inputs ?? node.inputs).filter((input) => this.#active.has(input));
        if (moving.length > 0 && custom === undefined && ruleOf(node) === undefined) throw missingRule(node);
        for (const input of moving) reached.add(input);
      }
    }
  }

  #findActive(): Set<ValueName> {
    const active = new Set(this.#by);
    for (const node of this.#graph.nodes) {
      const moves = !isLocallyConstant(node) && node.inputs.some((input) => active.has(input));
      node.outputs.forEach((output) => {
        const custom = this.#custom.get(output);
        const depends = custom === undefined ? moves : custom.inputs.some((input) => active.has(input));
        const { type } = this.#whole.facts(output);
        if (depends && !this.#constants.has(output) && FLOAT_TYPES.has(type)) active.add(output);
      });
    }
    return active;
  }
}

function missingRule({ operator, name, domain }: GraphNode): PatchbayError {
  const full = domain === "" ? operator : `${domain}.${operator}`;
  return new PatchbayError("unsupported-model", `No rule for differentiating ${full} (node "${name}").`, {
    advice: "List its output as a constant, or give a gradient of its own.",
  });
}
