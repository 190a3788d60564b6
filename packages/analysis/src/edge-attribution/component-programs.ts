/**
 * Heads and MLPs as graphs of their own, with an input for every edge to end at. They are cut out of the block's readable
 * graph, so they compute what the block computes.
 *
 * A head's graph takes one row a head (or a changed copy of one): its query, key and value inputs are residual streams of
 * their own, and the row's head number says which head's result is handed out.
 */
import { differentiate, type Graph, GraphBuilder, type GraphNode, type ValueName } from "@patchbay/onnx-graph";
import { buildStage, matrixValue, type Program, STAGE_VALUES, type TransformerModel } from "@patchbay/transformer";
import { ensureDefined, type SiteKind } from "@patchbay/vocabulary";
import { nodesBetween, partOf, withOutputs } from "../gradients/graph-parts.ts";
import { HEAD_INPUTS, type HeadInput } from "./edge-nodes.ts";

export const HEADS = {
  /** [row, position, residual] each */
  input: (input: HeadInput) => `residual_${input}`,
  /** int64 [row] */
  head: "head",
  /** [row, position, residual]: what the row's head adds to the stream, without the shared bias */
  result: "result",
  cotangent: "cotangent",
  gradient: (input: HeadInput) => `gradient_${input}`,
} as const;

export const MLP = {
  /** [row, position, residual] */
  input: "mlp_input",
  output: "mlp_output",
  cotangent: "cotangent",
  gradient: "gradient",
} as const;

const RESIDUAL = ["row", "position", "residual"];

export interface GraphProgram extends Program {
  /** The same graph each time. */
  readonly graph: Graph;
}

const known = new WeakMap<TransformerModel, Map<string, GraphProgram>>();

function programOf(model: TransformerModel, key: string, build: () => Graph): GraphProgram {
  const programs = known.get(model) ?? new Map<string, GraphProgram>();
  known.set(model, programs);
  const found = programs.get(key);
  if (found !== undefined) return found;
  const graph = build();
  const program = { key, graph, build: () => graph };
  programs.set(key, program);
  return program;
}

/** Streams in, the rows' results out. */
export function headsProgram(model: TransformerModel, layer: number): GraphProgram {
  return programOf(model, `edges.heads.${layer}`, () => headsGraph(model, layer));
}

/** … and back: d (Σ cotangent · result) / d each input, [row, position, residual]. */
export function headsGradientProgram(model: TransformerModel, layer: number): GraphProgram {
  return programOf(model, `edges.heads.${layer}.gradient`, () => {
    const inputs = HEAD_INPUTS.map(HEADS.input);
    const { graph, gradients } = differentiate(headsGraph(model, layer), {
      of: [{ value: HEADS.result, cotangent: HEADS.cotangent }],
      by: inputs,
    });
    const g = GraphBuilder.from(graph);
    const width = model.shape.residualWidth;
    const names = HEAD_INPUTS.map((input) =>
      g.output(
        ensureDefined(gradients.get(HEADS.input(input))),
        "float32",
        ["row", "position", width],
        HEADS.gradient(input),
      ),
    );
    return withOutputs(
      g.build(),
      names.map((name) => ({ name, type: "float32", shape: ["row", "position", width] })),
    );
  });
}

export function mlpProgram(model: TransformerModel, layer: number): GraphProgram {
  return programOf(model, `edges.mlp.${layer}`, () => mlpGraph(model, layer));
}

export function mlpGradientProgram(model: TransformerModel, layer: number): GraphProgram {
  return programOf(model, `edges.mlp.${layer}.gradient`, () => {
    const { graph, gradients } = differentiate(mlpGraph(model, layer), {
      of: [{ value: MLP.output, cotangent: MLP.cotangent }],
      by: [MLP.input],
    });
    const g = GraphBuilder.from(graph);
    const shape = ["row", "position", model.shape.residualWidth];
    const name = g.output(ensureDefined(gradients.get(MLP.input)), "float32", shape, MLP.gradient);
    return withOutputs(g.build(), [{ name, type: "float32", shape }]);
  });
}

/** A head's z [row, position, head, head_dimension] → its results [row, head, position, residual]. */
export function resultsProgram(model: TransformerModel, layer: number): GraphProgram {
  return programOf(model, `edges.results.${layer}`, () => {
    const { heads, headWidth, residualWidth } = model.shape;
    const g = new GraphBuilder(`edges.results.${layer}`);
    const z = g.input("z", "float32", ["row", "position", heads, headWidth]);
    const results = g.matrixProduct(g.transpose(z, [0, 2, 1, 3]), outputMatrices(g, model, layer));
    g.output(results, "float32", ["row", heads, "position", residualWidth], "results");
    return g.build();
  });
}

