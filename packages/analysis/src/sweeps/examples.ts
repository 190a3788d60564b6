/** One example of a sweep, resolved: its prompts, what is put into what, and the cells that come of it. */
import type { Metric, RunInput, SweepCorruption, SweepMethod, SweepPanel, SweepRequest } from "@patchbay/contract";
import type { Dictionary } from "@patchbay/dictionary";
import { checkSite, type Engine } from "@patchbay/transformer";
import { ensureDefined, nameOf, PatchbayError, parseSite, type Site, type Tensor } from "@patchbay/vocabulary";
import { metricValues, referenceLogits } from "../metrics/metric-values.ts";
import { type ResolvedMetric, resolveMetric } from "../metrics/resolve-metric.ts";
import { inputOf, type ModelParts } from "../run/model-parts.ts";
import type { ResolvedInput } from "../run/resolve-input.ts";
import { type Alignment, alignTokens, checkAlignment } from "./align-tokens.ts";
import { type BaseRun, baseRuns, inEveryLayer, startingSites } from "./base-run.ts";
import { companionsOf, ENTRY_KINDS } from "./block-programs.ts";
import { cellsOf, checkPanelIndices, type PanelCells } from "./cells.ts";
import { DEFAULT_SAMPLES, noiseEdits, noisyPositions } from "./noise.ts";
import type { ReferenceRuns } from "./reference-runs.ts";
import type { Trial } from "./run-changes.ts";
import { fromRun } from "./sources.ts";

const MOST_SAMPLE_BYTES = 2 ** 30;

export interface ExampleQuestion {
  readonly input: RunInput;
  readonly corrupted: SweepCorruption | undefined;
  readonly metric: Metric;
  /** Where in the request, for errors. */
  readonly at: string;
}

/** Resolved, and nothing run yet: whatever is wrong with the request shows here. */
export interface Example {
  readonly clean: ResolvedInput;
  readonly cleanTokens: readonly number[];
  readonly metric: ResolvedMetric;
  readonly corrupted:
    | {
        readonly kind: "prompt";
        readonly input: ResolvedInput;
        readonly tokens: readonly number[];
        readonly alignment: Alignment;
        readonly metric: ResolvedMetric;
      }
    | {
        readonly kind: "noise";
        readonly question: Extract<SweepCorruption, { kind: "noise" }>;
        readonly positions: readonly number[];
      }
    | undefined;
  /** Tokens of the run that is changed. */
  readonly changedLength: number;
  readonly panels: readonly PanelCells[];
}

export function questionsOf(request: SweepRequest): ExampleQuestion[] {
  const { input, corrupted, metric, examples = [] } = request;
  return [
    { input, corrupted, metric, at: "" },
    ...examples.map((example, i) => ({
      input: example.input,
      corrupted: example.corrupted,
      metric: example.metric ?? metric,
      at: `examples/${i}`,
    })),
  ];
}

export function resolveExample(
  parts: ModelParts,
  question: ExampleQuestion,
  method: SweepMethod,
  panels: readonly SweepPanel[],
  dictionaries: ReadonlyMap<string, Dictionary>,
): Example {
  const { shape } = parts.engine.model;
  const clean = oneRow(parts, question.input, "input");
  const cleanTokens = ensureDefined(clean.tokens[0]);
  const metric = resolveMetric(parts, question.metric, clean);
  const corrupted = resolveCorruption(parts, question, clean, method);
  const denoising = method.kind === "patching" && method.direction === "denoise";
  const changed = denoising && corrupted?.kind === "prompt" ? corrupted.input : clean;
  const partners =
    corrupted?.kind === "prompt" ? new Set(corrupted.alignment.map((pair) => pair[denoising ? 1 : 0])) : undefined;
  const context = {
    shape,
    length: changed.length,
    textAt: (position: number) => changed.described[0]?.[position]?.text ?? "",
    hasSource: (position: number) => partners === undefined || partners.has(position),
    dictionary: (name: string) => ensureDefined(dictionaries.get(name), name),
  };
  const made = panels.map((panel, i) => {
    try {
      checkPanelIndices(panel, shape);
      if (panel.site === "pattern" && corrupted?.kind === "prompt") checkSameLength(corrupted, clean);
      const found = cellsOf(panel, i, context);
      for (const site of sitesOf([found])) checkSite(shape, site);
      return found;
    } catch (error) {
      throw error instanceof PatchbayError ? error.at(`panels/${i}`) : error;
    }
  });
  return { clean, cleanTokens, metric, corrupted, changedLength: changed.length, panels: made };
}

