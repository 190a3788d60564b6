/**
 * Sweeps by gradients (attribution patching: Nanda 2023, Syed et al. 2023, arXiv 2310.10348): one run forwards and backwards
 * estimates every cell to first order,
 *   metric(changed) ≈ metric + Σ (value put in − own value) · ∂metric/∂value,
 * and chosen cells are then run exactly, to see how far the estimates hold.
 */
import type { SweepCells, SweepRequest, SweepResult, SweepStart, Verification } from "@patchbay/contract";
import type { Dictionary } from "@patchbay/dictionary";
import type { Engine } from "@patchbay/transformer";
import { ensureDefined, nameOf, PatchbayError, parseSite, type Site, type Tensor } from "@patchbay/vocabulary";
import { describeMetric } from "../metrics/resolve-metric.ts";
import type { WorkContext } from "../model-service.ts";
import { makeRecipe } from "../run/recipe.ts";
import { type Cell, placeOnAxes, type SitePlace } from "../sweeps/cells.ts";
import { type Example, prepareExample, questionsOf, resolveExample, sitesOf } from "../sweeps/examples.ts";
import { ReferenceRuns } from "../sweeps/reference-runs.ts";
import { featureEdits } from "../sweeps/rows.ts";
import type { Trial } from "../sweeps/run-changes.ts";
import { forEachElement } from "../sweeps/site-elements.ts";
import { activeAt } from "../sweeps/sources.ts";
import { describePrompts, type SweepParts, sweep } from "../sweeps/sweep.ts";
import { Tally } from "../sweeps/tally.ts";
import { seededRandom } from "../training/random.ts";
import { gradientsOf } from "./gradients-of.ts";
import { topAndRandom, verificationOf } from "./verification.ts";

const DEFAULT_STEPS = 8;
/** Tokens that pass through the model at once. */
const TOKENS_AT_ONCE = 1024;

type Gradients = ReadonlyMap<string, Tensor>;

/**
 * The same result as an exact sweep of the same request, with estimates in it, and `verification`.
 * @throws PatchbayError as `sweep` does; `invalid-request` for path patching and greedy ablation, which have no estimate, and
 *   for integrated gradients of an ablation; `values-do-not-fit` for those of prompts that do not line up
 */
