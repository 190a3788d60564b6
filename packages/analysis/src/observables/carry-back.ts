/**
 * Directions carried back through components. With y the direction read of what a component adds to the stream:
 * - a head reads v = W_V W_O y of its normed input (its OV map transposed); where it attends is not modelled;
 * - an MLP is linearised at a reference point x₀: v = ∇ y·MLP(n) at n = norm(x₀).
 * Through the norm before it: w ∘ v, centred for LayerNorm; its scale only where asked for.
 */
import { differentiate, type Graph } from "@patchbay/onnx-graph";
import { buildStage, type Engine, type Program, type TransformerModel } from "@patchbay/transformer";
import { ensureDefined, type Tensor, tensor } from "@patchbay/vocabulary";
import { outputCombinations } from "../decomposition/output-combination.ts";
import { partOf } from "../gradients/graph-parts.ts";
import { foldWeight, normScale } from "./norm-gradient.ts";
import type { ReferencePoint } from "./reference-point.ts";

export type Component =
  | { readonly kind: "head"; readonly layer: number; readonly head: number }
  | { readonly kind: "mlp"; readonly layer: number };

/** One observable's direction at a component's input. */
export interface CarriedDirection {
  /** Of the normed stream, [residual]: before the norm's weight. */
  readonly normed: Float32Array;
  /** Of the stream, [residual]: norm's weight folded in, and its scale where asked for. */
  readonly stream: Float32Array;
}

/** `directions`: one an observable, at the component's output. */
export async function carryBack(
  engine: Engine,
  component: Component,
  directions: readonly Float32Array[],
  reference: ReferencePoint,
  withScale: boolean,
  signal: AbortSignal,
): Promise<CarriedDirection[]> {
  const { model } = engine;
  const { norm1, norm2 } = model.architecture.block(component.layer);
  const { normed, norm, input } =
    component.kind === "head"
      ? {
          normed: await throughHead(engine, component, directions, signal),
          norm: norm1,
          input: reference.before(component.layer),
        }
      : {
          normed: await throughMlp(engine, component.layer, directions, reference, signal),
          norm: ensureDefined(norm2, "norm before the MLP"),
          input: reference.beforeMlp(component.layer),
        };
  const scale = withScale ? normScale(input, model.shape.norm) : 1;
  return Promise.all(
    normed.map(async (direction) => {
      const folded = await foldWeight(model, norm, direction);
      return { normed: direction, stream: scale === 1 ? folded : folded.map((value) => value / scale) };
    }),
  );
}

async function throughHead(
  engine: Engine,
  { layer, head }: Extract<Component, { kind: "head" }>,
  directions: readonly Float32Array[],
  signal: AbortSignal,
): Promise<Float32Array[]> {
  const { architecture, shape } = engine.model;
  const { heads, keyValueHeads, headWidth } = shape;
  const { attention } = architecture.block(layer);
  const count = directions.length;
  const outputs = joined(directions);
  const output = await outputCombinations(
    engine,
    `blocks.${layer}.attention-output`,
    attention.output,
    outputs,
    count,
    signal,
  );
  const group = Math.floor(head / (heads / keyValueHeads));
  const weights = new Float32Array(count * keyValueHeads * headWidth);
  for (let row = 0; row < count; row++) {
    const from = (row * heads + head) * headWidth;
    weights.set(output.directions.subarray(from, from + headWidth), (row * keyValueHeads + group) * headWidth);
  }
  const name = `blocks.${layer}.value`;
  const value = await outputCombinations(engine, name, attention.value, weights, count, signal);
  return cut(value.directions, count);
}

const MLP_GRADIENT = { input: "normed", cotangent: "direction", output: "gradient" } as const;

async function throughMlp(
  engine: Engine,
  layer: number,
  directions: readonly Float32Array[],
  reference: ReferencePoint,
  signal: AbortSignal,
): Promise<Float32Array[]> {
  const count = directions.length;
  const width = engine.model.shape.residualWidth;
  const point = reference.normedBeforeMlp(layer);
  const { program, input, gradient } = mlpGradientProgram(engine.model, layer);
  const rows = (data: Float32Array): Tensor => tensor(["batch", "position", "residual"], [1, count, width], data);
  const feeds = {
    [input]: rows(joined(Array.from({ length: count }, () => point))),
    [MLP_GRADIENT.cotangent]: rows(joined(directions)),
  };
  const outputs = await engine.evaluate(program, feeds, [gradient], signal);
  return cut(ensureDefined(outputs[gradient]).data, count);
}

interface MlpGradient {
  readonly program: Program;
  /** Names in the graph of the normed stream and of its gradient. */
  readonly input: string;
  readonly gradient: string;
}

const built = new WeakMap<TransformerModel, Map<number, { graph: Graph; input: string; gradient: string }>>();

/** The MLP cut out of the model's own block, and its backward pass. */
function mlpGradientProgram(model: TransformerModel, layer: number): MlpGradient {
  const known = built.get(model) ?? new Map<number, { graph: Graph; input: string; gradient: string }>();
  built.set(model, known);
  const found = known.get(layer) ?? buildMlpGradient(model, layer);
  known.set(layer, found);
  const { graph, input, gradient } = found;
  return { program: { key: `observable.mlp-gradient.${layer}`, build: () => graph }, input, gradient };
}

function buildMlpGradient({ architecture, tensors, shape }: TransformerModel, layer: number) {
  const { graph, sites } = buildStage(architecture, tensors, { kind: "block", layer }, "readable");
  const nameOf = (kind: string) => ensureDefined(sites.find((site) => site.kind === kind)?.whole, kind);
  const info = (name: string) => ({
    name,
    type: "float32" as const,
    shape: ["batch", "position", shape.residualWidth],
  });
  const [input, output] = [nameOf("ln2.hook_normalized"), nameOf("hook_mlp_out")];
  const mlp = partOf(graph, [info(input)], [info(output)]);
  const differentiated = differentiate(mlp, {
    of: [{ value: output, cotangent: MLP_GRADIENT.cotangent }],
    by: [input],
  });
  return { graph: differentiated.graph, input, gradient: ensureDefined(differentiated.gradients.get(input)) };
}

function joined(vectors: readonly Float32Array[]): Float32Array {
  const width = vectors[0]?.length ?? 0;
  const data = new Float32Array(vectors.length * width);
  for (const [i, vector] of vectors.entries()) data.set(vector, i * width);
  return data;
}

function cut(data: Float32Array, count: number): Float32Array[] {
  const width = data.length / count;
  return Array.from({ length: count }, (_, i) => data.subarray(i * width, (i + 1) * width));
}
