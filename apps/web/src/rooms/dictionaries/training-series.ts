/** Points of a training as curves: one a target, for each measured quantity. */
import type { LineChartSeries } from "@patchbay/charts/react";
import type { TrainingPoint } from "@patchbay/contract";

export type TrainingQuantity = "loss" | "l0" | "unexplained" | "deadShare";

export function trainingSeries(
  targets: readonly string[],
  points: readonly TrainingPoint[],
  quantity: TrainingQuantity,
  shown: ReadonlySet<string> = new Set(targets),
): LineChartSeries[] {
  const names = shortNames(targets);
  return targets
    .map((target, index) => ({
      target,
      name: names[index] ?? target,
      colour: targetColour(index, targets.length),
      points: points
        .filter((point) => point.target === index)
        .map((point) => ({ x: point.tokens, y: point[quantity] }))
        .sort((a, b) => a.x - b.x),
    }))
    .filter(({ target }) => shown.has(target))
    .map(({ name, colour, points: line }) => ({ name, colour, points: line }));
}

/** From orange to blue through ink, so that neighbours in a list (layers, seeds) look like neighbours. */
export function targetColour(index: number, count: number): string {
  if (count <= 1) return "var(--heat)";
  const share = index / (count - 1);
  const [from, to, part] =
    share <= 0.5 ? ["var(--counter)", "var(--ink-3)", share * 2] : ["var(--ink-3)", "var(--heat)", share * 2 - 1];
  return `color-mix(in oklab, ${from} ${Math.round((1 - part) * 100)}%, ${to})`;
}

/** What differs between names is what can stand at the end of a curve: "stories-tc-L2" among its like is "L2". */
export function shortNames(names: readonly string[]): string[] {
  if (names.length <= 1) return [...names];
  const parts = names.map((name) => name.split(/(?<=[-_.])/));
  const shortest = Math.min(...parts.map((list) => list.length));
  let start = 0;
  while (start < shortest - 1 && parts.every((list) => list[start] === parts[0]?.[start])) start++;
  return parts.map((list) => list.slice(start).join(""));
}

export const TRAINING_QUANTITIES: readonly {
  readonly quantity: TrainingQuantity;
  readonly title: string;
  readonly unit: string;
  readonly scale: "linear" | "log";
}[] = [
  { quantity: "loss", title: "Loss", unit: "squared error ⁄ squared distance from the mean, log axis", scale: "log" },
  {
    quantity: "unexplained",
    title: "Variance unexplained",
    unit: "of each step’s batch, about the mean",
    scale: "linear",
  },
  { quantity: "l0", title: "L0", unit: "features a token", scale: "linear" },
  { quantity: "deadShare", title: "Dead features", unit: "share that has not fired lately", scale: "linear" },
];
