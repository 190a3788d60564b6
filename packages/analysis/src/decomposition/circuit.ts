/**
 * Entry: a circuit found by recursion from the logits, and how faithful it is. In the frozen model the target is a sum over paths.
 * At first only the direct paths of each head and MLP count; the strongest is taken, and from then on paths through it count too,
 * and so on: each component's contribution is what the deviation of its output from its mean gives the target directly or through
 * components taken before it (Hsu et al. 2025, CD-T).
 *
 * Faithfulness is measured on the real model: what lies outside the circuit is set to its mean over reference texts, at every
 * position after BOS. What decides where heads look (queries and keys) is frozen in the decomposition and not in this measurement.
 */
import type { DecompositionCircuit, DecompositionCircuitRequest } from "@patchbay/contract";
import type { Engine, SiteEdit } from "@patchbay/transformer";
import { ensureDefined, headLabel } from "@patchbay/vocabulary";
import { metricValues } from "../metrics/metric-values.ts";
import { resolveMetric } from "../metrics/resolve-metric.ts";
import type { WorkContext } from "../model-service.ts";
import { inputOf, type ModelParts, recipeOf } from "../run/model-parts.ts";
import { seededRandom, shuffle } from "../training/random.ts";
import { onlyRow } from "./decompose.ts";
import { dot, type FrozenRun, recordFrozenRun } from "./frozen-run.ts";
import { pullBack } from "./propagate.ts";
import { STORY_PROMPTS } from "./story-prompts.ts";
import { type ResolvedTarget, resolveTarget } from "./target.ts";
import { startingGradient } from "./token-shares.ts";

const DRAWS = 10;
/** Tokens that pass through the model at once. */
const TOKENS_AT_ONCE = 2048;

export interface CircuitComponent {
  readonly label: string;
  readonly kind: "head" | "mlp";
  readonly layer: number;
  /** Heads. */
  readonly unit?: number | undefined;
}

export async function decompositionCircuit(
  parts: ModelParts,
  request: DecompositionCircuitRequest,
  { signal, progress }: WorkContext,
): Promise<DecompositionCircuit> {
  const started = performance.now();
  const { engine } = parts;
  const input = inputOf(parts, request.input);
  const tokens = onlyRow(input.tokens);
  const run = await recordFrozenRun(engine, tokens, signal);
  const target = await resolveTarget(parts, run, request.target, signal);
  const mlps = request.mlps ?? "keep";
  const all = componentsOfModel(engine, mlps);
  const size = Math.min(request.size ?? all.length, all.length);
  const means = await meanOutputs(parts, request.references ?? STORY_PROMPTS, signal);
  const first = input.bosPrepended && input.length > 1 ? 1 : 0;
  const ablatedPositions = Array.from({ length: input.length - first }, (_, i) => first + i);
  const deviations = deviationsOf(run, means, ablatedPositions);
  const { taken, walks } = await takeStrongest(engine, run, deviations, target, all, size, mlps, signal, (count) =>
    progress?.((0.6 * count) / size, `${count} of ${size} components`),
  );

  const sizes = sizesUpTo(size);
  const random = seededRandom(request.seed ?? 0);
  const draws = request.draws ?? DRAWS;
  const circuits: (readonly CircuitComponent[])[] = [
    all,
    [],
    ...sizes.map((count) => taken.slice(0, count)),
    ...sizes.flatMap((count) =>
      Array.from({ length: draws }, () => shuffle([...all.keys()], random).slice(0, count)).map((places) =>
        places.map((place) => ensureDefined(all[place])),
      ),
    ),
  ];
  const metric = resolveMetric(parts, request.target, input, "target");
  const values: number[] = [];
  const piece = Math.max(1, Math.floor(TOKENS_AT_ONCE / tokens.length));
  for (let start = 0; start < circuits.length; start += piece) {
    const rows = circuits.slice(start, start + piece);
    const batch = rows.map(() => tokens);
    const edits = editsOutside(rows, all, means, engine, ablatedPositions);
    const { residual } = await engine.forward({ tokens: batch, edits, signal });
    values.push(...(await metricValues(engine, metric, { residual, tokens: batch }, signal)));
    progress?.(
      0.6 + (0.4 * (start + rows.length)) / circuits.length,
      `${start + rows.length} of ${circuits.length} circuits`,
    );
  }
  const [clean = 0, ablated = 0] = values;
  const faithfulness = values.slice(2).map((value) => (value - ablated) / (clean - ablated));
  const chance = faithfulness.slice(sizes.length);
  return {
    tokens: ensureDefined(input.described[0]),
    target: { text: target.text, position: target.position, total: target.total },
    components: taken,
    clean,
    ablated,
    curve: {
      sizes,
      circuit: faithfulness.slice(0, sizes.length),
      random: sizes.map((_, i) => {
        const drawn = chance.slice(i * draws, (i + 1) * draws);
        const mean = drawn.reduce((sum, value) => sum + value, 0) / draws;
        return { mean, low: Math.min(...drawn), high: Math.max(...drawn) };
      }),
    },
    passes: { decomposition: walks, evaluation: circuits.length },
    recipe: await recipeOf(parts, input, "frozen norm scales", request),
    milliseconds: performance.now() - started,
  };
}