function oneRow(parts: ModelParts, input: RunInput, at: string): ResolvedInput {
  const resolved = inputOf(parts, input);
  if (resolved.tokens.length === 1) return resolved;
  throw new PatchbayError("invalid-request", "A sweep takes one prompt at a time.", {
    expected: "text, or one row of tokens",
    received: `${resolved.tokens.length} rows`,
    advice: "Give further prompts as examples.",
    at,
  });
}

function resolveCorruption(
  parts: ModelParts,
  { corrupted, input, metric }: ExampleQuestion,
  clean: ResolvedInput,
  method: SweepMethod,
): Example["corrupted"] {
  if (corrupted === undefined) {
    if (method.kind === "ablation") return undefined;
    throw new PatchbayError("invalid-request", "Patching needs a second run.", {
      expected: "corrupted: another prompt, or noise",
      at: "corrupted",
    });
  }
  if (method.kind === "ablation") {
    throw new PatchbayError("invalid-request", "An ablation has no second run.", {
      expected: "corrupted left out; the method's reference says where values come from",
      at: "corrupted",
    });
  }
  if (corrupted.kind === "noise") {
    return { kind: "noise", question: corrupted, positions: noisyPositions(corrupted, clean, input.text) };
  }
  const other = oneRow(parts, corrupted.input, "corrupted/input");
  const [tokens, cleanTokens] = [ensureDefined(other.tokens[0]), ensureDefined(clean.tokens[0])];
  const alignment = corrupted.alignment ?? alignTokens(cleanTokens, tokens);
  checkAlignment(alignment, cleanTokens.length, tokens.length);
  return { kind: "prompt", input: other, tokens, alignment, metric: resolveMetric(parts, metric, other) };
}

function checkSameLength(
  { input, alignment }: Extract<Example["corrupted"], { kind: "prompt" }>,
  clean: ResolvedInput,
): void {
  if (input.length === clean.length && alignment.every(([a, b]) => a === b)) return;
  throw new PatchbayError("values-do-not-fit", "Attention of prompts that do not line up cannot be exchanged.", {
    expected: `${clean.length} tokens in the corrupted prompt, position by position`,
    received: `${input.length} tokens`,
    at: "site",
  });
}

/** The sites that the cells of an example read or write, by name. */
export function sitesOf(panels: readonly PanelCells[]): Site[] {
  const sites = new Map<string, Site>();
  const add = (site: Site) => sites.set(nameOf(site), site);
  for (const place of panels.flatMap(({ cells }) => cells.flatMap(({ places }) => places))) {
    if (place.kind === "site") add(place.site);
    else
      for (const name of [place.dictionary.spec.inputSite, ...place.dictionary.spec.outputSites]) add(parseSite(name));
  }
  return [...sites.values()];
}

/** Those, and what a run must keep so that rows can start anywhere in it. */
function sitesOfBase(engine: Engine, sites: readonly Site[]): Site[] {
  const companions = sites.flatMap(({ kind, layer }) => {
    const entry = ENTRY_KINDS.find((each) => each === kind);
    return entry === undefined
      ? []
      : companionsOf(engine.model, entry).map((each) => ({ kind: each, ...(layer === undefined ? {} : { layer }) }));
  });
  return [...inEveryLayer(startingSites(engine), engine.model.shape.layers), ...sites, ...companions];
}