export async function estimateSweep(
  parts: SweepParts,
  request: SweepRequest,
  context: WorkContext,
): Promise<SweepResult> {
  const started = performance.now();
  const { engine, tokenizer } = parts;
  const { method, panels, estimate = { kind: "gradient" } } = request;
  const { signal, progress } = context;
  checkEstimated(request);
  const dictionaries = await dictionariesOf(parts, request);
  const examples = questionsOf(request).map((question) => {
    try {
      return resolveExample(parts, question, method, panels, dictionaries);
    } catch (error) {
      throw error instanceof PatchbayError && question.at !== "" ? error.at(question.at) : error;
    }
  });
  const first = ensureDefined(examples[0]);
  const isChosen = chosenCells(request, first);
  const reference =
    method.kind === "ablation"
      ? new ReferenceRuns(
          parts,
          method.how === "zero" ? [] : (method.reference?.texts ?? (await parts.referenceTexts())),
          dictionaries.values(),
          signal,
        )
      : undefined;
  const tally = new Tally(first.panels, method);
  const work = { rows: 0, passes: 0, blockTokens: 0 };
  const steps = estimate.kind === "gradient" ? 0 : (estimate.steps ?? DEFAULT_STEPS);
  let samples = 1;
  let scratch = 0;
  for (const [i, example] of examples.entries()) {
    const prepared = await prepareExample(parts, example, method, [], reference, signal);
    tally.addExample(prepared.baselines);
    if (i === 0) {
      const start: SweepStart = {
        kind: "start",
        panels: first.panels.map(({ site, axes }) => ({ site, axes: [...axes] })),
        baselines: prepared.baselines,
        metric: describeMetric(tokenizer, first.metric),
        ...describePrompts(first),
      };
      progress?.(0, "Gradients are planned", start);
    }
    samples = prepared.trials.length;
    const cells = example.panels
      .flatMap((panel) => panel.cells)
      .filter((cell) => isChosen(cell) && cell.places.length > 0);
    const sites = gradientSites(example);
    for (const trial of prepared.trials) {
      const gradients = await gradientsAt(engine, trial, sites, steps, work, signal);
      for (const cell of cells) {
        tally.add(cell.panel, cell.index, i, trial.baseline + (await estimateOf(cell, trial, gradients, signal)));
      }
      scratch += cells.length * trial.base.length * engine.model.shape.layers;
    }
    const message = `gradients of prompt ${i + 1} of ${examples.length}`;
    for (const told of cellsDone(example, tally)) progress?.((i + 1) / examples.length, message, told);
  }
  const all = first.panels.flatMap((panel) => panel.cells).filter(isChosen);
  const verification = await verify(parts, request, all, tally, context);
  const noisy = first.corrupted?.kind === "noise" || (method.kind === "ablation" && method.how === "resample");
  return {
    panels: tally.results(),
    baselines: tally.baselines,
    metric: describeMetric(tokenizer, first.metric),
    ...describePrompts(first),
    examples: examples.length,
    samples: noisy ? samples : 1,
    reference: reference === undefined ? null : [...reference.texts],
    greedy: null,
    warnings: warningsOf(first, request),
    verification,
    cost: {
      cells: all.length,
      unchanged: 0,
      ...work,
      blockTokensFromScratch: scratch,
      seconds: (performance.now() - started) / 1000,
    },
    recipe: makeRecipe({
      model: parts.name,
      modelHash: engine.model.hash,
      runtime: parts.runtimeVersion,
      tokens: first.clean.tokens,
      bosPrepended: first.clean.bosPrepended,
      normalisation: "final norm",
      ...(dictionaries.size === 0
        ? {}
        : { dictionaries: Object.fromEntries([...dictionaries].map(([name, { hash }]) => [name, hash])) }),
      request: { ...request, input: { tokens: first.clean.tokens } },
    }),
  };
}

/** Σ (value put in − own value) · gradient over what the cell changes. In float64. */
async function estimateOf(cell: Cell, trial: Trial, gradients: Gradients, signal: AbortSignal): Promise<number> {
  const { base, source } = trial;
  let sum = 0;
  for (const place of cell.places) {
    if (place.kind === "site") {
      const own = base.value(place.site);
      const put = source.valuesOf(place, own);
      const gradient = ensureDefined(gradients.get(gradientName(place, cell))).data;
      forEachElement(place, own, 0, (offset, element) => {
        sum += ((put[element] ?? 0) - (own.data[offset] ?? 0)) * (gradient[offset] ?? 0);
      });
      continue;
    }
    const targets = await source.featuresOf(place, signal);
    const features = await base.features(place.dictionary, signal);
    const present = place.positions.map((position) => activeAt(features, position));
    for (const edit of await featureEdits(place, targets, present)) {
      const gradient = ensureDefined(gradients.get(nameOf(edit.site)));
      forEachElement(edit, gradient, 0, (offset, element) => {
        sum += (edit.offset[element] ?? 0) * (gradient.data[offset] ?? 0);
      });
    }
  }
  return sum;
}

/**
 * Where attention and MLP of a block are replaced together, attention acts on the stream alone and not through the MLP: its
 * gradient is that of the MLP's output.
 */
function gradientName({ site }: SitePlace, { places }: Cell): string {
  const withMlp = (layer: number | undefined) =>
    places.some((other) => other.kind === "site" && other.site.kind === "hook_mlp_out" && other.site.layer === layer);
  const replaced =
    site.kind === "hook_attn_out" && withMlp(site.layer) ? ({ ...site, kind: "hook_mlp_out" } as const) : site;
  return nameOf(replaced);
}

