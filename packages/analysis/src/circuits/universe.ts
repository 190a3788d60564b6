/**
 * The universe of a circuit: of which parts everything outside the circuit is ablated. All other parts compute as they do, on
 * what the ablated ones leave them.
 */
import type { CircuitEvaluationRequest, CircuitNode, CircuitNodeKind } from "@patchbay/contract";
import type { Dictionary } from "@patchbay/dictionary";
import type { ModelShape } from "@patchbay/transformer";
import { ensureDefined, PatchbayError, parseSite, SITE_KINDS, type Site } from "@patchbay/vocabulary";
import type { DictionaryLookup } from "../run/intervention-context.ts";
import { NODE_KINDS, partLabel } from "./circuit-nodes.ts";

/** A place that is ablated unit by unit. Values at a position: [unit, detail]. */
export interface AblatedSite {
  readonly kind: Exclude<CircuitNodeKind, "feature">;
  readonly site: Site;
  readonly layer: number;
  /** 1 where the whole vector goes together. */
  readonly units: number;
  readonly detail: number;
}

export interface AblatedDictionary {
  readonly dictionary: Dictionary;
  readonly input: Site;
  /** The error's place, in the block of the input. */
  readonly output: Site;
  readonly layer: number;
}

export interface Universe {
  readonly kinds: readonly CircuitNodeKind[];
  readonly sites: readonly AblatedSite[];
  /** In order of computation. */
  readonly dictionaries: readonly AblatedDictionary[];
  readonly errors: "keep" | "ablate";
}

/**
 * @throws PatchbayError `invalid-request` for a universe of nothing, for a circuit with parts outside it, and for an MLP beside
 * the features that stand for it; `not-found` for dictionaries
 */
export async function resolveUniverse(
  { universe, errors = "keep" }: Pick<CircuitEvaluationRequest, "universe" | "errors">,
  nodes: readonly CircuitNode[],
  shape: ModelShape,
  lookup: DictionaryLookup,
): Promise<Universe> {
  const named = new Set(nodes.map(({ kind }) => kind));
  const kinds = NODE_KINDS.filter((kind) => universe?.kinds?.includes(kind) ?? named.has(kind));
  if (kinds.length === 0) {
    throw new PatchbayError("invalid-request", "An empty circuit does not say what it is a circuit of.", {
      expected: "nodes, or universe.kinds",
      at: "universe/kinds",
    });
  }
  const ofCircuit = nodes.flatMap((node) => (node.kind === "feature" ? [node.dictionary] : []));
  const names = kinds.includes("feature") ? [...new Set(universe?.dictionaries ?? ofCircuit)] : [];
  if (kinds.includes("feature") && names.length === 0) {
    throw new PatchbayError("invalid-request", "Features belong to dictionaries, and none is named.", {
      expected: "universe.dictionaries, or a feature in the circuit",
      at: "universe/dictionaries",
    });
  }
  nodes.forEach((node, i) => {
    if (kinds.includes(node.kind) && (node.kind !== "feature" || names.includes(node.dictionary))) return;
    throw new PatchbayError("invalid-request", `${partLabel(node)} is not in the universe.`, {
      expected: `parts of ${[...kinds, ...names].join(", ")}`,
      at: `circuit/nodes/${i}`,
    });
  });
  const dictionaries = await openAll(names, lookup);
  if (errors === "ablate" && dictionaries.some(({ dictionary }) => dictionary.spec.outputSites.length > 1)) {
    throw new PatchbayError("invalid-request", "The error of one layer of a cross-layer transcoder is not its own.", {
      expected: 'errors: "keep"',
      at: "errors",
    });
  }
  checkFeatures(nodes, dictionaries);
  const replaced = replacedMlps(dictionaries);
  refuseMlpsBesideFeatures(nodes, replaced);
  return { kinds, sites: sitesOf(kinds, shape, replaced), dictionaries, errors };
}

async function openAll(names: readonly string[], lookup: DictionaryLookup): Promise<AblatedDictionary[]> {
  const opened = await Promise.all(
    names.map(async (name) => {
      const dictionary = await lookup.find(name);
      const input = parseSite(dictionary.spec.inputSite);
      const output = parseSite(ensureDefined(dictionary.spec.outputSites[0]));
      if (input.layer === undefined || output.layer !== input.layer) {
        throw new PatchbayError("unsupported-model", `"${name}" does not read and write in one block.`, {
          expected: "a dictionary of a block's sites",
          received: `${dictionary.spec.inputSite} to ${dictionary.spec.outputSites[0]}`,
        });
      }
      return { dictionary, input, output, layer: input.layer };
    }),
  );
  const order = ({ layer, input }: AblatedDictionary) => layer * 1000 + SITE_KINDS.indexOf(input.kind);
  const outputs = opened.map(({ dictionary }) => dictionary.spec.outputSites[0]);
  const twice = outputs.findIndex((name, i) => outputs.indexOf(name) < i);
  if (twice >= 0) {
    throw new PatchbayError("invalid-request", `Two dictionaries explain ${outputs[twice]}.`, {
      expected: "one dictionary a place",
      received: `${opened[outputs.indexOf(outputs[twice])]?.dictionary.spec.name} and ${opened[twice]?.dictionary.spec.name}`,
    });
  }
  return opened.sort((a, b) => order(a) - order(b));
}

