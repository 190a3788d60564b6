/**
 * Paper A1's claim, tested on this model: neurons chosen by the map alone (the most peaked writers) are clamped, and we
 * count for how many the mapped token's probability rises, against as many random neurons whose written vector is made
 * equally long.
 */
import type { ClampPlace, SpecialisedNeuronTest } from "@patchbay/contract";
import { mlpWeightsOf } from "@patchbay/transformer";
import { ensureDefined } from "@patchbay/vocabulary";
import { seededUniform } from "../generation/sampling.ts";
import type { WorkContext } from "../model-service.ts";
import type { NeuronMap } from "../neuron-vocabulary/neuron-map.ts";
import type { ReferenceStatistics } from "../reference-statistics/reference-statistics.ts";
import { inputOf, type ModelParts } from "../run/model-parts.ts";
import { shortFloat } from "../run/tensor-json.ts";
import { clampEdit } from "./clamp.ts";
import { clampedRuns } from "./clamped-runs.ts";

const TRIALS = 20;
/** Random neurons are drawn among those whose value vector is within this factor of the peaked one's length. */
const NORM_FACTOR = 1.1;

interface Choice {
  readonly layer: number;
  readonly neuron: number;
  readonly index: number;
  readonly token: number;
  readonly norm: number;
}

export async function testSpecialisedNeurons(
  parts: ModelParts,
  map: NeuronMap,
  statistics: ReferenceStatistics,
  options: { prompt: string; place: ClampPlace; multiple: number },
  { signal, progress }: WorkContext,
): Promise<SpecialisedNeuronTest> {
  // Refuses a model without neurons.
  mlpWeightsOf(parts.engine.model.architecture, 0);
  const part = map.part("write", "folded");
  const { neurons } = parts.engine.model.shape;
  const choice = (index: number): Choice => ({
    layer: Math.floor(index / neurons),
    neuron: index % neurons,
    index,
    token: ensureDefined(part.top[index * map.tokensPerSide]),
    norm: ensureDefined(part.lengths[index]),
  });
  const order = Array.from(part.peakedness.keys()).sort(
    (a, b) => (part.peakedness[b] ?? 0) - (part.peakedness[a] ?? 0),
  );
  const peaked = order.slice(0, TRIALS).map(choice);
  const uniform = seededUniform(1);
  const taken = new Set(peaked.map(({ index }) => index));
  const random = peaked.map(({ norm }) => {
    const near = order.filter((index) => {
      const ratio = (part.lengths[index] ?? 0) / norm;
      return !taken.has(index) && ratio < NORM_FACTOR && ratio > 1 / NORM_FACTOR;
    });
    const index = near[Math.floor(uniform() * near.length)] ?? ensureDefined(order.at(-1));
    taken.add(index);
    return choice(index);
  });

  const tokens = ensureDefined(inputOf(parts, { text: options.prompt }).tokens[0]);
  const measure = async (chosen: Choice, value: number, token: number) => {
    const clamp = { ...chosen, place: options.place, positions: "all" as const };
    const edits = [clampEdit(parts.engine.model, clamp, value, 0, chosen.norm)];
    const question = { position: tokens.length - 1, tracked: [token], top: 1, signal };
    const readout = await clampedRuns(parts.engine, tokens, chosen.layer, edits, 1, question);
    const probability = (row: number) =>
      Math.exp((readout.trackedLogits.data[row] ?? 0) - (readout.logSumExp.data[row] ?? 0));
    return { after: probability(0), before: probability(1) };
  };

  const trials: SpecialisedNeuronTest["trials"] = [];
  const factors = { peaked: [] as number[], random: [] as number[], randomOwnToken: [] as number[] };
  const record = async (chosen: Choice, group: "peaked" | "random", value: number, token: number) => {
    const { before, after } = await measure(chosen, value, token);
    trials.push({
      layer: chosen.layer,
      neuron: chosen.neuron,
      group,
      token: { id: token, text: parts.tokenizer.textOf(token) },
      norm: shortFloat(chosen.norm),
      value: shortFloat(value),
      before,
      after,
    });
    factors[group].push(after / before);
  };
  for (const [i, neuron] of peaked.entries()) {
    progress?.(i / TRIALS, `neuron ${i + 1} of ${TRIALS}`);
    const maximum = Math.max(Math.abs(statistics.maximum[neuron.index] ?? 0), 1e-3);
    const value = options.multiple * maximum * (options.place === "written" ? neuron.norm : 1);
    const other = ensureDefined(random[i]);
    // The same written length for both, where the place fixes it.
    const otherValue = options.place === "post" ? (value * neuron.norm) / other.norm : value;
    await record(neuron, "peaked", value, neuron.token);
    await record(other, "random", otherValue, neuron.token);
    const own = await measure(other, otherValue, other.token);
    factors.randomOwnToken.push(own.after / own.before);
  }
  const counts = {
    peaked: count(factors.peaked),
    random: count(factors.random),
    randomOwnToken: count(factors.randomOwnToken),
  };
  progress?.(1, `raised: ${counts.peaked.raised} of ${TRIALS} peaked, ${counts.random.raised} of ${TRIALS} random`);
  return { prompt: options.prompt, place: options.place, multiple: options.multiple, trials, ...counts };
}

function count(factors: readonly number[]): SpecialisedNeuronTest["peaked"] {
  const sorted = [...factors].sort((a, b) => a - b);
  return {
    raised: factors.filter((factor) => factor > 1).length,
    of: factors.length,
    medianFactor: sorted[Math.floor(sorted.length / 2)] ?? 1,
  };
}