/** Sites whose gradients the cells of an example need. Where features write, not where they are read. */
function gradientSites({ panels }: Example): Site[] {
  const sites = new Map<string, Site>();
  const siteOnly = panels.map((panel) => ({
    ...panel,
    cells: panel.cells.map((cell) => ({ ...cell, places: cell.places.filter(({ kind }) => kind === "site") })),
  }));
  for (const site of sitesOf(siteOnly)) sites.set(nameOf(site), site);
  const written = new Set<Dictionary>();
  for (const { cells } of panels) {
    for (const place of cells.flatMap(({ places }) => places))
      if (place.kind === "feature") written.add(place.dictionary);
  }
  for (const { spec } of written) for (const name of spec.outputSites) sites.set(name, parseSite(name));
  return [...sites.values()];
}

/** Gradients at the run that is changed (`steps` 0), or their mean on the way of its embedding to the other run's. */
async function gradientsAt(
  engine: Engine,
  { base, source, metric, reference }: Trial,
  sites: readonly Site[],
  steps: number,
  work: { rows: number; passes: number; blockTokens: number },
  signal: AbortSignal,
): Promise<Gradients> {
  const start = base.value({ kind: "hook_resid_pre", layer: 0 });
  const positions = Array.from({ length: base.length }, (_, i) => i);
  const entry: SitePlace = {
    kind: "site",
    site: { kind: "hook_resid_pre", layer: 0 },
    positions,
    units: "all",
    dimensions: "all",
  };
  const other = steps === 0 ? start.data : source.valuesOf(entry, start);
  const places = steps === 0 ? [0] : Array.from({ length: steps }, (_, step) => (step + 0.5) / steps);
  const piece = Math.max(1, Math.floor(TOKENS_AT_ONCE / base.length));
  const sums = new Map<string, Tensor>();
  for (let from = 0; from < places.length; from += piece) {
    const rows = places.slice(from, from + piece);
    const size = start.data.length;
    const data = new Float32Array(rows.length * size);
    rows.forEach((place, row) => {
      for (let i = 0; i < size; i++) {
        const own = start.data[i] ?? 0;
        data[row * size + i] = own + place * ((other[i] ?? 0) - own);
      }
    });
    const { gradients } = await gradientsOf(
      engine,
      {
        tokens: rows.map(() => base.tokens),
        metric,
        sites,
        from: { layer: 0, residual: { ...start, shape: [rows.length, ...start.shape.slice(1)], data } },
        ...(reference === undefined ? {} : { reference }),
      },
      signal,
    );
    work.rows += rows.length;
    work.passes += 1;
    // Once forwards, and once backwards with the forward pass of each block again.
    work.blockTokens += 3 * rows.length * base.length * engine.model.shape.layers;
    sites.forEach((site, i) => {
      const found = ensureDefined(gradients[i]);
      sums.set(nameOf(site), meanOfRows(found, places.length, sums.get(nameOf(site))));
    });
  }
  return sums;
}

/** Adds Σ rows / `count` to what there is: [1, …]. */
function meanOfRows({ axes, shape, data }: Tensor, count: number, held: Tensor | undefined): Tensor {
  const [rows = 0, ...rest] = shape;
  if (rows === 1 && count === 1) return { axes, shape, data };
  const size = data.length / rows;
  const sum = held?.data ?? new Float32Array(size);
  for (let i = 0; i < data.length; i++) sum[i % size] = (sum[i % size] ?? 0) + (data[i] ?? 0) / count;
  return { axes, shape: [1, ...rest], data: sum };
}

