/**
 * Compares the gradients of a differentiated graph with central differences of the forward graph.
 *
 * The loss is Σ w∘y with fixed weights w, so every element of y counts differently. In float64 with step 1e-5 the
 * difference quotient itself is wrong by about 1e-10 (third derivatives) plus 1e-11 (rounding), so agreement within 1e-7 of
 * the largest derivative is asked for. Operators that the runtime has in float32 only use step 1e-2: 2e-5 plus 6e-6; 1e-3
 * is asked for.
 */
import assert from "node:assert/strict";
import {
  type DifferentiateOptions,
  differentiate,
  encodeModel,
  type Graph,
  GraphBuilder,
  type ValueName,
} from "@patchbay/onnx-graph";
import { sizeOfShape, type Tensor, type TensorData, tensor } from "@patchbay/vocabulary";
import { createSession, toRuntime } from "../onnx-runtime.ts";

export type FloatType = "float32" | "float64";

export interface GradientCase {
  readonly type?: FloatType;
  /** Lengths of the inputs that are differentiated by; filled with fixed numbers by `fill`. */
  readonly by: Readonly<Record<ValueName, readonly number[]>>;
  /** Element i of an input; default: distinct numbers in −1.5 … 1.5, away from 0. */
  readonly fill?: (i: number, name: ValueName) => number;
  /** Integer inputs, as [lengths, entries]. */
  readonly indices?: Readonly<Record<ValueName, readonly [readonly number[], readonly number[]]>>;
  /** Adds the nodes whose result is differentiated. */
  readonly build: (g: GraphBuilder) => ValueName;
  readonly customGradients?: DifferentiateOptions["customGradients"];
}

export type Feeds = Readonly<Record<ValueName, Tensor<TensorData>>>;

/** Distinct numbers in −1.5 … 1.5 that keep 0.02 from zero and from each other's neighbourhood. */
export function scattered(i: number): number {
  const place = (i * 0.754877666 + 0.31) % 1;
  const value = place * 3 - 1.5;
  return Math.abs(value) < 0.02 ? value + 0.1 : value;
}

export async function run(graph: Graph, feeds: Feeds, outputs: readonly ValueName[], threads = 2) {
  const session = await createSession(encodeModel(graph), { threads });
  try {
    const wanted = session.inputNames.map((name) => {
      const feed = feeds[name];
      assert.ok(feed, `feed for ${name}`);
      return [name, toRuntime(feed)] as const;
    });
    return await session.run(Object.fromEntries(wanted), outputs);
  } finally {
    await session.release();
  }
}

/** Checks one case with all lengths known, and again with all lengths known only at run time. */
export async function checkGradients(subject: GradientCase): Promise<void> {
  for (const symbolic of [false, true]) await checkOnce(subject, symbolic);
}

async function checkOnce(subject: GradientCase, symbolic: boolean): Promise<void> {
  const type = subject.type ?? "float64";
  const graph = declare(subject, type, symbolic);
  const feeds = feedsOf(subject, type);
  const y = await run(graph, feeds, ["y"]);
  const shape = y["y"]?.shape ?? [];
  const weights = filled(type, shape, (i) => scattered(i + 17));

  const by = Object.keys(subject.by);
  const { graph: whole, gradients } = differentiate(graph, {
    of: [{ value: "y", cotangent: "w" }],
    by,
    ...(subject.customGradients === undefined ? {} : { customGradients: subject.customGradients }),
  });
  const results = await run(whole, { ...feeds, w: weights }, [...gradients.values()]);
  const session = await createSession(encodeModel(graph), { threads: 1 });
  const loss = async (changed: Feeds) => {
    const runtimeFeeds = Object.fromEntries(session.inputNames.map((name) => [name, toRuntime(feedOf(changed, name))]));
    const { y: outcome } = await session.run(runtimeFeeds, ["y"]);
    return dot(outcome?.data ?? [], weights.data);
  };
  for (const name of by) {
    const gradient = results[gradients.get(name) ?? ""];
    assert.ok(gradient, `gradient by ${name}`);
    assert.deepEqual(gradient.shape, subject.by[name], `${symbolic ? "symbolic" : "static"}: lengths by ${name}`);
    await compareWithDifferences(loss, feeds, name, gradient, type, symbolic ? "symbolic lengths" : "known lengths");
  }
  await session.release();
}

/** `loss` gives a number for changed feeds. */
export async function compareWithDifferences(
  loss: (feeds: Feeds) => Promise<number>,
  feeds: Feeds,
  name: ValueName,
  gradient: Tensor<TensorData>,
  type: FloatType,
  what: string,
): Promise<void> {
  const { step, tolerance } = type === "float64" ? { step: 1e-5, tolerance: 1e-7 } : { step: 1e-2, tolerance: 1e-3 };
  const whole = feedOf(feeds, name);
  const values = Array.from(whole.data, Number);
  const numeric: number[] = [];
  for (const [i, value] of values.entries()) {
    const at = async (moved: number) => {
      const data = type === "float64" ? Float64Array.from(values) : Float32Array.from(values);
      data[i] = moved;
      return { result: await loss({ ...feeds, [name]: { ...whole, data } }), at: data[i] };
    };
    const [above, below] = [await at(value + step), await at(value - step)];
    numeric.push((above.result - below.result) / (above.at - below.at));
  }
  const largest = Math.max(1, ...numeric.map(Math.abs));
  numeric.forEach((expected, i) => {
    const actual = Number(gradient.data[i]);
    assert.ok(
      Math.abs(actual - expected) <= tolerance * largest,
      `${what}, by ${name}[${i}]: ${actual}, difference quotient ${expected}`,
    );
  });
}

function declare({ by, indices = {}, build }: GradientCase, type: FloatType, symbolic: boolean): Graph {
  const g = new GraphBuilder("case");
  const lengths = (name: string, shape: readonly number[]) =>
    symbolic ? shape.map((_, axis) => `${name}.axis${axis}`) : shape;
  for (const [name, shape] of Object.entries(by)) g.input(name, type, lengths(name, shape));
  for (const [name, [shape]] of Object.entries(indices)) g.input(name, "int64", lengths(name, shape));
  g.output(g.reshape(build(g), [-1], "y"), type, ["element"]);
  return g.build();
}

function feedsOf({ by, indices = {}, fill = scattered }: GradientCase, type: FloatType): Feeds {
  let start = 0;
  const feeds: Record<ValueName, Tensor<TensorData>> = {};
  for (const [name, shape] of Object.entries(by)) {
    const from = start;
    feeds[name] = filled(type, shape, (i) => fill(from + i, name));
    start += sizeOfShape(shape);
  }
  for (const [name, [shape, entries]] of Object.entries(indices)) {
    feeds[name] = tensor(axes(shape), shape, BigInt64Array.from(entries, BigInt));
  }
  return feeds;
}

export function filled(type: FloatType, shape: readonly number[], fill: (i: number) => number): Tensor<TensorData> {
  const values = Array.from({ length: sizeOfShape(shape) }, (_, i) => fill(i));
  const data = type === "float64" ? Float64Array.from(values) : Float32Array.from(values);
  return tensor<TensorData>(axes(shape), shape, data);
}

function axes(shape: readonly number[]): string[] {
  return shape.map((_, axis) => `axis${axis}`);
}

function feedOf(feeds: Feeds, name: ValueName): Tensor<TensorData> {
  const feed = feeds[name];
  assert.ok(feed, `feed for ${name}`);
  return feed;
}

function dot(a: ArrayLike<number | bigint>, b: ArrayLike<number | bigint>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Number(a[i]) * Number(b[i]);
  return sum;
}
