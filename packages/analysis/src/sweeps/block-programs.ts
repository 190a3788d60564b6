/**
 * A block's graph cut to what a sweep needs of it. All of them come from the one readable block, so every family and every
 * arrangement is served, and the arithmetic is the model's own.
 *
 * - *through*: the block for a window of positions, behind the cached keys and values of the positions before it.
 * - *last*: the same in the last block, where only one position is read afterwards: keys and values for the whole window,
 *   everything else for its last position.
 * - *entry*: from the value of one site (and whatever else of the unchanged run reaches the output past it) to the end of
 *   the block. Values of the unchanged run have one row and are broadcast.
 */
import type { Graph, GraphNode, ValueInfo, ValueName } from "@patchbay/onnx-graph";
import { buildStage, type Program, STAGE_VALUES, type StageGraph, type TransformerModel } from "@patchbay/transformer";
import { describeSite, ensureDefined, type SiteKind } from "@patchbay/vocabulary";

export interface BlockProgram {
  readonly program: Program;
  /** Inputs of the graph by what they are: a site of this block, or one of the stage's own inputs. */
  readonly feeds: readonly { readonly name: ValueName; readonly is: SiteKind | "residual" | "stage" }[];
}

/** Sites behind which a block can be resumed; all positions of these are independent of each other, but for q, k, v, pattern. */
export type EntryKind = (typeof ENTRY_KINDS)[number];
export const ENTRY_KINDS = [
  "attn.hook_q",
  "attn.hook_k",
  "attn.hook_v",
  "attn.hook_pattern",
  "attn.hook_z",
  "hook_attn_out",
  "hook_resid_mid",
  "mlp.hook_post",
  "hook_mlp_out",
] as const satisfies readonly SiteKind[];

const AFTER_ATTENTION: readonly SiteKind[] = ["mlp.hook_post", "hook_mlp_out"];
/** Inputs whose position axis is that of the queries. */
const ASKED: readonly string[] = [STAGE_VALUES.mask, STAGE_VALUES.localMask, STAGE_VALUES.scoreBias];
const LAST_POSITION = "last_position";

const graphs = new WeakMap<TransformerModel, Map<number, StageGraph>>();

function stageOf(model: TransformerModel, layer: number): StageGraph {
  const known = graphs.get(model) ?? new Map<number, StageGraph>();
  graphs.set(model, known);
  const built = known.get(layer) ?? buildStage(model.architecture, model.tensors, { kind: "block", layer }, "readable");
  known.set(layer, built);
  return built;
}

function wholeOf({ sites }: StageGraph, kind: SiteKind): ValueName | undefined {
  return sites.find((site) => site.kind === kind)?.whole;
}

/** Sites of the unchanged run that an entry needs beside its own value. */
export function companionsOf(model: TransformerModel, kind: EntryKind): SiteKind[] {
  if (!AFTER_ATTENTION.includes(kind)) return [];
  return model.shape.arrangement === "parallel" ? ["hook_attn_out"] : ["hook_resid_mid"];
}

export function throughProgram(model: TransformerModel, layer: number): BlockProgram {
  return describe(model, `sweep.through.${layer}`, () => {
    const { graph } = stageOf(model, layer);
    return cut(graph, graph.inputs);
  });
}

/** Undefined where the block cannot be narrowed: then `throughProgram` serves. */
export function lastProgram(model: TransformerModel): BlockProgram | undefined {
  const layer = model.shape.layers - 1;
  const stage = stageOf(model, layer);
  const query = wholeOf(stage, "attn.hook_rot_q") ?? wholeOf(stage, "attn.hook_q");
  if (query === undefined) return undefined;
  return describe(model, `sweep.last.${layer}`, () => {
    const narrowed = narrow(stage.graph, query);
    return cut(narrowed, narrowed.inputs);
  });
}

