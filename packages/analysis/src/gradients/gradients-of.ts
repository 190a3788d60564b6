/**
 * Gradients of a metric by the values at hook sites: the metric's by the final residual stream, then back through the
 * blocks from the last one down, one differentiated graph a block.
 */
import { checkEdit, checkSite, type Engine, type ModelShape, type SiteEdit, visibleKeys } from "@patchbay/transformer";
import {
  describeSite,
  ensureDefined,
  nameOf,
  PatchbayError,
  type Site,
  type SiteKind,
  type Tensor,
  type TensorData,
  tensor,
} from "@patchbay/vocabulary";
import type { ResolvedMetric } from "../metrics/resolve-metric.ts";
import { blockFeeds } from "./block-feeds.ts";
import { BLOCK_GRADIENT, blockGradientProgram } from "./block-gradient.ts";
import { denseEdits } from "./dense-edits.ts";
import { metricGradient } from "./metric-gradient.ts";

export interface GradientRequest {
  /** [row][position], of equal length. */
  readonly tokens: readonly (readonly number[])[];
  readonly metric: ResolvedMetric;
  /** For KL: logits of the reference run at the metric's position, [token]. */
  readonly reference?: Float32Array;
  readonly sites: readonly Site[];
  /** Sites whose values in this run are wanted too. Blocks only. */
  readonly values?: readonly Site[];
  /** Edits in force; gradients are by the values after them. Those of the embedding and of blocks. */
  readonly edits?: readonly SiteEdit[];
  /** Begin at this block with this stream, as in a forward pass. */
  readonly from?: { readonly layer: number; readonly residual: Tensor };
}

export interface Gradients {
  /** The metric of each row, [row]. */
  readonly metric: Float32Array;
  /** One a site, with its axes: entry of row r is d metric[r] / d that element. */
  readonly gradients: readonly Tensor[];
  /** One a site of `values`. */
  readonly values: readonly Tensor[];
  /** The stream that each block that ran read, by layer: [batch, position, residual]. */
  readonly blockInputs: ReadonlyMap<number, Tensor>;
}

/**
 * Exact gradients (reverse mode) up to float32 rounding. Memory: the blocks' inputs, and one block's activations.
 *
 * `attn.hook_result` is answered for every head alike: results add up, so each head's gradient is that of the sum.
 *
 * @throws PatchbayError `unknown-site`, `layer-out-of-range` and the codes of edits for what the model lacks;
 *   `invalid-request` for sites that no gradient is offered for; `cancelled`
 */
export async function gradientsOf(engine: Engine, request: GradientRequest, signal: AbortSignal): Promise<Gradients> {
  check(engine, request);
  const { shape } = engine.model;
  const { tokens, metric, reference, sites, values = [], edits = [] } = request;
  const { first, inputs, final } = await forward(engine, request, signal);
  const top = await metricGradient(
    engine,
    metric,
    { residual: final, tokens, ...(reference === undefined ? {} : { reference }) },
    signal,
  );
  const gradients = new Map<string, Tensor>();
  const read = new Map<string, Tensor>();
  gradients.set("ln_final.hook_normalized", top.normalized);
  let cotangent = top.residual;
  const [batch = 0, positions = 0] = final.shape;
  const lowest = lowestLayer(sites, values, first, shape.layers);
  for (let layer = shape.layers - 1; layer >= lowest; layer--) {
    const here = (list: readonly Site[]) =>
      [...new Set(list.filter((site) => site.layer === layer).map(({ kind }) => kind))].sort();
    const own = edits.filter(({ site }) => site.layer === layer);
    const wanted = { layer, sites: here(sites), values: here(values), edited: here(own.map(({ site }) => site)) };
    const program = blockGradientProgram(engine.model, wanted);
    const feeds: Record<string, Tensor<TensorData>> = {
      ...blockFeeds(engine.model, layer, program.graph(), { rows: batch, positions }),
      residual: ensureDefined(inputs.get(layer), `input of block ${layer}`),
      [BLOCK_GRADIENT.cotangent]: cotangent,
    };
    for (const kind of wanted.edited) {
      const dense = denseEdits(
        shape,
        kind,
        own.filter(({ site }) => site.kind === kind),
        { batch, positions },
      );
      feeds[BLOCK_GRADIENT.scale(kind)] = dense.scale;
      feeds[BLOCK_GRADIENT.offset(kind)] = dense.offset;
    }
    const outputs = await engine.evaluate(
      program,
      feeds,
      [BLOCK_GRADIENT.residual, ...wanted.sites.map(BLOCK_GRADIENT.site), ...wanted.values.map(BLOCK_GRADIENT.value)],
      signal,
    );
    const take = (name: string, kind: SiteKind) => ({
      ...ensureDefined(outputs[name], name),
      axes: describeSite(kind).axes,
    });
    for (const kind of wanted.sites) {
      const found = take(BLOCK_GRADIENT.site(kind), kind);
      if (kind === "attn.hook_pattern") hideUnseen(shape, layer, found);
      gradients.set(nameOf({ kind, layer }), kind === "attn.hook_result" ? forEachHead(found, shape.heads) : found);
    }
    for (const kind of wanted.values) read.set(nameOf({ kind, layer }), take(BLOCK_GRADIENT.value(kind), kind));
    cotangent = { ...ensureDefined(outputs[BLOCK_GRADIENT.residual]), axes: ["batch", "position", "residual"] };
  }
  for (const kind of ["hook_embed", "hook_pos_embed"] as const) gradients.set(kind, cotangent);
  return {
    metric: top.values,
    gradients: sites.map((site) => ensureDefined(gradients.get(nameOf(site)), nameOf(site))),
    values: values.map((site) => ensureDefined(read.get(nameOf(site)), nameOf(site))),
    blockInputs: inputs,
  };
}

