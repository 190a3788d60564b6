/**
 * The backward pass of one block: its readable graph, differentiated. What the forward nodes need is computed again from the
 * block's input, so nothing but that input is kept between the passes (checkpointing: Griewank & Walther 2008, chapter 12).
 */
import { differentiate, type Graph, GraphBuilder, type ValueName } from "@patchbay/onnx-graph";
import { buildStage, type Program, STAGE_VALUES, type TransformerModel } from "@patchbay/transformer";
import { ensureDefined, SITES, type SiteKind } from "@patchbay/vocabulary";
import { withOutputs } from "./graph-parts.ts";

export const BLOCK_GRADIENT = {
  /** d metric / d stream after the block, [batch, position, residual] */
  cotangent: "cotangent",
  /** d metric / d stream before the block */
  residual: "gradient.residual",
  /** d metric / d site, with the site's axes */
  site: (kind: SiteKind) => `gradient.${kind}`,
  /** The site's own value in this run */
  value: (kind: SiteKind) => `value.${kind}`,
  scale: (kind: SiteKind) => `edit.scale.${kind}`,
  offset: (kind: SiteKind) => `edit.offset.${kind}`,
} as const;

export interface BlockGradient {
  readonly layer: number;
  /** Sites whose gradients are wanted; `attn.hook_result` among them is answered by that of `hook_attn_out`. */
  readonly sites: readonly SiteKind[];
  /** Sites whose values are wanted. */
  readonly values: readonly SiteKind[];
  /** Sites that are edited, by two tensors each: see `denseEdits`. */
  readonly edited: readonly SiteKind[];
}

/** Graphs are small and looked at before every run, for their inputs; sessions come and go with the program. */
const built = new WeakMap<TransformerModel, Map<string, Graph>>();

export function blockGradientProgram(model: TransformerModel, wanted: BlockGradient): Program & { graph(): Graph } {
  const key = `gradient.block.${wanted.layer}[${wanted.sites}][${wanted.values}][${wanted.edited}]`;
  const graph = () => {
    const known = built.get(model) ?? new Map<string, Graph>();
    built.set(model, known);
    const found = known.get(key) ?? buildBlockGradient(model, wanted);
    known.set(key, found);
    return found;
  };
  return { key, build: graph, graph };
}

function buildBlockGradient({ architecture, tensors }: TransformerModel, wanted: BlockGradient): Graph {
  const { layer, sites, values, edited } = wanted;
  const stage = buildStage(architecture, tensors, { kind: "block", layer }, "readable");
  let graph = stage.graph;
  const places = new Map(stage.sites.map(({ kind, whole }) => [kind, carrier(graph, whole)]));
  // `attn.hook_result` adds into attn_out: its gradient is that of the sum, before an edit of the sum.
  places.set("attn.hook_result", ensureDefined(places.get("hook_attn_out")));
  const start = STAGE_VALUES.residual;
  let end: ValueName = STAGE_VALUES.nextResidual;
  for (const kind of edited) {
    const result = withEdit(graph, ensureDefined(places.get(kind), kind), kind);
    graph = result.graph;
    places.set(kind, result.value);
    if (kind === "hook_resid_post") end = result.value;
  }
  const placeOf = (kind: SiteKind) => ensureDefined(places.get(kind), kind);
  const { graph: both, gradients } = differentiate(graph, {
    of: [{ value: end, cotangent: BLOCK_GRADIENT.cotangent }],
    by: [start, ...new Set(sites.map(placeOf))].filter((name, i, all) => all.indexOf(name) === i),
  });
  const g = GraphBuilder.from(both);
  const outputs = new Set<string>();
  const expose = (value: ValueName | undefined, axes: readonly string[], name: string) => {
    g.output(ensureDefined(value, name), "float32", axes, name);
    outputs.add(name);
  };
  expose(gradients.get(start), ["batch", "position", "residual"], BLOCK_GRADIENT.residual);
  for (const kind of sites) expose(gradients.get(placeOf(kind)), axesOf(kind), BLOCK_GRADIENT.site(kind));
  for (const kind of values) expose(placeOf(kind), axesOf(kind), BLOCK_GRADIENT.value(kind));
  const whole = g.build();
  return withOutputs(
    whole,
    whole.outputs.filter(({ name }) => outputs.has(name)),
  );
}

function axesOf(kind: SiteKind): readonly string[] {
  return kind === "attn.hook_result" ? SITES.hook_attn_out.axes : SITES[kind].axes;
}

/** A readable graph gives some sites a second name that nothing reads: the value behind it is the one that acts. */
function carrier(graph: Graph, whole: ValueName): ValueName {
  if (graph.nodes.some(({ inputs }) => inputs.includes(whole))) return whole;
  const own = graph.nodes.find(({ outputs }) => outputs.includes(whole));
  return own?.operator === "Identity" ? (own.inputs[0] ?? whole) : whole;
}

/** `value` ← value · scale + offset wherever it is read; forbidden attention scores (−∞) stay what they are. */
function withEdit(graph: Graph, value: ValueName, kind: SiteKind): { graph: Graph; value: ValueName } {
  const g = GraphBuilder.from(graph);
  const lengths = SITES[kind].axes.map((axis) => `${kind}:${axis}`);
  const scale = g.input(BLOCK_GRADIENT.scale(kind), "float32", lengths);
  const offset = g.input(BLOCK_GRADIENT.offset(kind), "float32", lengths);
  const moved = g.add(g.multiply(value, scale), offset);
  const edited =
    kind === "attn.hook_attn_scores"
      ? g.where(g.node("IsInf", [value]), value, moved)
      : g.node("Identity", [moved], {}, `edited.${kind}`);
  const built = g.build();
  const added = built.nodes.slice(graph.nodes.length);
  const reader = graph.nodes.findIndex(({ inputs }) => inputs.includes(value));
  const first = reader < 0 ? graph.nodes.length : reader;
  const rest = graph.nodes
    .slice(first)
    .map((node) => ({ ...node, inputs: node.inputs.map((input) => (input === value ? edited : input)) }));
  return { graph: { ...built, nodes: [...graph.nodes.slice(0, first), ...added, ...rest] }, value: edited };
}
