/**
 * Logit lens (nostalgebraist 2020; Geva et al. 2022, paper A3): every residual state read as if it were the last.
 * Identity: with the final norm, the last row is the model's own distribution.
 */
import type { LensQuery, LensResult } from "@patchbay/contract";
import type { Engine, SiteRead } from "@patchbay/transformer";
import {
  isResidualStreamKind,
  nameOf,
  PatchbayError,
  parseSite,
  type Site,
  siteName,
  type Tensor,
  tensor,
} from "@patchbay/vocabulary";
import { readOut } from "../programs/readout.ts";
import type { NamedToken } from "../run/resolve-token.ts";
import { tensorToJson } from "../run/tensor-json.ts";

/** The residual sites that a lens reads, in depth order; the last block's output always comes last. */
export function lensSites(query: LensQuery, layers: number): Site[] {
  const names = (query.sites ?? ["embed", "resid_post"]).flatMap((name) => expandSite(name, layers));
  const sites = [...new Set(names)].map((name, i) => {
    const site = parseSite(name);
    if (isResidualStreamKind(site.kind) && (site.layer ?? 0) < layers) return site;
    throw new PatchbayError("unknown-site", `"${name}" is not a place of the residual stream.`, {
      expected:
        "blocks.{layer}.hook_resid_pre, hook_resid_mid or hook_resid_post, or embed, resid_pre, resid_mid, resid_post",
      received: `"${name}"`,
      at: `compute/lens/sites/${i}`,
    });
  });
  return sites.sort((a, b) => depthOf(a) - depthOf(b));
}

const ORDER = ["hook_resid_pre", "hook_resid_mid", "hook_resid_post"];

function depthOf({ kind, layer = 0 }: Site): number {
  return layer * ORDER.length + ORDER.indexOf(kind);
}

function expandSite(name: string, layers: number): string[] {
  if (name === "embed") return [siteName("hook_resid_pre", 0)];
  const kind = `hook_${name}`;
  if (!isResidualStreamKind(kind)) return [name];
  return Array.from({ length: layers }, (_, layer) => siteName(kind, layer));
}

export interface LensInput {
  readonly sites: readonly Site[];
  readonly positions: readonly number[];
  /** One tensor per site, [batch, position, residual], at `positions`. */
  readonly states: readonly Tensor[];
  /** Final residual stream at `positions`, [batch, position, residual]. */
  readonly final: Tensor;
}

export function lensReads(sites: readonly Site[], positions: readonly number[] | undefined): SiteRead[] {
  return sites.map((site) => ({ site, ...(positions === undefined ? {} : { positions }) }));
}

export async function logitLens(
  engine: Engine,
  { sites, positions, states, final }: LensInput,
  options: { norm: "final" | "none"; top: number; tracked: readonly NamedToken[]; signal: AbortSignal },
): Promise<{ result: LensResult; tensors: Map<string, Tensor>; ids: Iterable<number> }> {
  const [batch = 0, count = 0, width = 0] = final.shape;
  const lastIsFinal = sites.at(-1)?.kind === "hook_resid_post" && sites.at(-1)?.layer === engine.model.shape.layers - 1;
  const stacked = lastIsFinal && options.norm === "final" ? states : [...states, final];

  // Rows of the batch are further positions to the readout.
  const data = new Float32Array(stacked.length * batch * count * width);
  stacked.forEach((state, s) => {
    data.set(state.data, s * batch * count * width);
  });
  const readout = await readOut(
    engine,
    tensor(["state", "position", "residual"], [stacked.length, batch * count, width], data),
    {
      norm: options.norm,
      top: options.top,
      tracked: options.tracked.map(({ id }) => id),
      signal: options.signal,
    },
  );

  const byRow = (value: Tensor | Tensor<Int32Array>, last: readonly string[] = []) =>
    rowMajor(value, sites.length, batch, count, ["batch", "site", "position", ...last]);
  const topLogits = byRow(readout.topLogits, ["rank"]);
  const logSumExp = byRow(readout.logSumExp);
  const topIds = byRow(readout.topTokens, ["rank"]);
  // The answer is the model's own, through the final norm, also where the lens reads the raw stream.
  const finalState = tensor(["state", "position", "residual"], [1, batch * count, width], final.data);
  const own =
    options.norm === "final"
      ? readout
      : await readOut(engine, finalState, { norm: "final", top: 1, tracked: [], signal: options.signal });
  const settledAt = settle(readout.topTokens, own.topTokens, sites.length, batch, count);
  const tensors = new Map<string, Tensor>([
    ["results/lens/topLogits", topLogits],
    ["results/lens/topIds", topIds],
    ["results/lens/topProbabilities", probabilities(topLogits, logSumExp)],
    ["results/lens/entropy", byRow(readout.entropy)],
    ["results/lens/klToFinal", byRow(readout.klToFinal)],
  ]);
  const json = (name: string) => tensorToJson(tensors.get(`results/lens/${name}`) ?? topLogits);
  const result: LensResult = {
    norm: options.norm,
    sites: sites.map(nameOf),
    positions: [...positions],
    topIds: json("topIds"),
    topLogits: json("topLogits"),
    topProbabilities: json("topProbabilities"),
    entropy: json("entropy"),
    klToFinal: json("klToFinal"),
    settledAt: tensorToJson(settledAt),
  };
  if (options.tracked.length > 0) {
    const logits = byRow(readout.trackedLogits, ["tracked"]);
    const ranks = byRow(readout.trackedRanks, ["tracked"]);
    result.tracked = {
      tokens: options.tracked.map(({ id, text }) => ({ id, text })),
      logits: tensorToJson(logits),
      probabilities: tensorToJson(probabilities(logits, logSumExp)),
      ranks: tensorToJson(ranks),
    };
  }
  return { result, tensors, ids: topIds.data };
}

/** exp(logit − logSumExp), the latter without the last axis. */
export function probabilities(logits: Tensor, logSumExp: Tensor): Tensor {
  const width = logits.shape.at(-1) ?? 1;
  const data = logits.data.map((logit, i) => Math.exp(logit - (logSumExp.data[Math.floor(i / width)] ?? 0)));
  return { axes: logits.axes, shape: logits.shape, data };
}

/** [state, batch·position, …] → [batch, site, position, …], states beyond `sites` dropped. */
function rowMajor(
  value: Tensor | Tensor<Int32Array>,
  sites: number,
  batch: number,
  count: number,
  axes: readonly string[],
): Tensor {
  const inner = value.shape.slice(2);
  const width = inner.reduce((a, b) => a * b, 1);
  const data = new Float32Array(batch * sites * count * width);
  for (let b = 0; b < batch; b++) {
    for (let s = 0; s < sites; s++) {
      const from = (s * batch + b) * count * width;
      data.set(value.data.subarray(from, from + count * width), (b * sites + s) * count * width);
    }
  }
  return { axes, shape: [batch, sites, count, ...inner], data };
}

/** First site from which the final answer leads at every later site; `sites` where it leads at none. */
function settle(top: Tensor<Int32Array>, own: Tensor<Int32Array>, sites: number, batch: number, count: number): Tensor {
  const leaderIn = ({ shape, data }: Tensor<Int32Array>, state: number, column: number) =>
    data[(state * batch * count + column) * (shape[2] ?? 1)];
  const data = new Float32Array(batch * count);
  for (let column = 0; column < data.length; column++) {
    const answer = leaderIn(own, (own.shape[0] ?? 1) - 1, column);
    let first = sites;
    while (first > 0 && leaderIn(top, first - 1, column) === answer) first -= 1;
    data[column] = first;
  }
  return tensor(["batch", "position"], [batch, count], data);
}