/** What a circuit chooses from, in order of computation. */
export function componentsOfModel({ model }: Engine, mlps: "keep" | "choose"): CircuitComponent[] {
  const { layers, heads, neurons } = model.shape;
  return Array.from({ length: layers }, (_, layer) => [
    ...Array.from(
      { length: heads },
      (_, unit): CircuitComponent => ({ label: headLabel(layer, unit), kind: "head", layer, unit }),
    ),
    ...(neurons === 0 || mlps === "keep" ? [] : [{ label: `${layer}_mlp_out`, kind: "mlp", layer } as const]),
  ]).flat();
}

/**
 * Best first. After each choice only the blocks below it are walked again: above, nothing has changed.
 * `walks` counts whole walks down the model, in parts where only some blocks were walked, rounded up.
 */
export async function takeStrongest(
  engine: Engine,
  run: FrozenRun,
  deviations: readonly Deviation[],
  target: ResolvedTarget,
  all: readonly CircuitComponent[],
  size: number,
  mlps: "keep" | "choose",
  signal: AbortSignal,
  report: (count: number) => void,
): Promise<{ taken: DecompositionCircuit["components"]; walks: number }> {
  const { layers, heads, headWidth, residualWidth } = engine.model.shape;
  const chosen = new Set<string>();
  const taken: DecompositionCircuit["components"] = [];
  const contributions = new Map<string, number>();
  /** Behind block l − 1, that is before block l: [position, residual]. */
  const gradients = new Map<number, Float32Array>([[layers, startingGradient(run, target, residualWidth)]]);
  const through = {
    head: (layer: number, head: number) => chosen.has(headLabel(layer, head)),
    mlp: (layer: number) => mlps === "keep" || chosen.has(`${layer}_mlp_out`),
  };
  let blocks = 0;
  let top = layers;
  while (taken.length < size) {
    await pullBack(
      engine,
      run,
      { place: { layer: top, at: "before" }, gradient: ensureDefined(gradients.get(top)) },
      (layer, gradient) => {
        blocks += 1;
        gradients.set(layer, gradient.before);
        const { z, mlpOut } = ensureDefined(deviations[layer]);
        if (mlpOut !== undefined) contributions.set(`${layer}_mlp_out`, dot(gradient.mlpOut, mlpOut));
        for (let head = 0; head < heads; head++) {
          let sum = 0;
          for (let position = 0; position < run.length; position++) {
            const from = (position * heads + head) * headWidth;
            sum += dot(gradient.z.subarray(from, from + headWidth), z.subarray(from, from + headWidth));
          }
          contributions.set(headLabel(layer, head), sum);
        }
      },
      signal,
      through,
    );
    const rest = all.filter(({ label }) => !chosen.has(label));
    const strength = ({ label }: CircuitComponent) => Math.abs(contributions.get(label) ?? 0);
    const best = rest.reduce((held, each) => (strength(each) > strength(held) ? each : held));
    chosen.add(best.label);
    taken.push({ ...best, contribution: contributions.get(best.label) ?? 0 });
    top = best.layer + 1;
    report(taken.length);
  }
  return { taken, walks: Math.ceil(blocks / layers) };
}

