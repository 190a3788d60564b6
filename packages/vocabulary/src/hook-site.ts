/**
 * The closed list of places in a transformer that can be read and written, with the axes of each.
 *
 * Names and shapes are TransformerLens' (the field's common language); the names of its version 3 "bridge" are accepted
 * as aliases. No other file spells a site's name as a string: they use `siteName(kind, layer)`.
 *
 * Axes: batch, position (of the prompt), residual (d_model), head, key_value_head, head_dimension, neuron (d_mlp),
 * query and key (positions of an attention pattern), norm (the single value of a norm's scale).
 */
import { PatchbayError } from "./errors.ts";

export type AxisName =
  | "batch"
  | "position"
  | "residual"
  | "head"
  | "key_value_head"
  | "head_dimension"
  | "neuron"
  | "query"
  | "key"
  | "norm"
  | "token";

export interface SiteDescription {
  readonly stage: "embed" | "block" | "unembed";
  readonly axes: readonly AxisName[];
  /** The axis that `positions` restricts: the prompt position, or the query of a pattern. */
  readonly positionAxis: AxisName;
  /** The axis that `units` restricts: neuron, head, or residual dimension. */
  readonly unitAxis: AxisName;
  /** The axis that `dimensions` restricts inside a unit: a head's dimensions, or a pattern's keys. */
  readonly detailAxis?: AxisName;
  /** False for a value that is not on the model's path and so changes nothing when written. */
  readonly writable: boolean;
  readonly meaning: string;
}

const RESIDUAL = {
  axes: ["batch", "position", "residual"],
  positionAxis: "position",
  unitAxis: "residual",
  writable: true,
} as const;
const HEADS = {
  stage: "block",
  axes: ["batch", "position", "head", "head_dimension"],
  positionAxis: "position",
  unitAxis: "head",
  detailAxis: "head_dimension",
  writable: true,
} as const;
const KEY_VALUE_HEADS = {
  ...HEADS,
  axes: ["batch", "position", "key_value_head", "head_dimension"],
  unitAxis: "key_value_head",
} as const;
const PATTERN = {
  stage: "block",
  axes: ["batch", "head", "query", "key"],
  positionAxis: "query",
  unitAxis: "head",
  detailAxis: "key",
  writable: true,
} as const;
const NEURONS = {
  stage: "block",
  axes: ["batch", "position", "neuron"],
  positionAxis: "position",
  unitAxis: "neuron",
  writable: true,
} as const;
const SCALE = {
  axes: ["batch", "position", "norm"],
  positionAxis: "position",
  unitAxis: "norm",
  writable: true,
} as const;

/** Keys are the site's name without `blocks.{layer}.`; the order is the order of computation. */
export const SITES = {
  hook_embed: { stage: "embed", ...RESIDUAL, meaning: "token embedding, as it enters the residual stream" },
  hook_pos_embed: { stage: "embed", ...RESIDUAL, meaning: "learned position embedding" },
  hook_resid_pre: { stage: "block", ...RESIDUAL, meaning: "residual stream before the block" },
  "ln1.hook_scale": { stage: "block", ...SCALE, meaning: "scale of the norm before attention" },
  "ln1.hook_normalized": {
    stage: "block",
    ...RESIDUAL,
    meaning: "what attention reads: the norm's output with its weight",
  },
  "attn.hook_q": { ...HEADS, meaning: "queries, before rotation" },
  "attn.hook_k": { ...KEY_VALUE_HEADS, meaning: "keys, before rotation" },
  "attn.hook_v": { ...KEY_VALUE_HEADS, meaning: "values" },
  "attn.hook_rot_q": { ...HEADS, meaning: "queries, rotated to their position" },
  "attn.hook_rot_k": { ...KEY_VALUE_HEADS, meaning: "keys, rotated to their position" },
  "attn.hook_attn_scores": { ...PATTERN, meaning: "attention scores before softmax; −∞ where the query may not look" },
  "attn.hook_pattern": { ...PATTERN, meaning: "attention pattern; each row sums to 1" },
  "attn.hook_z": { ...HEADS, meaning: "per head: values weighted by the pattern" },
  "attn.hook_result": {
    ...HEADS,
    axes: ["batch", "position", "head", "residual"],
    detailAxis: "residual",
    meaning: "per head: what it adds to the residual stream (without the shared bias)",
  },
  hook_attn_out: { stage: "block", ...RESIDUAL, meaning: "what attention adds to the residual stream" },
  hook_resid_mid: { stage: "block", ...RESIDUAL, meaning: "residual stream between attention and MLP" },
  "ln2.hook_scale": { stage: "block", ...SCALE, meaning: "scale of the norm before the MLP" },
  "ln2.hook_normalized": {
    stage: "block",
    ...RESIDUAL,
    meaning: "what the MLP reads: the norm's output with its weight",
  },
  "mlp.hook_pre": { ...NEURONS, meaning: "pre-activation; in a gated MLP the gate's" },
  "mlp.hook_pre_linear": { ...NEURONS, meaning: "gated MLP: the up projection" },
  "mlp.hook_mid": { ...NEURONS, meaning: "activation before the MLP's own norm, in models that have one (SoLU)" },
  "mlp.hook_post": { ...NEURONS, meaning: "neuron activation; gated: act(gate) × up" },
  hook_mlp_out: { stage: "block", ...RESIDUAL, meaning: "what the MLP adds to the residual stream" },
  hook_resid_post: { stage: "block", ...RESIDUAL, meaning: "residual stream after the block" },
  "ln_final.hook_scale": { stage: "unembed", ...SCALE, meaning: "scale of the final norm" },
  "ln_final.hook_normalized": { stage: "unembed", ...RESIDUAL, meaning: "what the unembedding reads" },
} as const satisfies Record<string, SiteDescription>;

