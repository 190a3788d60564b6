/**
 * Turns edits of features into edits of sites, for one list of tokens.
 *
 * With f the features in the run as it stands (all earlier interventions included), f′ the edited ones, x the value at the
 * output site and e = x − decode(f) (reference notes 2.8):
 *   keep    x + (f′ − f)·W_dec        equal to decode(f′) + e; only changed decoder rows are touched
 *   drop    decode(f′)
 *   freeze  decode(f′) + e₀           e₀ of the run without any intervention
 *
 * Features depend on everything below, so the pass is walked upward: the blocks up to a dictionary's layer run once, its
 * features are read there, and its edit is in force when the layers above are looked at.
 */
import { DICTIONARY_TENSORS, type Dictionary } from "@patchbay/dictionary";
import type { Engine, SiteEdit } from "@patchbay/transformer";
import {
  describeSite,
  ensureDefined,
  PatchbayError,
  parseSite,
  SITE_KINDS,
  type Site,
  type Tensor,
} from "@patchbay/vocabulary";
import { asRows, reconstruct } from "../dictionaries/encode-features.ts";
import type { SparseFeatures } from "../dictionaries/sparse-features.ts";
import type { FeatureEdit, InterventionItem } from "./feature-edit.ts";

type Tokens = readonly (readonly number[])[];

/** Site edits of all items, in the order in which the items were written. */
export async function realiseFeatureEdits(
  engine: Engine,
  tokens: Tokens,
  items: readonly InterventionItem[],
  signal?: AbortSignal,
): Promise<SiteEdit[]> {
  const realised: (readonly SiteEdit[] | undefined)[] = items.map((item) =>
    item.kind === "site" ? item.edits : undefined,
  );
  if (realised.every((edits) => edits !== undefined)) return realised.flatMap((edits) => edits ?? []);
  const walk = new Walk(engine, tokens, signal);
  const clean = items.some((item) => item.kind === "feature" && item.error === "freeze")
    ? new Walk(engine, tokens, signal)
    : undefined;
  const contributions: Contributions = { current: new Map(), clean: new Map() };
  for (const { item, member, index } of inOrder(items)) {
    const input = parseSite(member.spec.inputSite);
    const inForce = items.flatMap((other, i) => {
      const edits = realised[i] ?? [];
      return other.kind === "site" && i > index ? edits.filter(({ site }) => comesBefore(site, input)) : edits;
    });
    const found = await walk.read(member, inForce);
    const reference = item.error === "freeze" ? await ensureDefined(clean).read(member, []) : undefined;
    const edits = await editsOf(item, member, found, reference, contributions);
    realised[index] = [...(realised[index] ?? []), ...edits];
  }
  return realised.flatMap((edits) => edits ?? []);
}

interface Step {
  readonly item: FeatureEdit;
  readonly member: Dictionary;
  readonly index: number;
}

/** Every dictionary that must be looked at, from the bottom of the model up. */
function inOrder(items: readonly InterventionItem[]): Step[] {
  const steps = items.flatMap((item, index) =>
    item.kind === "feature" ? item.members.map((member) => ({ item, member, index })) : [],
  );
  const place = ({ member }: Step) => parseSite(member.spec.inputSite);
  return steps.sort((a, b) => orderOf(place(a)) - orderOf(place(b)) || a.index - b.index);
}

/** Number in the order of computation. */
function orderOf({ kind, layer }: Site): number {
  return (layer ?? (describeSite(kind).stage === "embed" ? -1 : 1e6)) * 1000 + SITE_KINDS.indexOf(kind);
}

function comesBefore(a: Site, b: Site): boolean {
  return orderOf(a) < orderOf(b);
}

interface Found {
  readonly batch: number;
  readonly length: number;
  readonly features: SparseFeatures;
  /** [row, output] of each output site: what the dictionary makes of the input. */
  readonly outputs: readonly Tensor[];
  /** [row, output]: the value at the first output site. */
  readonly actual: Tensor;
}

/** A pass that climbs block by block and stays where it is between looks. */
class Walk {
  readonly #engine: Engine;
  readonly #tokens: Tokens;
  readonly #signal: AbortSignal | undefined;
  #at: { layer: number; residual: Tensor } | undefined;

  constructor(engine: Engine, tokens: Tokens, signal: AbortSignal | undefined) {
    this.#engine = engine;
    this.#tokens = tokens;
    this.#signal = signal;
  }

