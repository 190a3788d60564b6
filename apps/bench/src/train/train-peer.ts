/** The same training step in PyTorch: same initial weights, same batches. */
import os from "node:os";
import { openPythonPeer, type PeerFiles, type PythonPeer } from "../features/python-peer.ts";
import { type Job, LEARNING_RATE } from "./jobs.ts";

/** How the decoder is applied to kept features; without a selection there is one way only. */
export type Decode = "dense" | "embedding_bag";

export function openTrainPeer(python: string, files: PeerFiles): Promise<PythonPeer> {
  const settings = { folder: files.folder, threads: os.availableParallelism() };
  return openPythonPeer(python, new URL("peer.py", import.meta.url), settings);
}

export async function writeJob(files: PeerFiles, job: Job): Promise<void> {
  const { name } = job.recipe;
  for (const { name: parameter, shape, value } of job.newTrainee().parameters) {
    await files.write(`${name}.${parameter}`, { axes: [], shape, data: value });
  }
  for (const [i, { x, y }] of job.batches.entries()) {
    await files.write(`${name}.x.${i}`, x);
    await files.write(`${name}.y.${i}`, y);
  }
}

/** A training at its initial weights; what is returned takes steps and answers their losses. */
export async function peerSteps(
  peer: PythonPeer,
  job: Job,
  decode: Decode,
  variant: string,
): Promise<(count: number) => Promise<number[]>> {
  const { name, kind, skip, batch, inputWidth, sparsity, unitDecoder } = job.recipe;
  const parameters = Object.fromEntries(job.newTrainee().parameters.map((each) => [each.name, each.shape]));
  const k = sparsity.kind === "topk" ? sparsity.k : 0;
  const coefficient = sparsity.kind === "relu" ? sparsity.coefficient : 0;
  await peer.call({
    call: "open",
    variant,
    decode,
    job: {
      ...{ name, kind, skip, batch, k, coefficient, unitDecoder, parameters },
      width: inputWidth,
      batches: job.batches.length,
      learningRate: LEARNING_RATE,
    },
  });
  return async (count) => (await peer.call({ call: "steps", variant, count }))["losses"] as number[];
}
