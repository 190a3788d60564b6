/**
 * What two circuits share (B5), against what random circuits of the same sizes would: kinds are drawn each from their own parts
 * (heads from all heads, features of a dictionary from its features), edges from all ordered pairs of the parts that either
 * circuit names.
 */
import type {
  Circuit,
  CircuitComparison,
  CircuitComparisonRequest,
  CircuitEdge,
  CircuitNode,
} from "@patchbay/contract";
import type { ModelShape } from "@patchbay/transformer";
import { ensureDefined, PatchbayError, parseSite } from "@patchbay/vocabulary";
import type { WorkContext } from "../model-service.ts";
import type { DictionaryLookup } from "../run/intervention-context.ts";
import type { ModelParts } from "../run/model-parts.ts";
import { chanceOverlap, type Sizes } from "./chance-overlap.ts";
import { checkCircuit, nodeLabel, partLabel, positionsOf } from "./circuit-nodes.ts";
import { inlineCircuit } from "./prepare-evaluation.ts";

type Overlap = CircuitComparison["nodes"];

/** @throws PatchbayError for parts that do not exist, `not-found` for dictionaries */
export async function compareCircuits(
  { engine, dictionaries }: ModelParts,
  request: CircuitComparisonRequest,
  { signal }: WorkContext,
): Promise<CircuitComparison> {
  const { positions = "ignore" } = request;
  const [left, right] = (["left", "right"] as const).map((side) => {
    const circuit = inlineCircuit(request[side], side);
    try {
      checkCircuit(circuit, engine.model.shape);
    } catch (error) {
      throw error instanceof PatchbayError ? error.at(side) : error;
    }
    return circuit;
  }) as [Circuit, Circuit];
  if (signal.aborted) throw new PatchbayError("cancelled", "The comparison was cancelled.");
  const label = positions === "match" ? nodeLabel : partLabel;
  const sides = [left, right].map(({ nodes }) => new Map(nodes.map((node) => [label(node), node])));
  const [ofLeft, ofRight] = [ensureDefined(sides[0]), ensureDefined(sides[1])];
  const named = new Map([...ofLeft, ...ofRight]);
  const facts = await dictionaryFacts([...named.values()], dictionaries);
  const kinds = kindSizes(ofLeft, ofRight, engine.model.shape, facts, positions === "match");
  const edges =
    left.edges === undefined || right.edges === undefined ? null : edgeOverlap(left, right, label, named, facts);
  return {
    left: describe(left),
    right: describe(right),
    positions,
    nodes: overlap([...ofLeft.keys()], [...ofRight.keys()], kinds, CHANCE_OF_NODES),
    edges,
    warnings: warningsOf(left, right, named, engine.model.hash),
  };
}

type DictionaryFacts = ReadonlyMap<string, { readonly features: number; readonly layer: number }>;

async function dictionaryFacts(nodes: readonly CircuitNode[], lookup: DictionaryLookup): Promise<DictionaryFacts> {
  const names = new Set(nodes.flatMap((node) => (node.kind === "feature" ? [node.dictionary] : [])));
  const found = await Promise.all(
    [...names].map(async (name) => {
      const { features, inputSite } = (await lookup.find(name)).spec;
      return [name, { features, layer: parseSite(inputSite).layer ?? 0 }] as const;
    }),
  );
  return new Map(found);
}

const CHANCE_OF_NODES =
  "Each circuit draws as many parts of each kind as it has: heads, MLPs, neurons, and features of each dictionary among all of them.";
const CHANCE_OF_EDGES =
  "Each circuit draws as many edges as it has among all pairs of the parts that either names, the embeddings and the answer.";

function describe({ name, model, nodes, edges = [] }: Circuit) {
  return { name, model, nodes: nodes.length, edges: edges.length };
}

function overlap(
  left: readonly string[],
  right: readonly string[],
  kinds: readonly Sizes[] | null,
  description: string,
): Overlap {
  const [inLeft, inRight] = [new Set(left), new Set(right)];
  const shared = [...inLeft].filter((label) => inRight.has(label));
  const either = inLeft.size + inRight.size - shared.length;
  const share = (of: number) => (of === 0 ? null : shared.length / of);
  return {
    shared,
    onlyLeft: [...inLeft].filter((label) => !inRight.has(label)),
    onlyRight: [...inRight].filter((label) => !inLeft.has(label)),
    jaccard: share(either),
    ofLeft: share(inLeft.size),
    ofRight: share(inRight.size),
    expected: kinds === null ? null : { ...chanceOverlap(kinds, shared.length), description },
  };
}