async function verify(
  parts: SweepParts,
  request: SweepRequest,
  cells: readonly Cell[],
  tally: Tally,
  context: WorkContext,
): Promise<Verification | null> {
  const { verify: count = 0, estimate: _, verify: __, ...exact } = request;
  const { baselines } = tally;
  const denoising = request.method.kind === "patching" && request.method.direction === "denoise";
  const unchanged = (denoising ? baselines.corrupted : baselines.clean) ?? baselines.clean;
  const estimated = cells
    .flatMap((cell) => {
      const raw = tally.raw(cell.panel, cell.index);
      return raw === null || cell.places.length === 0 ? [] : [{ cell, approximate: raw - unchanged }];
    })
    .sort((a, b) => Math.abs(b.approximate) - Math.abs(a.approximate));
  if (count === 0 || estimated.length === 0) return null;
  const picks = topAndRandom(estimated.length, count, seededRandom(0).uniform);
  const chosen = picks.map(({ index }) => ensureDefined(estimated[index]));
  const axesOf = tally.results().map(({ axes }) => axes);
  const { panels } = await sweep(
    parts,
    {
      ...exact,
      cells: chosen.map(({ cell }) => ({
        panel: cell.panel,
        indices: placeOnAxes(axesOf[cell.panel] ?? [], cell.index),
      })),
    },
    { signal: context.signal },
  );
  return verificationOf(
    picks.flatMap(({ random }, i) => {
      const { cell, approximate } = ensureDefined(chosen[i]);
      const raw = panels[cell.panel]?.raw[cell.index];
      const label = `${request.panels[cell.panel]?.site} ${cell.label}`;
      return raw === null || raw === undefined ? [] : [{ label, approximate, exact: raw - unchanged, random }];
    }),
  );
}

function checkEstimated({ method, estimate }: SweepRequest): void {
  const refuse = (what: string, expected: string, at: string): never => {
    throw new PatchbayError("invalid-request", what, { expected, at });
  };
  if (method.kind === "path") refuse("Path patching has no estimate.", "ablation or patching", "method");
  if (method.kind === "ablation" && method.greedy !== undefined) {
    refuse("Greedy ablation has no estimate: each step depends on the one before.", "greedy left out", "method/greedy");
  }
  if (estimate?.kind === "integrated-gradients" && method.kind !== "patching") {
    refuse("An ablation has no second input to integrate from.", "the estimate gradient", "estimate");
  }
}

async function dictionariesOf(parts: SweepParts, { panels }: SweepRequest): Promise<Map<string, Dictionary>> {
  const names = panels.flatMap(({ dictionaries = [], groups = [] }) => [
    ...dictionaries,
    ...groups.flatMap(({ members }) => members.flatMap(({ dictionary }) => dictionary ?? [])),
  ]);
  const found = new Map<string, Dictionary>();
  for (const name of new Set(names)) found.set(name, await parts.dictionaries.find(name));
  return found;
}

function chosenCells({ cells }: SweepRequest, { panels }: Example): (cell: Cell) => boolean {
  if (cells === undefined) return () => true;
  const keys = new Set(cells.map(({ panel, indices }) => `${panel}.${indices.join(".")}`));
  return ({ panel, index }) => keys.has(`${panel}.${placeOnAxes(panels[panel]?.axes ?? [], index).join(".")}`);
}

function warningsOf({ panels, metric, corrupted }: Example, request: SweepRequest): string[] {
  const { estimate, method } = request;
  const warnings: string[] = [];
  const layersOf = ({ places }: Cell) =>
    new Set(places.map((place) => (place.kind === "site" ? place.site.layer : place.dictionary.spec.inputSite))).size;
  panels.forEach(({ cells, site }) => {
    if (!cells.some((cell) => layersOf(cell) > 1)) return;
    warnings.push(`Cells of ${site} take in several layers: what one does through the next is counted twice.`);
  });
  const atClean = method.kind === "ablation" || (method.kind === "patching" && method.direction === "noise");
  if (metric.kind === "kl" && atClean && estimate?.kind !== "integrated-gradients") {
    warnings.push("KL from the clean run has no slope at the clean run: every estimate is 0.");
  }
  const lonely = panels.reduce((sum, { cells }) => sum + cells.filter(({ places }) => places.length === 0).length, 0);
  if (lonely > 0 && corrupted !== undefined) {
    warnings.push(`${lonely} cells have nothing to put in: their positions have no partner in the other prompt.`);
  }
  return warnings;
}

function* cellsDone({ panels }: Example, tally: Tally): Generator<SweepCells> {
  for (const [panel, { cells }] of panels.entries()) {
    const indices = cells.map(({ index }) => index).filter((index) => tally.raw(panel, index) !== null);
    const raw = indices.map((index) => tally.raw(panel, index) ?? 0);
    yield { kind: "cells", panel, indices, raw, normalised: raw.map((value) => tally.normalised(value)) };
  }
}
