/** Questions that the finished map answers from memory: list, scatter, look-up by token, one neuron's page. */
import type {
  MapVariant,
  NeuronList,
  NeuronListQuery,
  NeuronPage,
  NeuronRow,
  NeuronScatter,
  NeuronSide,
  RankedToken,
  TokenNeurons,
} from "@patchbay/contract";
import type { ModelShape, Tokenizer } from "@patchbay/transformer";
import { ensureDefined, PatchbayError, parseNeuronLabel } from "@patchbay/vocabulary";
import type { ReferenceStatistics } from "../reference-statistics/reference-statistics.ts";
import { type NamedToken, resolveToken, tokenReference } from "../run/resolve-token.ts";
import { shortFloat } from "../run/tensor-json.ts";
import { MAP_VARIANTS, type NeuronMap, type NeuronMapPart } from "./neuron-map.ts";

export interface NeuronSource {
  readonly map: NeuronMap;
  readonly shape: ModelShape;
  readonly tokenizer: Tokenizer;
  readonly statistics: ReferenceStatistics | undefined;
}

const DEFAULT_LIMIT = 100;
const CHIPS = 5;

export function listNeurons(source: NeuronSource, query: NeuronListQuery): NeuronList {
  const { side = "write", variant = "folded", sort = "peakedness", offset = 0, limit = DEFAULT_LIMIT } = query;
  const part = source.map.part(side, variant);
  const kept = matching(source, part, query);
  const direction =
    (query.order ?? (sort === "layer" || sort === "entropy" ? "ascending" : "descending")) === "ascending" ? 1 : -1;
  const key = sortKey(source, part, sort);
  kept.sort((a, b) => direction * (key(a) - key(b)) || a - b);
  return {
    total: kept.length,
    offset,
    rows: kept.slice(offset, offset + limit).map((index) => neuronRow(source, part, index)),
    tokensPerSide: source.map.tokensPerSide,
  };
}

function matching(source: NeuronSource, part: NeuronMapPart, { layer, token, search }: NeuronListQuery): number[] {
  const { neurons, layers } = source.shape;
  if (layer !== undefined && layer >= layers) throw layerOutOfRange(layer, layers);
  const first = layer === undefined ? 0 : layer * neurons;
  const last = layer === undefined ? layers * neurons : first + neurons;
  const named = search === undefined ? undefined : parseNeuronLabel(search);
  if (named !== undefined) {
    const index = named.layer * neurons + named.neuron;
    return named.layer < layers && named.neuron < neurons && index >= first && index < last ? [index] : [];
  }
  const wanted = wantedTokens(source.tokenizer, token, search);
  const result: number[] = [];
  const width = source.map.tokensPerSide;
  for (let index = first; index < last; index++) {
    if (wanted === undefined || part.top.subarray(index * width, (index + 1) * width).some((id) => wanted.has(id)))
      result.push(index);
  }
  return result;
}

/** Ids that the filter accepts, or undefined for no filter. */
function wantedTokens(
  tokenizer: Tokenizer,
  token: string | undefined,
  search: string | undefined,
): Set<number> | undefined {
  if (token !== undefined && token !== "") return new Set([resolveToken(tokenizer, tokenReference(token), "token").id]);
  if (search === undefined || search.trim() === "") return undefined;
  const needle = search.toLowerCase();
  const ids = Array.from({ length: tokenizer.vocabularySize }, (_, id) => id);
  return new Set(ids.filter((id) => tokenizer.textOf(id).toLowerCase().includes(needle)));
}

function sortKey(
  source: NeuronSource,
  part: NeuronMapPart,
  sort: NonNullable<NeuronListQuery["sort"]>,
): (index: number) => number {
  const width = source.map.tokensPerSide;
  switch (sort) {
    case "peakedness":
      return (index) => part.peakedness[index] ?? 0;
    case "entropy":
      return (index) => part.entropy[index] ?? 0;
    case "gap":
      return (index) => gapOf(part, index, width);
    case "norm":
      return (index) => part.lengths[index] ?? 0;
    case "maximum":
      return (index) => source.statistics?.maximum[index] ?? 0;
    case "layer":
      return (index) => index;
  }
}

function gapOf(part: NeuronMapPart, index: number, width: number): number {
  return (part.topScores[index * width] ?? 0) - (part.topScores[index * width + 1] ?? 0);
}

function neuronRow({ map, shape, tokenizer, statistics }: NeuronSource, part: NeuronMapPart, index: number): NeuronRow {
  const width = map.tokensPerSide;
  const readSide: NeuronSide = shape.gated ? "gate" : "up";
  const chips = (side: NeuronSide) => ranked(tokenizer, map.part(side, "folded"), "top", index, width, CHIPS);
  return {
    layer: Math.floor(index / shape.neurons),
    neuron: index % shape.neurons,
    peakedness: shortFloat(part.peakedness[index] ?? 0),
    entropy: shortFloat(part.entropy[index] ?? 0),
    gap: gapOf(part, index, width),
    norm: shortFloat(part.lengths[index] ?? 0),
    top: ranked(tokenizer, part, "top", index, width, CHIPS),
    reads: chips(readSide),
    writes: chips("write"),
    maximum: statistics === undefined ? null : shortFloat(statistics.maximum[index] ?? 0),
  };
}