export interface PreparedExample {
  readonly clean: BaseRun;
  readonly trials: readonly Trial[];
  readonly baselines: { readonly clean: number; readonly corrupted: number | null };
}

/** Runs the example's prompts and pairs them up: one trial for each sample. */
export async function prepareExample(
  { engine }: ModelParts,
  example: Example,
  method: SweepMethod,
  moreSites: readonly Site[],
  reference: ReferenceRuns | undefined,
  signal: AbortSignal,
): Promise<PreparedExample> {
  const { cleanTokens, metric, corrupted } = example;
  const used = [...sitesOf(example.panels), ...moreSites];
  const held = sitesOfBase(engine, used);
  const [clean] = await baseRuns(engine, cleanTokens, held, [[]], signal);
  const base = ensureDefined(clean);
  const kl = await referenceLogits(engine, metric, base.final, signal);
  const measure = (run: BaseRun, by: ResolvedMetric) => baselineOf(engine, run, by, kl, signal);
  const cleanValue = await measure(base, metric);
  const onClean = { base, metric, reference: kl, baseline: cleanValue };

  if (method.kind === "ablation") {
    const sources = await ensureDefined(reference).sources(base, used, method);
    return {
      clean: base,
      trials: sources.map((source) => ({ ...onClean, source })),
      baselines: { clean: cleanValue, corrupted: null },
    };
  }
  const denoising = method.kind === "patching" && method.direction === "denoise";
  if (corrupted?.kind === "noise") checkThatSamplesFit(base, corrupted.question.samples ?? DEFAULT_SAMPLES);
  const others =
    corrupted?.kind === "noise"
      ? await baseRuns(
          engine,
          cleanTokens,
          held,
          await noiseEdits(engine, corrupted.question, corrupted.positions, signal),
          signal,
        )
      : await baseRuns(engine, ensureDefined(corrupted).tokens, held, [[]], signal);
  const otherMetric = corrupted?.kind === "prompt" ? corrupted.metric : metric;
  const alignment = corrupted?.kind === "prompt" ? corrupted.alignment : undefined;
  const partner = new Map(alignment?.map(([a, b]) => (denoising ? [b, a] : [a, b])));
  const partnerOf = (position: number) => (alignment === undefined ? position : partner.get(position));
  const trials: Trial[] = [];
  const values: number[] = [];
  for (const other of others) {
    const value = await measure(other, otherMetric);
    values.push(value);
    trials.push(
      denoising
        ? { base: other, source: fromRun(base, partnerOf), metric: otherMetric, reference: kl, baseline: value }
        : { ...onClean, source: fromRun(other, partnerOf) },
    );
  }
  const corruptedValue = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { clean: base, trials, baselines: { clean: cleanValue, corrupted: corruptedValue } };
}

/** Every sample is a run that cells start from or take from; all are held at once. */
function checkThatSamplesFit(run: BaseRun, samples: number): void {
  const bytes = run.bytes * samples;
  if (bytes <= MOST_SAMPLE_BYTES) return;
  throw new PatchbayError("memory-exhausted", "The samples of the noise do not fit into memory.", {
    expected: `at most ${Math.floor(MOST_SAMPLE_BYTES / run.bytes)} samples of this prompt and these sites`,
    received: String(samples),
    at: "corrupted/samples",
  });
}

async function baselineOf(
  engine: Engine,
  run: BaseRun,
  metric: ResolvedMetric,
  reference: Float32Array | undefined,
  signal: AbortSignal,
): Promise<number> {
  const inputs = {
    residual: run.final as Tensor,
    tokens: [run.tokens],
    ...(reference === undefined ? {} : { reference }),
  };
  const [value = Number.NaN] = await metricValues(engine, metric, inputs, signal);
  if (Number.isFinite(value)) return value;
  throw new PatchbayError("not-finite", "The metric of the unchanged run is not a number.", {
    received: String(value),
    advice: "The model's weights or its activations overflow on this prompt.",
    at: "metric",
  });
}