/** W_O by head: [head, head_dimension, residual]. */
function outputMatrices(g: GraphBuilder, model: TransformerModel, layer: number): ValueName {
  const { heads, headWidth, residualWidth } = model.shape;
  const { output } = model.architecture.block(layer).attention;
  return g.reshape(matrixValue(g, model.tensors, output), [heads, headWidth, residualWidth]);
}

function stageOf({ architecture, tensors }: TransformerModel, layer: number) {
  const { graph, sites } = buildStage(architecture, tensors, { kind: "block", layer }, "readable");
  const siteValue = (kind: SiteKind) => ensureDefined(sites.find((site) => site.kind === kind)?.whole, kind);
  return { graph, siteValue };
}

function mlpGraph(model: TransformerModel, layer: number): Graph {
  const { graph, siteValue } = stageOf(model, layer);
  const { arrangement, residualWidth } = model.shape;
  const read = arrangement === "parallel" ? STAGE_VALUES.residual : siteValue("hook_resid_mid");
  const shape = ["row", "position", residualWidth];
  const part = partOf(
    graph,
    [{ name: read, type: "float32", shape }],
    [{ name: siteValue("hook_mlp_out"), type: "float32", shape: RESIDUAL }],
  );
  const named = renamed(part, new Map([[read, MLP.input]]));
  const g = GraphBuilder.from({ ...named, outputs: [] }, `edges.mlp.${layer}`);
  g.output(siteValue("hook_mlp_out"), "float32", shape, MLP.output);
  return g.build();
}

function headsGraph(model: TransformerModel, layer: number): Graph {
  const { graph, siteValue } = stageOf(model, layer);
  const { heads, residualWidth } = model.shape;
  const start = STAGE_VALUES.residual;
  const ends = { q: siteValue("attn.hook_q"), k: siteValue("attn.hook_k"), v: siteValue("attn.hook_v") };
  const nodes: GraphNode[] = [];
  // Norm and projection once for each input; then the attention itself, behind the three.
  for (const input of HEAD_INPUTS) {
    nodes.push(
      ...copied(nodesBetween(graph, new Set([start]), [ends[input]]), `${input}:`, [[start, HEADS.input(input)]]),
    );
  }
  const z = siteValue("attn.hook_z");
  const behind = nodesBetween(graph, new Set(Object.values(ends)), [z]);
  nodes.push(
    ...copied(
      behind,
      "attention:",
      HEAD_INPUTS.map((input) => [ends[input], `${input}:${ends[input]}`]),
    ),
  );
  const read = new Set(nodes.flatMap(({ inputs }) => inputs));
  const streams = HEAD_INPUTS.map((input) => ({
    name: HEADS.input(input),
    type: "float32" as const,
    shape: ["batch", "position", residualWidth],
  }));
  const g = GraphBuilder.from(
    {
      ...graph,
      inputs: [...streams, ...graph.inputs.filter(({ name }) => name !== start && read.has(name))],
      initializers: graph.initializers.filter(({ name }) => read.has(name)),
      nodes,
      outputs: [],
    },
    `edges.heads.${layer}`,
  );
  const head = g.input(HEADS.head, "int64", ["batch"]);
  const eye = Array.from({ length: heads * heads }, (_, i) => (i % (heads + 1) === 0 ? 1 : 0));
  const own = g.unsqueeze(g.gather(g.float32("eye", [heads, heads], eye), head, 0), [1, 3]);
  const picked = g.sum(g.multiply(`attention:${z}`, own), [2]);
  const matrices = g.gather(outputMatrices(g, model, layer), head, 0);
  g.output(g.matrixProduct(picked, matrices, HEADS.result), "float32", ["batch", "position", residualWidth]);
  return g.build();
}

/** Nodes under new names; values that none of them makes are shared, or replaced as listed. */
function copied(
  nodes: readonly GraphNode[],
  prefix: string,
  replaced: readonly (readonly [ValueName, ValueName])[],
): GraphNode[] {
  const names = new Map(replaced);
  for (const node of nodes) for (const output of node.outputs) names.set(output, `${prefix}${output}`);
  const rename = (value: ValueName) => names.get(value) ?? value;
  return nodes.map((node) => ({
    ...node,
    name: `${prefix}${node.name}`,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
  }));
}

function renamed(graph: Graph, names: ReadonlyMap<ValueName, ValueName>): Graph {
  const rename = (value: ValueName) => names.get(value) ?? value;
  return {
    ...graph,
    inputs: graph.inputs.map((input) => ({ ...input, name: rename(input.name) })),
    nodes: graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map(rename) })),
  };
}
