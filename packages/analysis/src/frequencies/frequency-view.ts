/**
 * The frequency view of a model of arithmetic mod p (Nanda et al. 2023, arXiv 2301.05217): power by frequency of the token
 * embedding (Fourier transform over the numbers), of each neuron's activation and of the logits (over all pairs), and what is
 * left of the answers when frequencies are removed.
 */
import type { FrequencyAblation, FrequencyRequest, FrequencyView, PairPower } from "@patchbay/contract";
import { readRows } from "@patchbay/transformer";
import { PatchbayError, type Tensor } from "@patchbay/vocabulary";
import type { WorkContext } from "../model-service.ts";
import { neuronVectors } from "../neuron-vocabulary/neuron-vectors.ts";
import type { ModelParts } from "../run/model-parts.ts";
import { makeRecipe } from "../run/recipe.ts";
import { type Ablation, embeddingAblation, neuronAblation } from "./ablate-frequencies.ts";
import { type FourierBasis, fourierBasis } from "./fourier-basis.ts";
import { type PairRecord, recordPairs } from "./pair-passes.ts";
import { addPower, fewestHolding, NO_POWER, powerOf, shareOf, sumOfSquares } from "./pair-power.ts";
import { type PairTask, pairTask, tokensOf } from "./pair-task.ts";
import { matrixProduct, pairCoefficients } from "./spectrum-programs.ts";

const KEY_SHARE = 0.95;
const LISTED_NEURONS = 100;

export async function frequencyView(
  parts: ModelParts,
  request: FrequencyRequest,
  { signal, progress }: WorkContext,
): Promise<FrequencyView> {
  const { engine } = parts;
  const { model } = engine;
  const task = pairTask(model.shape, request);
  refuseMissingNeurons(task, request);
  const basis = fourierBasis(task.modulus);
  progress?.(0, `${task.modulus ** 2} pairs`);
  const record = await recordPairs(engine, task, signal);

  const numbers = Array.from({ length: task.modulus }, (_, number) => number);
  const embedding = await readRows(model.tensors, model.architecture.tokenEmbedding, numbers);
  const ofEmbedding = await matrixProduct(engine, basis.transposed, embedding, signal);
  const neurons = record.neurons && (await spectrumOf(parts, basis, record.neurons, signal));
  const logits = await spectrumOf(parts, basis, record.logits, signal);

  const embeddingShares = shares(basis, (k) => rowPower(ofEmbedding, 2 * k - 1) + rowPower(ofEmbedding, 2 * k));
  const found = keyFrequencies(request, neurons ?? logits, neurons === undefined ? "logits" : "neurons");
  progress?.(0.1, `key frequencies ${found.frequencies.join(", ")}`);

  const ablations: FrequencyAblation[] = [];
  const wanted = request.ablate ?? [];
  for (const [i, at] of wanted.entries()) {
    const ablation =
      at === "embedding"
        ? embeddingAblation(engine, task, basis, ofEmbedding)
        : await neuronsAblation(parts, task, basis, record, neurons, signal);
    const conditions = conditionsOf(basis, found.frequencies, embeddingShares, request.single ?? true);
    for (const [c, { kind, frequencies }] of conditions.entries()) {
      progress?.(
        0.1 + (0.9 * (i + c / conditions.length)) / wanted.length,
        `without ${frequencies.length} in the ${at}`,
      );
      ablations.push({ at, kind, frequencies, ...(await ablation(frequencies, signal)) });
    }
  }
  progress?.(1, "done");

  return {
    modulus: task.modulus,
    operation: task.operation,
    template: [...task.template],
    pairs: task.modulus ** 2,
    layer: task.layer ?? null,
    baseline: record.score,
    spectrum: embeddingShares.map((share, i) => ({
      frequency: i + 1,
      embedding: share,
      neurons: neurons?.shares[i] ?? null,
      logits: logits.shares[i] ?? NO_POWER,
      bestOf: neurons === undefined ? null : neurons.units.filter(({ frequency }) => frequency === i + 1).length,
    })),
    key: found,
    neurons: (neurons?.units ?? []).slice(0, request.neurons ?? LISTED_NEURONS),
    ablations,
    recipe: makeRecipe({
      model: parts.name,
      modelHash: model.hash,
      runtime: parts.runtimeVersion,
      // The first pair stands for all: the request says which others there are.
      tokens: [tokensOf(task, 0, 0)],
      bosPrepended: false,
      normalisation: "final norm",
      request,
    }),
  };
}

