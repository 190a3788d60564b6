/** `patchbay train-dictionary`: trains dictionaries in this process; stopped by Ctrl-C, the same command goes on. */
import type { TrainingLive, TrainingOutcome, TrainingPoint } from "@patchbay/contract";
import { BUNDLED_MODEL } from "@patchbay/model-library";
import { openInstalledModels } from "@patchbay/server";
import { resolveHome } from "../home.ts";
import { createProgressLine } from "../progress-line.ts";
import { runLongWork } from "../run-long-work.ts";
import { type TrainingFlags, trainingRequest } from "../training-request.ts";

export type TrainDictionaryOptions = TrainingFlags & { readonly home?: string; readonly json?: boolean };

/** @returns the exit status: 1 when it was stopped on the way. */
export async function trainDictionary({ home, json = false, ...flags }: TrainDictionaryOptions): Promise<number> {
  const models = openInstalledModels(resolveHome(home));
  const layerCount = async (model: string) => (await models.dictionaries(model)).model.shape.layers;
  const request = await trainingRequest(flags, BUNDLED_MODEL, layerCount);
  const service = await models.get(request.model);
  const line = createProgressLine();
  const outcome = await runLongWork(line, (signal) =>
    service.dictionaries.train(
      { kind: "train-dictionary", ...request },
      { signal, progress: (fraction, message, details) => line.update(fraction, describeProgress(message, details)) },
    ),
  );
  if (outcome === undefined) return 1;
  process.stdout.write(json ? `${JSON.stringify(outcome, undefined, 2)}\n` : describeOutcome(outcome));
  return 0;
}

/** The newest numbers, their mean over all dictionaries that are trained together. */
export function describeProgress(message: string, details: unknown): string {
  if (!isTrainingLive(details) || details.points.length === 0) return message;
  const newest = new Map(details.points.map((point) => [point.target, point]));
  const points = [...newest.values()];
  const mean = (value: (point: TrainingPoint) => number) =>
    points.reduce((sum, point) => sum + value(point), 0) / points.length;
  const numbers = [
    `loss ${mean(({ loss }) => loss).toFixed(4)}`,
    `L0 ${mean(({ l0 }) => l0).toFixed(1)}`,
    `unexplained ${mean(({ unexplained }) => unexplained).toFixed(3)}`,
    `dead ${(mean(({ deadShare }) => deadShare) * 100).toFixed(1)} %`,
    `${Math.round(details.tokensPerSecond)} tokens/s`,
  ];
  return `${details.phase}: ${numbers.join(", ")}`;
}

function isTrainingLive(details: unknown): details is TrainingLive {
  return typeof details === "object" && details !== null && "points" in details && Array.isArray(details.points);
}

function describeOutcome({ dictionaries, setQuality, tokens, seconds }: TrainingOutcome): string {
  const lines = dictionaries.map(({ name, quality }) => {
    if (quality === null) return `${name} is trained.`;
    const { l0, unexplained, deadShare, loss } = quality;
    return (
      `${name} is trained: L0 ${l0.toFixed(1)}, unexplained ${unexplained.toFixed(3)}, ` +
      `loss ${loss.original.toFixed(3)} → ${loss.spliced.toFixed(3)} (recovered ${loss.recoveredAgainstZero.toFixed(3)} of zero, ` +
      `${loss.recoveredAgainstMean.toFixed(3)} of mean ablation), dead ${(deadShare * 100).toFixed(1)} %.`
    );
  });
  if (setQuality !== null) {
    lines.push(
      `All of ${setQuality.set} at once: loss ${setQuality.original.toFixed(3)} → ${setQuality.spliced.toFixed(3)}.`,
    );
  }
  lines.push(`${tokens} tokens in ${seconds.toFixed(0)} s (${Math.round(tokens / Math.max(seconds, 1e-9))} tokens/s).`);
  return lines.map((text) => `${text}\n`).join("");
}
