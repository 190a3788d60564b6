/** The state of a training run between steps, as one artefact: what it needs to go on exactly where it was. */
import type { TrainingPoint } from "@patchbay/contract";
import { decodeSafetensors, encodeSafetensors } from "@patchbay/transformer";
import { ensureDefined, type Tensor, tensor } from "@patchbay/vocabulary";
import type { ActivationScale } from "./activation-scale.ts";
import { parameterTensor } from "./parameters.ts";
import type { Trainee } from "./trainee.ts";

export interface Progress {
  /** Chunks that are done, and steps done of the one that follows. */
  readonly chunk: number;
  readonly batch: number;
  readonly points: readonly TrainingPoint[];
  readonly seconds: number;
}

interface Facts extends Progress {
  readonly trainees: readonly {
    readonly steps: number;
    readonly threshold: number;
    readonly scale: [number, number];
  }[];
}

export function encodeCheckpoint(trainees: readonly Trainee[], progress: Progress): Uint8Array {
  const tensors = new Map<string, Tensor>();
  trainees.forEach((trainee, t) => {
    for (const each of trainee.parameters) {
      tensors.set(`${t}.${each.name}`, parameterTensor(each, each.value));
      tensors.set(`${t}.${each.name}.first`, parameterTensor(each, each.firstMoment));
      tensors.set(`${t}.${each.name}.second`, parameterTensor(each, each.secondMoment));
    }
    const { silent, scale } = trainee;
    tensors.set(`${t}.silent`, tensor(["feature"], [silent.length], Float32Array.from(silent)));
    tensors.set(`${t}.output_mean`, tensor(["output"], [scale.outputMean.length], scale.outputMean));
  });
  const facts: Facts = {
    ...progress,
    trainees: trainees.map(({ steps, threshold, scale }) => ({ steps, threshold, scale: [scale.input, scale.output] })),
  };
  return encodeSafetensors(tensors, { format: "patchbay-training-checkpoint-1", facts: JSON.stringify(facts) });
}

export interface Checkpoint extends Progress {
  readonly scales: readonly ActivationScale[];
  /** Puts the stored numbers into fresh trainees of the same recipes. */
  restore(trainees: readonly Trainee[]): void;
}

export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const { tensors, metadata } = decodeSafetensors(bytes, "The training checkpoint");
  const facts = JSON.parse(ensureDefined(metadata["facts"])) as Facts;
  const get = (name: string) => ensureDefined(tensors.get(name), name).data as Float32Array;
  return {
    chunk: facts.chunk,
    batch: facts.batch,
    points: facts.points,
    seconds: facts.seconds,
    scales: facts.trainees.map(({ scale: [input, output] }, t) => ({
      input,
      output,
      outputMean: get(`${t}.output_mean`),
    })),
    restore(trainees) {
      trainees.forEach((trainee, t) => {
        for (const each of trainee.parameters) {
          each.value.set(get(`${t}.${each.name}`));
          each.firstMoment.set(get(`${t}.${each.name}.first`));
          each.secondMoment.set(get(`${t}.${each.name}.second`));
        }
        trainee.silent.set(get(`${t}.silent`));
        const { steps, threshold } = ensureDefined(facts.trainees[t]);
        trainee.steps = steps;
        trainee.threshold = threshold;
      });
    },
  };
}