/** The blocks' inputs and the final stream. The stream after a block, with its edits, is what the next one reads. */
async function forward(engine: Engine, { tokens, edits = [], from }: GradientRequest, signal: AbortSignal) {
  const { layers } = engine.model.shape;
  const first = from?.layer ?? 0;
  const inputs = new Map<number, Tensor>();
  const below = edits.filter(({ site }) => describeSite(site.kind).stage === "embed");
  const start = from?.residual ?? (await engine.forward({ tokens, edits: below, until: 0, signal })).residual;
  inputs.set(first, start);
  const after = Array.from({ length: Math.max(0, layers - 1 - first) }, (_, i) => first + i);
  const { residual, reads } = await engine.forward({
    tokens,
    edits: edits.filter((edit) => !below.includes(edit)),
    reads: after.map((layer) => ({ site: { kind: "hook_resid_post", layer } })),
    from: { layer: first, residual: start },
    signal,
  });
  after.forEach((layer, i) => {
    inputs.set(layer + 1, ensureDefined(reads[i]));
  });
  return { first, inputs, final: residual };
}

function lowestLayer(sites: readonly Site[], values: readonly Site[], first: number, layers: number): number {
  const needed = [...sites, ...values].map(({ kind, layer }) =>
    describeSite(kind).stage === "embed" ? first : (layer ?? layers),
  );
  return Math.min(layers, ...needed);
}

/** Zeroes the entries of keys that a query may not look at: nothing can write there. [batch, head, query, key] */
function hideUnseen(model: ModelShape, layer: number, { shape, data }: Tensor): void {
  const [, , queries = 0, keys = 0] = shape;
  for (let row = 0; row * keys < data.length; row++) {
    const { first, last } = visibleKeys(model, layer, row % queries, keys);
    data.fill(0, row * keys, row * keys + first);
    data.fill(0, row * keys + last + 1, (row + 1) * keys);
  }
}

/** [batch, position, residual] → [batch, position, head, residual], the same for each. */
function forEachHead({ shape, data }: Tensor, heads: number): Tensor {
  const [batch = 0, positions = 0, width = 0] = shape;
  const result = new Float32Array(data.length * heads);
  for (let row = 0; row < batch * positions; row++) {
    const own = data.subarray(row * width, (row + 1) * width);
    for (let head = 0; head < heads; head++) result.set(own, (row * heads + head) * width);
  }
  return tensor(["batch", "position", "head", "residual"], [batch, positions, heads, width], result);
}

function check({ model: { shape } }: Engine, { tokens, sites, values = [], edits = [], from }: GradientRequest): void {
  for (const site of [...sites, ...values]) {
    checkSite(shape, site);
    const { stage } = describeSite(site.kind);
    const offered =
      site.kind !== "ln_final.hook_scale" &&
      !(site.kind === "hook_pos_embed" && shape.positions.kind !== "learned") &&
      !(stage === "embed" && from !== undefined && from.layer > 0) &&
      !(stage === "block" && (site.layer ?? 0) < (from?.layer ?? 0)) &&
      !(values.includes(site) && (stage !== "block" || site.kind === "attn.hook_result"));
    if (offered) continue;
    throw new PatchbayError("invalid-request", `No gradient is offered at "${nameOf(site)}".`, {
      expected: "a site of the embedding, of a block that runs, or ln_final.hook_normalized",
      received: nameOf(site),
    });
  }
  const length = from?.residual.shape[1] ?? tokens[0]?.length ?? 0;
  for (const edit of edits) {
    checkEdit(shape, edit, { batch: from?.residual.shape[0] ?? tokens.length, length, longest: length });
    if (describeSite(edit.site.kind).stage !== "unembed" && edit.site.kind !== "attn.hook_result") continue;
    throw new PatchbayError("invalid-request", `Gradients through an edit of "${nameOf(edit.site)}" are not offered.`, {
      expected: "edits of the embedding and of blocks; of attn.hook_z in place of attn.hook_result",
      received: nameOf(edit.site),
    });
  }
}