export function entryProgram(model: TransformerModel, layer: number, kind: EntryKind): BlockProgram {
  const stage = stageOf(model, layer);
  const given = [kind, ...companionsOf(model, kind)];
  const names = new Map<ValueName, SiteKind>(given.map((each) => [ensureDefined(wholeOf(stage, each), each), each]));
  return describe(
    model,
    `sweep.entry.${kind}.${layer}`,
    () => {
      const infos = [...names].map(
        ([name, site]): ValueInfo => ({ name, type: "float32", shape: describeSite(site).axes }),
      );
      // Lengths are free: rows of the unchanged run are broadcast against those of the changed ones.
      const free = stage.graph.inputs.map(
        (input): ValueInfo => ({
          ...input,
          shape: input.shape.map((length, axis) => (length === "batch" ? `${input.name}:${axis}` : length)),
        }),
      );
      return cut(stage.graph, [...infos, ...free]);
    },
    names,
  );
}

const described = new WeakMap<TransformerModel, Map<string, BlockProgram>>();

function describe(
  model: TransformerModel,
  key: string,
  build: () => Graph,
  sites: ReadonlyMap<ValueName, SiteKind> = new Map(),
): BlockProgram {
  const known = described.get(model) ?? new Map<string, BlockProgram>();
  described.set(model, known);
  const found = known.get(key);
  if (found !== undefined) return found;
  const graph = build();
  const result: BlockProgram = {
    program: { key, build: () => graph },
    feeds: graph.inputs.map(({ name }) => ({
      name,
      is: sites.get(name) ?? (name === STAGE_VALUES.residual ? "residual" : "stage"),
    })),
  };
  known.set(key, result);
  return result;
}

/** What of a graph leads from these inputs to the next residual stream. */
function cut(graph: Graph, inputs: readonly ValueInfo[]): Graph {
  const given = new Set(inputs.map(({ name }) => name));
  const makes = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const needed = new Set<GraphNode>();
  const used = new Set<ValueName>();
  const open: ValueName[] = [STAGE_VALUES.nextResidual];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (used.has(name)) continue;
    used.add(name);
    const node = given.has(name) ? undefined : makes.get(name);
    if (node === undefined || needed.has(node)) continue;
    needed.add(node);
    open.push(...node.inputs);
  }
  return {
    name: `${graph.name}.sweep`,
    inputs: inputs.filter(({ name }) => used.has(name)),
    outputs: [{ name: STAGE_VALUES.nextResidual, type: "float32", shape: ["rows", "positions", "residual"] }],
    nodes: graph.nodes.filter((node) => needed.has(node)),
    initializers: graph.initializers.filter(({ name }) => used.has(name)),
  };
}

/**
 * Queries, and the residual stream that everything is added to, for the last position only. What becomes keys and values
 * (and, before the norm, queries) is left whole.
 */
function narrow(graph: Graph, query: ValueName): Graph {
  const makes = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const beforeAttention = new Set<GraphNode>();
  const open: ValueName[] = [query, STAGE_VALUES.newKeys, STAGE_VALUES.newValues];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const node = makes.get(name);
    if (node === undefined || beforeAttention.has(node)) continue;
    beforeAttention.add(node);
    open.push(...node.inputs);
  }
  const lastOf = new Map<ValueName, ValueName>([
    [query, `${query}:last`],
    [STAGE_VALUES.residual, `${STAGE_VALUES.residual}:last`],
  ]);
  const gathers = [...lastOf].map(
    ([value, output]): GraphNode => ({
      operator: "Gather",
      domain: "",
      name: output,
      inputs: [value, LAST_POSITION],
      outputs: [output],
      attributes: { axis: { int: 1 } },
    }),
  );
  const [residualGather, queryGather] = [ensureDefined(gathers[1]), ensureDefined(gathers[0])];
  const nodes: GraphNode[] = [residualGather];
  for (const node of graph.nodes) {
    nodes.push(
      beforeAttention.has(node) ? node : { ...node, inputs: node.inputs.map((input) => lastOf.get(input) ?? input) },
    );
    if (node.outputs.includes(query)) nodes.push(queryGather);
  }
  const last = {
    name: LAST_POSITION,
    type: "int64",
    shape: [1],
    data: { kind: "inline", bytes: new Uint8Array(BigInt64Array.of(-1n).buffer) },
  } as const;
  const inputs = graph.inputs.map((input) =>
    ASKED.includes(input.name)
      ? { ...input, shape: input.shape.map((length) => (length === "position" ? "query" : length)) }
      : input,
  );
  return { ...graph, inputs, nodes, initializers: [...graph.initializers, last] };
}
