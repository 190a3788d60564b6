/** Runs an example once for every arm, many arms a batch, and reads its metric. */
import type { CircuitExample } from "@patchbay/contract";
import type { Engine, SiteEdit, SiteRead } from "@patchbay/transformer";
import { describeSite, ensureDefined, type Tensor } from "@patchbay/vocabulary";
import { metricValues, referenceLogits } from "../metrics/metric-values.ts";
import type { ResolvedMetric } from "../metrics/resolve-metric.ts";
import type { ResolvedInput } from "../run/resolve-input.ts";
import type { AblationValues } from "./ablation-values.ts";
import { type Arm, type Extent, siteEdits } from "./arms.ts";
import { featureEdits } from "./feature-ablation.ts";
import type { Universe } from "./universe.ts";

/** Tokens of a batch: enough to keep the processor busy, few enough for every activation that is read. */
const BATCH_TOKENS = 1024;

export interface PreparedExample {
  readonly given: CircuitExample;
  readonly input: ResolvedInput;
  readonly metric: ResolvedMetric;
  readonly extent: Extent;
  readonly values: AblationValues;
}

export interface Bench {
  readonly engine: Engine;
  readonly universe: Universe;
  readonly signal: AbortSignal;
  /** Told after each batch how many rows it had. */
  readonly done: (rows: number) => void;
}

/** The metric of the example under each arm, [arm]. @throws PatchbayError `cancelled` */
export async function measureArms(bench: Bench, example: PreparedExample, arms: readonly Arm[]): Promise<number[]> {
  const { engine, signal } = bench;
  const { input, metric, extent } = example;
  const clean = metric.kind === "kl" ? await engine.forward({ tokens: input.tokens, signal }) : undefined;
  const reference = clean && (await referenceLogits(engine, metric, clean.residual, signal));
  const size = Math.max(1, Math.floor(BATCH_TOKENS / extent.length));
  const measured: number[] = [];
  for (let start = 0; start < arms.length; start += size) {
    const batch = arms.slice(start, start + size);
    const tokens = batch.map(() => ensureDefined(input.tokens[0]));
    const residual = await runArms(bench, example, batch, tokens);
    const inputs = { residual, tokens, ...(reference === undefined ? {} : { reference }) };
    measured.push(...(await metricValues(engine, metric, inputs, signal)));
    bench.done(batch.length);
  }
  return measured;
}

/** The final residual stream, one row an arm. Features depend on all below, so the model is walked up dictionary by dictionary. */
async function runArms(
  { engine, universe, signal }: Bench,
  { extent, values }: PreparedExample,
  arms: readonly Arm[],
  tokens: readonly (readonly number[])[],
): Promise<Tensor> {
  const edits = universe.sites.flatMap((site, s) => siteEdits(site, ensureDefined(values.sites[s]), arms, extent));
  let at: { layer: number; residual: Tensor } | undefined;
  const run = (until: number, reads: readonly SiteRead[]) =>
    engine.forward({
      tokens,
      until,
      edits: edits.filter((edit) => isWithin(edit, at?.layer, until)),
      reads,
      ...(at === undefined ? {} : { from: at }),
      signal,
    });
  for (const [d, ablated] of universe.dictionaries.entries()) {
    const { layer, input, output } = ablated;
    if ((at?.layer ?? -1) < layer) at = { layer, residual: (await run(layer, [])).residual };
    const { reads, residual } = await run(layer + 1, [{ site: input }, { site: output }]);
    const [inputValue, outputValue] = reads;
    const ablation = {
      ablated,
      values: ensureDefined(values.dictionaries[d]),
      errors: universe.errors,
      arms,
      extent,
    };
    const made = await featureEdits(engine, ablation, ensureDefined(inputValue), ensureDefined(outputValue), signal);
    const own = made.filter(({ site }) => site.layer === layer);
    edits.push(...made.filter((edit) => !own.includes(edit)));
    const isLastOfBlock = universe.dictionaries[d + 1]?.layer !== layer;
    // What is added at the end of a block needs no second run of the block.
    if (isLastOfBlock && (output.kind === "hook_mlp_out" || output.kind === "hook_resid_post")) {
      at = { layer: layer + 1, residual: withAdditions(residual, own) };
    } else edits.push(...own);
  }
  const { layers } = engine.model.shape;
  return at?.layer === layers ? at.residual : (await run(layers, [])).residual;
}

/** residual [row, position, residual] plus what the edits add, at their rows and positions. */
function withAdditions(residual: Tensor, edits: readonly SiteEdit[]): Tensor {
  const [, length = 0, width = 0] = residual.shape;
  const data = residual.data.slice();
  for (const { rows, positions, offset } of edits) {
    const [row] = rows;
    if (typeof row !== "number" || !Array.isArray(positions) || typeof offset === "number") continue;
    positions.forEach((position, i) => {
      const start = (row * length + position) * width;
      for (let j = 0; j < width; j++) data[start + j] = (data[start + j] ?? 0) + (offset[i * width + j] ?? 0);
    });
  }
  return { ...residual, data };
}

/** Whether an edit acts in a run from block `from` (undefined: from the embedding) up to block `until`. */
function isWithin({ site }: SiteEdit, from: number | undefined, until: number): boolean {
  if (describeSite(site.kind).stage === "embed") return from === undefined;
  const layer = site.layer ?? 0;
  return layer >= (from ?? 0) && layer < until;
}