function checkFeatures(nodes: readonly CircuitNode[], dictionaries: readonly AblatedDictionary[]): void {
  nodes.forEach((node, i) => {
    if (node.kind !== "feature") return;
    const count = dictionaries.find(({ dictionary }) => dictionary.spec.name === node.dictionary)?.dictionary.spec
      .features;
    if (count === undefined || node.feature < count) return;
    throw new PatchbayError("unit-out-of-range", `"${node.dictionary}" has no feature ${node.feature}.`, {
      expected: `0 to ${count - 1}`,
      received: String(node.feature),
      at: `circuit/nodes/${i}/feature`,
    });
  });
}

/** Layers whose MLP is told by features, so that it is no part of its own. */
function replacedMlps(dictionaries: readonly AblatedDictionary[]): Set<number> {
  return new Set(dictionaries.flatMap(({ output, layer }) => (output.kind === "hook_mlp_out" ? [layer] : [])));
}

function refuseMlpsBesideFeatures(nodes: readonly CircuitNode[], replaced: ReadonlySet<number>): void {
  nodes.forEach((node, i) => {
    if ((node.kind !== "mlp" && node.kind !== "neuron") || !replaced.has(node.layer)) return;
    throw new PatchbayError(
      "invalid-request",
      `${partLabel(node)} and features of its MLP are two names of one thing.`,
      {
        expected: `no MLP or neuron of layer ${node.layer} beside the features of a transcoder there`,
        at: `circuit/nodes/${i}`,
      },
    );
  });
}

function sitesOf(kinds: readonly CircuitNodeKind[], shape: ModelShape, replaced: ReadonlySet<number>): AblatedSite[] {
  const { layers, heads, headWidth, neurons, residualWidth } = shape;
  const has = (kind: CircuitNodeKind) => kinds.includes(kind);
  const sites: AblatedSite[] = [];
  if (has("token"))
    sites.push({ kind: "token", site: { kind: "hook_embed" }, layer: -1, units: 1, detail: residualWidth });
  for (let layer = 0; layer < layers; layer++) {
    if (has("head"))
      sites.push({ kind: "head", site: { kind: "attn.hook_z", layer }, layer, units: heads, detail: headWidth });
    if (neurons === 0 || replaced.has(layer)) continue;
    // Where neurons are parts, an MLP is all of its neurons.
    if (has("neuron"))
      sites.push({ kind: "neuron", site: { kind: "mlp.hook_post", layer }, layer, units: neurons, detail: 1 });
    else if (has("mlp"))
      sites.push({ kind: "mlp", site: { kind: "hook_mlp_out", layer }, layer, units: 1, detail: residualWidth });
  }
  return sites;
}

/** Whether a site can be edited unit by unit; whole vectors are selected with "all". */
export function unitSelection({ kind }: AblatedSite, units: readonly number[]): "all" | readonly number[] {
  return kind === "mlp" || kind === "token" ? "all" : units;
}

/** In a sentence, for the result. */
export function describeUniverse({ kinds, sites, dictionaries, errors }: Universe): string {
  const plural = { head: "heads", mlp: "MLPs", neuron: "neurons", feature: "features", token: "token embeddings" };
  const parts = kinds.filter((kind) => kind !== "feature").map((kind) => `all ${plural[kind]}`);
  if (dictionaries.length > 0) {
    parts.push(`all features of ${dictionaries.map(({ dictionary }) => dictionary.spec.name).join(", ")}`);
  }
  const alone = (["head", "mlp"] as const).filter((kind) => {
    const covered = sites.some((site) => site.kind === kind || (kind === "mlp" && site.kind === "neuron"));
    return !covered && !(kind === "mlp" && replacedMlps(dictionaries).size > 0);
  });
  const left = alone.length === 0 ? "" : ` ${alone.map((kind) => plural[kind]).join(" and ")} are left to compute.`;
  const replaced = [...replacedMlps(dictionaries)];
  const standing =
    replaced.length > 0 && (kinds.includes("mlp") || kinds.includes("neuron"))
      ? ` In layers ${replaced.join(", ")} features stand for the MLP.`
      : "";
  const kept = errors === "keep" ? "kept as they are in the run" : "ablated like parts outside the circuit";
  const error = dictionaries.length === 0 ? "" : ` Errors of the dictionaries are ${kept}.`;
  return `Outside the circuit: ${parts.join("; ")}.${left}${standing}${error}`;
}

/** Number of parts of each kind; tokens: of a prompt of this length. */
export function countParts(universe: Universe, length: number) {
  const bySite = new Map<CircuitNodeKind, number>();
  for (const { kind, units } of universe.sites) {
    bySite.set(kind, (bySite.get(kind) ?? 0) + (kind === "token" ? length : units));
  }
  return [
    ...[...bySite].map(([kind, total]) => ({ kind, total })),
    ...universe.dictionaries.map(({ dictionary }) => ({
      kind: "feature" as const,
      dictionary: dictionary.spec.name,
      total: dictionary.spec.features,
    })),
  ];
}
