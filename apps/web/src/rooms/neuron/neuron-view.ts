/** What the neuron page shows, as the address has it. */
import type { ClampPlace, MapVariant } from "@patchbay/contract";
import type { PatchPositions } from "@patchbay/workbench-state";
import { numberIn, oneOf } from "../common/query.ts";

export const PLACES = ["post", "up", "written"] as const satisfies readonly ClampPlace[];
export const HEAT_SITES = ["mlp.hook_post", "mlp.hook_pre", "mlp.hook_pre_linear"] as const;
export type HeatSite = (typeof HEAT_SITES)[number];
export type ClampUnit = "absolute" | "maximum";
export type ClampPositions = Exclude<PatchPositions, "generated">;

export interface NeuronView {
  readonly variant: MapVariant;
  /** undefined: the model's first example. */
  readonly text: string | undefined;
  readonly heatSite: HeatSite;
  readonly place: ClampPlace;
  /** undefined: the page's own choice, which depends on what is known of the neuron. */
  readonly value: number | undefined;
  readonly unit: ClampUnit | undefined;
  readonly positions: ClampPositions;
  /** Followed besides the neuron's own: exact texts, or #id. */
  readonly tokens: readonly string[];
  readonly scale: "linear" | "log";
  readonly temperature: number;
  readonly seed: number;
}

export function readNeuronView(
  get: (name: string) => string | undefined,
  getAll: (name: string) => string[],
): NeuronView {
  return {
    variant: oneOf(get("variant"), ["folded", "raw", "cosine"], "folded"),
    text: get("text"),
    heatSite: oneOf(get("site"), HEAT_SITES, "mlp.hook_post"),
    place: oneOf(get("place"), PLACES, "post"),
    value: numberIn(get("value")),
    unit: (["absolute", "maximum"] as const).find((unit) => unit === get("unit")),
    positions: readPositions(get("positions")) ?? "all",
    tokens: getAll("token")
      .filter((token) => token !== "")
      .slice(0, MAXIMUM_TOKENS),
    scale: oneOf(get("scale"), ["linear", "log"], "linear"),
    temperature: Math.min(10, Math.max(0, numberIn(get("temperature")) ?? 0)),
    seed: Math.max(0, Math.floor(numberIn(get("seed")) ?? 0)),
  };
}

/** The request takes sixteen; some are the neuron's own. */
export const MAXIMUM_TOKENS = 10;

/** "all", "last", or indices such as "3, 5, -1"; undefined where it is none of these. */
export function readPositions(text: string | undefined): ClampPositions | undefined {
  if (text === undefined) return undefined;
  const trimmed = text.trim();
  if (trimmed === "all" || trimmed === "last") return trimmed;
  const parts = trimmed.split(/[\s,]+/).filter((part) => part !== "");
  const indices = parts.map(Number);
  return parts.length > 0 && indices.every(Number.isInteger) ? indices : undefined;
}

export function writePositions(positions: ClampPositions): string {
  return typeof positions === "string" ? positions : positions.join(",");
}

/** A token as the API takes it: "#365" is an id, everything else is its text. */
export function tokenReference(token: string): string | number {
  return /^#\d+$/.test(token) ? Number(token.slice(1)) : token;
}