/** What an ablation takes away from a layer's outputs: their difference from the mean, 0 where nothing is ablated. */
export interface Deviation {
  /** [position × head × head_dimension] */
  readonly z: Float32Array;
  /** [position × residual] */
  readonly mlpOut: Float32Array | undefined;
}

function deviationsOf(run: FrozenRun, means: Means, positions: readonly number[]): Deviation[] {
  const from = (data: Float32Array, mean: Float32Array) => {
    const result = new Float32Array(data.length);
    for (const position of positions) {
      for (let i = 0; i < mean.length; i++) {
        const at = position * mean.length + i;
        result[at] = (data[at] ?? 0) - (mean[i] ?? 0);
      }
    }
    return result;
  };
  return run.layers.map(({ z, mlpOut }, layer) => ({
    z: from(z.data, ensureDefined(means.z[layer])),
    mlpOut: mlpOut === undefined ? undefined : from(mlpOut.data, ensureDefined(means.mlpOut[layer])),
  }));
}

interface Means {
  /** By layer: [head × head_dimension]; [residual]. */
  readonly z: readonly Float32Array[];
  readonly mlpOut: readonly Float32Array[];
}

/** Over all positions after BOS of the texts. */
async function meanOutputs(parts: ModelParts, texts: readonly string[], signal: AbortSignal): Promise<Means> {
  const { layers, neurons } = parts.engine.model.shape;
  const kinds = neurons === 0 ? (["attn.hook_z"] as const) : (["attn.hook_z", "hook_mlp_out"] as const);
  const reads = kinds.flatMap((kind) => Array.from({ length: layers }, (_, layer) => ({ site: { kind, layer } })));
  const sums: Float64Array[] = [];
  let count = 0;
  for (const text of texts) {
    const input = inputOf(parts, { text });
    const first = input.bosPrepended && input.length > 1 ? 1 : 0;
    const forward = await parts.engine.forward({ tokens: input.tokens, reads, signal });
    for (const [i, { data }] of forward.reads.entries()) {
      const width = data.length / input.length;
      const sum = sums[i] ?? new Float64Array(width);
      sums[i] = sum;
      for (let at = first * width; at < data.length; at++) sum[at % width] = (sum[at % width] ?? 0) + (data[at] ?? 0);
    }
    count += input.length - first;
  }
  const means = sums.map((sum) => Float32Array.from(sum, (value) => value / count));
  return { z: means.slice(0, layers), mlpOut: means.slice(layers) };
}

/** Sets what lies outside each row's circuit to its mean. */
function editsOutside(
  rows: readonly (readonly CircuitComponent[])[],
  all: readonly CircuitComponent[],
  means: Means,
  { model }: Engine,
  positions: readonly number[],
): SiteEdit[] {
  const { headWidth } = model.shape;
  const members = rows.map((circuit) => new Set(circuit.map(({ label }) => label)));
  return all.flatMap(({ label, kind, layer, unit = 0 }): SiteEdit[] => {
    const outside = members.flatMap((circuit, row) => (circuit.has(label) ? [] : [row]));
    if (outside.length === 0) return [];
    const common = { rows: outside, positions, dimensions: "all", scale: 0 } as const;
    const mean = ensureDefined((kind === "head" ? means.z : means.mlpOut)[layer]);
    return [
      kind === "head"
        ? {
            ...common,
            site: { kind: "attn.hook_z", layer },
            units: [unit],
            offset: mean.subarray(unit * headWidth, (unit + 1) * headWidth),
          }
        : { ...common, site: { kind: "hook_mlp_out", layer }, units: "all", offset: mean },
    ];
  });
}

/** 1, 2, 3, 4, 6, 8, 12, 16, … and the last. */
function sizesUpTo(size: number): number[] {
  const sizes = [];
  for (let count = 1; count < size; count += Math.max(1, 2 ** Math.floor(Math.log2(count) - 1))) sizes.push(count);
  return [...sizes, size];
}