  async read(dictionary: Dictionary, edits: readonly SiteEdit[]): Promise<Found> {
    const input = parseSite(dictionary.spec.inputSite);
    const output = parseSite(ensureDefined(dictionary.spec.outputSites[0]));
    const layer = blockOf(input);
    if (blockOf(output) !== layer) {
      throw new PatchbayError("unsupported-model", `"${dictionary.spec.name}" writes to another block than it reads.`, {
        expected: `a first output site in block ${layer}`,
        received: ensureDefined(dictionary.spec.outputSites[0]),
      });
    }
    if ((this.#at?.layer ?? -1) < layer) {
      const { residual } = await this.#run(layer, edits, []);
      this.#at = { layer, residual };
    }
    const { reads } = await this.#run(layer + 1, edits, [input, output]);
    const [inputValue, outputValue] = reads.map((value) => ensureDefined(value));
    const [batch = 0, length = 0] = ensureDefined(inputValue).shape;
    const found = await reconstruct(this.#engine, dictionary, asRows(ensureDefined(inputValue)), this.#signal);
    return { batch, length, ...found, actual: asRows(ensureDefined(outputValue)) };
  }

  #run(until: number, edits: readonly SiteEdit[], sites: readonly Site[]) {
    const from = this.#at;
    const runs = ({ site }: SiteEdit) => {
      const { stage } = describeSite(site.kind);
      if (stage === "embed") return from === undefined;
      return stage === "block" && (site.layer ?? 0) >= (from?.layer ?? 0) && (site.layer ?? 0) < until;
    };
    return this.#engine.forward({
      tokens: this.#tokens,
      until,
      edits: edits.filter(runs),
      reads: sites.map((site) => ({ site })),
      ...(from === undefined ? {} : { from }),
      ...(this.#signal === undefined ? {} : { signal: this.#signal }),
    });
  }
}

function blockOf(site: Site): number {
  if (site.layer !== undefined) return site.layer;
  throw new PatchbayError("unsupported-model", "Dictionaries outside the blocks cannot be intervened on.", {
    expected: "a dictionary of a block's site",
    received: site.kind,
  });
}

/** What lower members of a spliced cross-layer set put at the output sites above them, in this run and in the clean one. */
interface Contributions {
  readonly current: Map<string, Float32Array>;
  readonly clean: Map<string, Float32Array>;
}

async function editsOf(
  item: FeatureEdit,
  dictionary: Dictionary,
  found: Found,
  reference: Found | undefined,
  contributions: Contributions,
): Promise<SiteEdit[]> {
  const { spec } = dictionary;
  const width = spec.outputWidth;
  const positions = selectedPositions(item, dictionary, found.length);
  const rows = item.rows === "all" ? Array.from({ length: found.batch }, (_, row) => row) : item.rows;
  const deltas = await changesOf(item, dictionary, found, rows, positions);
  const crossLayer = item.members.length > 1;
  const edits: SiteEdit[] = [];
  for (const [target, name] of spec.outputSites.entries()) {
    const site = parseSite(name);
    const replaces = item.error !== "keep" && target === 0;
    if (crossLayer && target > 0) {
      addTo(contributions.current, name, ensureDefined(found.outputs[target]).data);
      if (reference !== undefined) addTo(contributions.clean, name, ensureDefined(reference.outputs[target]).data);
      continue;
    }
    const received = replaces ? contributions.current.get(name) : undefined;
    const receivedClean = replaces ? contributions.clean.get(name) : undefined;
    const replacement = (at: number, change: number) => {
      const made = ensureDefined(found.outputs[0]).data[at] ?? 0;
      const error =
        reference === undefined ? 0 : (reference.actual.data[at] ?? 0) - (reference.outputs[0]?.data[at] ?? 0);
      return made + change + error;
    };
    for (const row of rows) {
      const delta = deltas.get(`${row}.${target}`);
      const values = new Float32Array(positions.length * width);
      positions.forEach((position, p) => {
        const source = (row * found.length + position) * width;
        for (let i = 0; i < width; i++) {
          const change = delta?.[p * width + i] ?? 0;
          values[p * width + i] = replaces
            ? replacement(source + i, change + (received?.[source + i] ?? 0) - (receivedClean?.[source + i] ?? 0))
            : change;
        }
      });
      edits.push({
        site,
        rows: [row],
        positions,
        units: "all",
        dimensions: "all",
        scale: replaces ? 0 : 1,
        offset: values,
      });
    }
  }
  return edits;
}