interface Spectrum {
  /** By frequency, from 1: of the variance of all units. */
  readonly shares: readonly PairPower[];
  /** By variance, falling. */
  readonly units: FrequencyView["neurons"];
  /** [frequency × 8, unit] */
  readonly coefficients: Tensor;
}

/** values [pair, unit] */
async function spectrumOf(
  { engine }: ModelParts,
  basis: FourierBasis,
  values: Tensor,
  signal: AbortSignal,
): Promise<Spectrum> {
  const coefficients = await pairCoefficients(engine, basis, values, signal);
  const squares = sumOfSquares(values);
  const totals = Array.from({ length: basis.count }, () => NO_POWER);
  const units: FrequencyView["neurons"] = [];
  squares.forEach((whole, unit) => {
    const powers = totals.map((_, i) => powerOf(coefficients, i + 1, unit));
    powers.forEach((power, i) => {
      totals[i] = addPower(totals[i] ?? NO_POWER, power);
    });
    if (whole === 0) return;
    const best = powers.reduce((top, { total }, i) => (total > (powers[top]?.total ?? 0) ? i : top), 0);
    units.push({
      neuron: unit,
      variance: whole / basis.modulus ** 2,
      frequency: best + 1,
      power: shareOf(powers[best] ?? NO_POWER, whole),
    });
  });
  units.sort((one, other) => other.variance - one.variance || one.neuron - other.neuron);
  const whole = squares.reduce((sum, each) => sum + each, 0);
  return { shares: totals.map((power) => shareOf(power, whole)), units, coefficients };
}

function keyFrequencies(
  { frequencies }: FrequencyRequest,
  { shares: power }: Spectrum,
  what: "neurons" | "logits",
): FrequencyView["key"] {
  if (frequencies !== undefined) return { frequencies: [...new Set(frequencies)], rule: "named in the request" };
  const found = fewestHolding(
    power.map(({ total }) => total),
    KEY_SHARE,
  );
  const rule = `the fewest frequencies that hold ${100 * KEY_SHARE} % of what all frequencies hold of the variance of the ${what} over all pairs`;
  return { frequencies: found, rule };
}

interface Condition {
  readonly kind: FrequencyAblation["kind"];
  readonly frequencies: number[];
}

function conditionsOf(
  { count }: FourierBasis,
  key: readonly number[],
  embedding: readonly number[],
  single: boolean,
): Condition[] {
  const all = Array.from({ length: count }, (_, i) => i + 1);
  const others = all.filter((frequency) => !key.includes(frequency));
  const strongest = [...others].sort((a, b) => (embedding[b - 1] ?? 0) - (embedding[a - 1] ?? 0) || a - b);
  const conditions: Condition[] = [
    { kind: "key", frequencies: [...key] },
    { kind: "strongest-others", frequencies: strongest.slice(0, key.length) },
    { kind: "all-others", frequencies: others },
    ...(single ? all.map((frequency) => ({ kind: "single" as const, frequencies: [frequency] })) : []),
  ];
  return conditions.filter(({ frequencies }) => frequencies.length > 0);
}

async function neuronsAblation(
  { engine }: ModelParts,
  task: PairTask,
  basis: FourierBasis,
  record: PairRecord,
  spectrum: Spectrum | undefined,
  signal: AbortSignal,
): Promise<Ablation> {
  if (spectrum === undefined || task.layer === undefined) throw noNeurons();
  const vectors = await neuronVectors(engine.model, task.layer, "write");
  return neuronAblation(engine, task, basis, record, { coefficients: spectrum.coefficients, vectors, signal });
}

/** Before anything runs. */
function refuseMissingNeurons({ layer }: PairTask, { ablate = [] }: FrequencyRequest): void {
  if (layer === undefined && ablate.includes("neurons")) throw noNeurons();
}

function noNeurons(): PatchbayError {
  return new PatchbayError("unsupported-model", "There are no neurons to remove frequencies from.", {
    expected: "a model with MLPs",
    received: "blocks of attention only",
    at: "ablate",
  });
}

/** Power at each frequency over that of all. */
function shares({ count }: FourierBasis, powerAt: (frequency: number) => number): number[] {
  const power = Array.from({ length: count }, (_, i) => powerAt(i + 1));
  const whole = power.reduce((sum, each) => sum + each, 0);
  return power.map((each) => (whole > 0 ? each / whole : 0));
}

function rowPower({ shape, data }: Tensor, row: number): number {
  const width = shape[1] ?? 0;
  return data.subarray(row * width, (row + 1) * width).reduce((sum, value) => sum + value * value, 0);
}