export type SiteKind = keyof typeof SITES;
export const SITE_KINDS = Object.keys(SITES) as readonly SiteKind[];

/** A place in one model: a kind and, for block sites, its layer (from 0). */
export interface Site {
  readonly kind: SiteKind;
  readonly layer?: number;
}

export function describeSite(kind: SiteKind): SiteDescription {
  return SITES[kind];
}

/** `siteName("mlp.hook_post", 3)` is `blocks.3.mlp.hook_post`. */
export function siteName(kind: SiteKind, layer?: number): string {
  return SITES[kind].stage === "block" ? `blocks.${layer}.${kind}` : kind;
}

export function nameOf(site: Site): string {
  return siteName(site.kind, site.layer);
}

/** Names of TransformerLens 3 and short forms people type, to ours. */
const ALIASES: Readonly<Record<string, SiteKind>> = {
  "embed.hook_out": "hook_embed",
  "pos_embed.hook_out": "hook_pos_embed",
  hook_in: "hook_resid_pre",
  hook_out: "hook_resid_post",
  "attn.hook_out": "hook_attn_out",
  "mlp.hook_out": "hook_mlp_out",
  "ln1.hook_out": "ln1.hook_normalized",
  "ln2.hook_out": "ln2.hook_normalized",
  "unembed.hook_in": "ln_final.hook_normalized",
  "ln_final.hook_out": "ln_final.hook_normalized",
};

/**
 * Reads a site's name.
 * @throws PatchbayError `unknown-site`, with the nearest names.
 */
export function parseSite(name: string): Site {
  const block = /^blocks\.(\d+)\.(.+)$/.exec(name);
  const bare = block?.[2] ?? name;
  const kind = isSiteKind(bare) ? bare : Object.hasOwn(ALIASES, bare) ? ALIASES[bare] : undefined;
  const isBlock = kind !== undefined && SITES[kind].stage === "block";
  if (kind === undefined || isBlock !== (block !== null)) throw unknownSite(name);
  return isBlock ? { kind, layer: Number(block?.[1]) } : { kind };
}

export function isSiteKind(name: string): name is SiteKind {
  return Object.hasOwn(SITES, name);
}

/** The three places where the residual stream can be read as if it were the last. */
export const RESIDUAL_STREAM_KINDS = ["hook_resid_pre", "hook_resid_mid", "hook_resid_post"] as const;
export type ResidualStreamKind = (typeof RESIDUAL_STREAM_KINDS)[number];

export function isResidualStreamKind(kind: string): kind is ResidualStreamKind {
  return (RESIDUAL_STREAM_KINDS as readonly string[]).includes(kind);
}

function unknownSite(name: string): PatchbayError {
  const bare = name.replace(/^blocks\.\d+\./, "");
  const layer = Number(/^blocks\.(\d+)\./.exec(name)?.[1] ?? 0);
  const nearest = [...SITE_KINDS].sort((a, b) => editDistance(a, bare) - editDistance(b, bare)).slice(0, 3);
  return new PatchbayError("unknown-site", `There is no hook site "${name}".`, {
    expected: `a name such as ${nearest.map((kind) => siteName(kind, layer)).join(", ")}`,
    received: `"${name}"`,
    advice: "GET /api/v1/models/{model} lists every site of the model.",
  });
}

/** Levenshtein distance; names are short, so the quadratic table is fine. */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitution, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
