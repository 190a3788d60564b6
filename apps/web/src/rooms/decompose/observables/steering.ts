/** A direction of an observable, tried in the model: beside it a random direction of the same length. */
import type { Intervention, ObservableResult } from "@patchbay/contract";

/** Of the same length, and at the same place, as a steering intervention that holds its vector in `values`. */
export function randomSteering(steer: readonly Intervention[], seed: number): Intervention[] {
  return steer.map((intervention) => {
    if (intervention.op !== "add" || intervention.values === undefined) return intervention;
    const normal = normalNumbers(seed, intervention.values.length);
    const scale = length(intervention.values) / (length(normal) || 1);
    return { ...intervention, values: normal.map((value) => value * scale) };
  });
}

/** An observable's value among asked logits: Σ weight · logit. Undefined where one of its tokens was not asked. */
export function observableValue(
  observable: ObservableResult["observables"][number],
  logits: ReadonlyMap<number, number>,
): number | undefined {
  let sum = 0;
  for (const { id, weight } of observable.tokens) {
    const logit = logits.get(id);
    if (logit === undefined) return undefined;
    sum += weight * logit;
  }
  return sum;
}

function length(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

/** Box–Muller over mulberry32: the same seed gives the same direction on every machine. */
function normalNumbers(seed: number, count: number): number[] {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return (((mixed ^ (mixed >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
  return Array.from({ length: count }, () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()));
}