/**
 * null where tokens are parts: how many there are depends on a prompt. With positions a part is a pair of a unit and one of the
 * lists of positions that occur.
 */
function kindSizes(
  left: ReadonlyMap<string, CircuitNode>,
  right: ReadonlyMap<string, CircuitNode>,
  { layers, heads, neurons }: ModelShape,
  facts: DictionaryFacts,
  matchPositions: boolean,
): Sizes[] | null {
  const nodes = [...left.values(), ...right.values()];
  if (nodes.some(({ kind }) => kind === "token")) return null;
  const places = matchPositions ? new Set(nodes.map((node) => positionsOf(node) ?? "all")).size : 1;
  const kindOf = (node: CircuitNode) => (node.kind === "feature" ? `feature ${node.dictionary}` : node.kind);
  const totals = new Map<string, number>([
    ["head", layers * heads],
    ["mlp", layers],
    ["neuron", layers * neurons],
    ...[...facts].map(([name, { features }]): [string, number] => [`feature ${name}`, features]),
  ]);
  return [...new Set(nodes.map(kindOf))].map((kind) => {
    const count = (side: ReadonlyMap<string, CircuitNode>) =>
      [...side.values()].filter((node) => kindOf(node) === kind).length;
    return { total: ensureDefined(totals.get(kind)) * places, left: count(left), right: count(right) };
  });
}

function edgeOverlap(
  left: Circuit,
  right: Circuit,
  label: (node: CircuitNode) => string,
  named: ReadonlyMap<string, CircuitNode>,
  facts: DictionaryFacts,
): Overlap {
  const labelsOf = ({ nodes, edges = [] }: Circuit) =>
    edges.map(({ source, target, read }: CircuitEdge) => {
      const end = (place: number | string) => (typeof place === "string" ? place : label(ensureDefined(nodes[place])));
      return `${end(source)} → ${end(target)}${read === undefined ? "" : ` ${read}`}`;
    });
  const [ofLeft, ofRight] = [[...new Set(labelsOf(left))], [...new Set(labelsOf(right))]];
  const total = Math.max(
    possibleEdges([...named.values()], [left, right], facts),
    new Set([...ofLeft, ...ofRight]).size,
  );
  return overlap(ofLeft, ofRight, [{ total, left: ofLeft.length, right: ofRight.length }], CHANCE_OF_EDGES);
}

/** From the embeddings and every part to every later part and the answer; three ways into a head where edges say which. */
function possibleEdges(nodes: readonly CircuitNode[], circuits: readonly Circuit[], facts: DictionaryFacts): number {
  const inputs = circuits.some(({ edges = [] }) => edges.some(({ read }) => read !== undefined)) ? 3 : 1;
  const order = nodes.map((node) => depthOf(node, facts));
  let count = 1 + nodes.length;
  for (const [t, target] of nodes.entries()) {
    const earlier = order.filter((depth) => depth < (order[t] ?? 0)).length;
    count += (1 + earlier) * (target.kind === "head" ? inputs : 1);
  }
  return count;
}

/** Attention before the MLP of its layer; features where they are read. */
function depthOf(node: CircuitNode, facts: DictionaryFacts): number {
  if (node.kind === "token") return -1;
  if (node.kind === "feature") return 2 * ensureDefined(facts.get(node.dictionary)).layer + 1;
  return 2 * node.layer + (node.kind === "head" ? 0 : 1);
}

function warningsOf(
  left: Circuit,
  right: Circuit,
  named: ReadonlyMap<string, CircuitNode>,
  modelHash: string,
): string[] {
  const warnings: string[] = [];
  if (left.model !== right.model) {
    warnings.push(
      "The circuits are of different models: parts are compared by their names, and chance is this model's.",
    );
  } else if ([left, right].some((circuit) => circuit.modelHash !== undefined && circuit.modelHash !== modelHash)) {
    warnings.push("A circuit was made on other weights than the model has now.");
  }
  if ([...named.values()].some(({ kind }) => kind === "token")) {
    warnings.push("Chance is not told: how many tokens there are depends on the prompt.");
  }
  return warnings;
}