function addTo(contributions: Map<string, Float32Array>, name: string, values: Float32Array): void {
  const sum = contributions.get(name);
  if (sum === undefined) contributions.set(name, values.slice());
  else
    values.forEach((value, i) => {
      sum[i] = (sum[i] ?? 0) + value;
    });
}

/** (f′ − f)·W_dec by "row.target": [position, output]. Sums in float64. */
async function changesOf(
  item: FeatureEdit,
  dictionary: Dictionary,
  { features, length }: Found,
  rows: readonly number[],
  positions: readonly number[],
): Promise<Map<string, Float64Array>> {
  const { spec } = dictionary;
  const deltas = new Map<string, Float64Array>();
  if (item.features !== "all" && item.features.length === 0) return deltas;
  const decoder = await decoderOf(dictionary);
  const targets = spec.outputSites.length;
  const width = spec.outputWidth;
  for (const row of rows) {
    for (let target = 0; target < targets; target++) {
      const delta = new Float64Array(positions.length * width);
      positions.forEach((position, p) => {
        for (const [feature, change] of changesAt(item, features, row * length + position)) {
          const start = (feature * targets + target) * width;
          for (let i = 0; i < width; i++)
            delta[p * width + i] = (delta[p * width + i] ?? 0) + change * (decoder[start + i] ?? 0);
        }
      });
      deltas.set(`${row}.${target}`, delta);
    }
  }
  return deltas;
}

/** f′ − f of the features that change at one row of the sparse activations. */
export function changesAt(
  item: Pick<FeatureEdit, "features" | "scale" | "offsets">,
  features: SparseFeatures,
  at: number,
): [feature: number, change: number][] {
  const active = new Map<number, number>();
  for (let i = features.starts[at] ?? 0; i < (features.starts[at + 1] ?? 0); i++) {
    active.set(features.features[i] ?? 0, features.values[i] ?? 0);
  }
  if (item.features === "all") return [...active].map(([feature, value]) => [feature, value * item.scale - value]);
  return item.features.map((feature, i) => {
    const value = active.get(feature) ?? 0;
    return [feature, value * item.scale + (item.offsets[i] ?? 0) - value];
  });
}

/** @throws PatchbayError `intervention-matches-nothing` */
export function selectedPositions({ positions }: FeatureEdit, { spec }: Dictionary, length: number): number[] {
  const first = spec.skipsFirstPosition ? 1 : 0;
  const all = Array.from({ length }, (_, position) => position);
  const chosen =
    positions === "all"
      ? all.slice(first)
      : "from" in positions
        ? all.slice(Math.max(first, positions.from))
        : positions.filter((position) => position >= first && position < length);
  if (chosen.length > 0 || (positions !== "all" && "from" in positions)) return chosen;
  throw new PatchbayError("intervention-matches-nothing", `"${spec.name}" has no features there.`, {
    expected: first > 0 ? "positions after the first, which this dictionary does not encode" : "positions of the input",
    at: "positions",
  });
}

const decoders = new WeakMap<Dictionary, Promise<Float32Array>>();

/** [feature, target, output], kept while the dictionary is. */
function decoderOf(dictionary: Dictionary): Promise<Float32Array> {
  const known = decoders.get(dictionary);
  if (known !== undefined) return known;
  const reading = dictionary.read(DICTIONARY_TENSORS.decoder).then(({ data }) => data);
  reading.catch(() => decoders.delete(dictionary));
  decoders.set(dictionary, reading);
  return reading;
}

/** One feature's decoder or encoder vector, for steering at any site of its width. */
export async function featureVector(
  dictionary: Dictionary,
  feature: number,
  vector: "decoder" | "encoder",
): Promise<Float32Array> {
  const { spec } = dictionary;
  if (vector === "encoder") {
    const { data } = await dictionary.read(DICTIONARY_TENSORS.encoder);
    return data.slice(feature * spec.inputWidth, (feature + 1) * spec.inputWidth);
  }
  const start = feature * spec.outputSites.length * spec.outputWidth;
  return (await decoderOf(dictionary)).slice(start, start + spec.outputWidth);
}