function ranked(
  tokenizer: Tokenizer,
  part: NeuronMapPart,
  end: "top" | "bottom",
  index: number,
  width: number,
  count: number,
): RankedToken[] {
  const scores = end === "top" ? part.topScores : part.bottomScores;
  return Array.from({ length: Math.min(count, width) }, (_, rank) => {
    const id = ensureDefined(part[end][index * width + rank]);
    return { id, text: tokenizer.textOf(id), score: shortFloat(scores[index * width + rank] ?? 0) };
  });
}

export function scatterNeurons(
  { map, shape, tokenizer }: NeuronSource,
  side: NeuronSide,
  variant: MapVariant,
): NeuronScatter {
  const part = map.part(side, variant);
  const count = part.peakedness.length;
  const indices = Array.from({ length: count }, (_, i) => i);
  return {
    side,
    variant,
    layer: indices.map((i) => Math.floor(i / shape.neurons)),
    neuron: indices.map((i) => i % shape.neurons),
    peakedness: Array.from(part.peakedness, shortFloat),
    entropy: Array.from(part.entropy, shortFloat),
    topToken: indices.map((i) => tokenizer.textOf(part.top[i * map.tokensPerSide] ?? 0)),
  };
}

export function tokenNeurons(
  { map, shape }: NeuronSource,
  token: NamedToken,
  {
    side = "write",
    variant = "folded",
    limit = DEFAULT_LIMIT,
  }: { side?: NeuronSide; variant?: MapVariant; limit?: number },
): TokenNeurons {
  const part = map.part(side, variant);
  const width = map.tokensPerSide;
  const matches: TokenNeurons["matches"] = [];
  part.top.forEach((id, i) => {
    if (id !== token.id) return;
    const index = Math.floor(i / width);
    matches.push({
      layer: Math.floor(index / shape.neurons),
      neuron: index % shape.neurons,
      rank: i % width,
      score: shortFloat(part.topScores[i] ?? 0),
      peakedness: shortFloat(part.peakedness[index] ?? 0),
    });
  });
  matches.sort((a, b) => a.rank - b.rank || b.score - a.score);
  return { token, side, variant, matches: matches.slice(0, limit) };
}

export function neuronPage(
  source: NeuronSource,
  layer: number,
  neuron: number,
  model: string,
  modelHash: string,
): NeuronPage {
  const { map, shape, tokenizer, statistics } = source;
  if (layer >= shape.layers) throw layerOutOfRange(layer, shape.layers);
  if (neuron >= shape.neurons) {
    throw new PatchbayError("unit-out-of-range", `There is no neuron ${neuron}.`, {
      expected:
        shape.neurons === 0 ? "a model with MLPs; this one's blocks are attention only" : `0 to ${shape.neurons - 1}`,
      received: String(neuron),
    });
  }
  const index = layer * shape.neurons + neuron;
  const width = map.tokensPerSide;
  const { peakedness } = map.part("write", "folded");
  const own = peakedness[index] ?? 0;
  const above = (first: number, last: number) =>
    peakedness.subarray(first, last).reduce((sum, other) => sum + (other > own ? 1 : 0), 0);
  const neighbour = (at: number) =>
    at < 0 || at >= shape.layers * shape.neurons
      ? null
      : { layer: Math.floor(at / shape.neurons), neuron: at % shape.neurons };
  return {
    model,
    layer,
    neuron,
    gated: shape.gated,
    sides: map.sides.map((side) => ({
      side,
      norm: shortFloat(map.part(side, "folded").lengths[index] ?? 0),
      variants: MAP_VARIANTS.map((variant) => {
        const part = map.part(side, variant);
        return {
          variant,
          peakedness: shortFloat(part.peakedness[index] ?? 0),
          entropy: shortFloat(part.entropy[index] ?? 0),
          gap: gapOf(part, index, width),
          top: ranked(tokenizer, part, "top", index, width, width),
          bottom: ranked(tokenizer, part, "bottom", index, width, width),
        };
      }),
    })),
    reference:
      statistics === undefined
        ? null
        : {
            tokens: statistics.tokens,
            maximum: shortFloat(statistics.maximum[index] ?? 0),
            minimum: shortFloat(statistics.minimum[index] ?? 0),
            mean: shortFloat(statistics.mean[index] ?? 0),
            positiveShare: shortFloat(statistics.positiveShare[index] ?? 0),
          },
    rank: {
      peakednessInLayer: above(layer * shape.neurons, (layer + 1) * shape.neurons),
      peakednessInModel: above(0, peakedness.length),
    },
    previous: neighbour(index - 1),
    next: neighbour(index + 1),
    modelHash,
  };
}

function layerOutOfRange(layer: number, layers: number): PatchbayError {
  return new PatchbayError("layer-out-of-range", `There is no layer ${layer}.`, {
    expected: `0 to ${layers - 1}`,
    received: String(layer),
  });
}
