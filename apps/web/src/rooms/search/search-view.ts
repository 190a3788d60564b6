/** What the Search room asks, as the address has it. */
import type { UnitListQuery } from "@patchbay/contract";
import { numberIn, oneOf } from "../common/query.ts";
import { address } from "../dictionaries/dictionary-address.ts";

export const SEARCH_MODES = ["statistics", "reads", "writes", "fires", "text", "label"] as const;
export type SearchMode = (typeof SEARCH_MODES)[number];
export const TOKEN_MODES = ["reads", "writes", "fires"] as const satisfies readonly SearchMode[];
export type TokenMode = (typeof TOKEN_MODES)[number];
const SORTS = ["relevance", "density", "maximum", "mean", "peakedness", "unit"] as const;
export type SearchSort = (typeof SORTS)[number];

export interface SearchView {
  readonly mode: SearchMode;
  /** Exact token text, or #id. */
  readonly token: string | undefined;
  readonly text: string | undefined;
  readonly label: string | undefined;
  readonly kind: "neuron" | "feature" | undefined;
  readonly source: string | undefined;
  readonly layer: number | undefined;
  /** Shares, 0…1. */
  readonly minimumDensity: number | undefined;
  readonly maximumDensity: number | undefined;
  readonly dead: "include" | "only" | "exclude";
  readonly sort: SearchSort;
  readonly order: "ascending" | "descending";
}

export function readSearchView(get: (name: string) => string | undefined): SearchView {
  const mode = oneOf(get("mode"), SEARCH_MODES, "statistics");
  const layer = numberIn(get("layer"));
  return {
    mode,
    token: get("token"),
    text: get("text"),
    label: get("label"),
    kind: (["neuron", "feature"] as const).find((kind) => kind === get("kind")),
    source: get("source"),
    layer: layer !== undefined && Number.isInteger(layer) && layer >= 0 ? layer : undefined,
    minimumDensity: shareIn(get("from")),
    maximumDensity: shareIn(get("to")),
    dead: oneOf(get("dead"), ["include", "only", "exclude"], "exclude"),
    sort: oneOf(get("sort"), SORTS, isTokenMode(mode) ? "relevance" : "maximum"),
    order: oneOf(get("order"), ["ascending", "descending"], "descending"),
  };
}

export function isTokenMode(mode: SearchMode): mode is TokenMode {
  return (TOKEN_MODES as readonly SearchMode[]).includes(mode);
}

/** The question that a list answers; undefined while the box of its mode is still empty. A text is another operation. */
export function listQueryOf(view: SearchView): UnitListQuery | undefined {
  const { mode, token, label, kind, source, layer, minimumDensity, maximumDensity, dead, sort, order } = view;
  if (mode === "text") return undefined;
  const asked = isTokenMode(mode) ? token : mode === "label" ? label : "";
  if (asked === undefined) return undefined;
  return {
    ...(isTokenMode(mode) && { [mode]: asked }),
    ...(mode === "label" && { label: asked }),
    ...(kind !== undefined && { kind }),
    ...(source !== undefined && { source }),
    ...(layer !== undefined && { layer }),
    ...(minimumDensity !== undefined && { minimumDensity }),
    ...(maximumDensity !== undefined && { maximumDensity }),
    ...(dead !== "exclude" && { dead }),
    sort,
    order,
  };
}

/** Sources that fit the filters: what a search by text is restricted to. */
export function sourcesOf(
  view: Pick<SearchView, "kind" | "source" | "layer">,
  all: readonly { readonly source: string; readonly kind: "neuron" | "feature"; readonly layer: number }[],
): string[] {
  return all
    .filter(
      ({ source, kind, layer }) =>
        (view.source === undefined || view.source === source) &&
        (view.kind === undefined || view.kind === kind) &&
        (view.layer === undefined || view.layer === layer),
    )
    .map(({ source }) => source);
}

/** The address of a search. `model` is undefined for the default model. */
export function searchPath(
  model: string | undefined,
  { mode, token, text, source, kind }: Partial<Pick<SearchView, "mode" | "token" | "text" | "source" | "kind">>,
): string {
  return address("/search", { model, mode, token, text, source, kind });
}

function shareIn(text: string | undefined): number | undefined {
  const value = numberIn(text);
  return value !== undefined && value >= 0 && value <= 1 ? value : undefined;
}
