/**
 * `npm run bench -- train`: one training step (forward, backward, Adam) on the runtime, in tokens per second, against the
 * same step in PyTorch (PATCHBAY_BENCH_PYTHON) on the same batches. PyTorch may decode densely or by `embedding_bag`: the
 * comparison is with the faster. The losses of the first steps must agree: then both do the same arithmetic.
 */
import { createRuntime } from "@patchbay/runtime";
import { ensureDefined } from "@patchbay/vocabulary";
import { peerFiles, peerPython } from "../features/python-peer.ts";
import { machineFacts, megabytes, residentMemory } from "../harness/machine.ts";
import {
  measureInterleaved,
  ratioOf,
  ratioOfFastest,
  summarise,
  type Timing,
  type Variant,
} from "../harness/measure.ts";
import { milliseconds, printHeading, printNote, printTable, quartiles } from "../harness/report.ts";
import { openBundledModel } from "../models/bundled.ts";
import { type Job, openJobs, steps } from "./jobs.ts";
import { type Decode, openTrainPeer, peerSteps, writeJob } from "./train-peer.ts";

/** Steps in a block: the two take turns block by block. */
const STEPS_A_BLOCK = 4;
const CHECKED_STEPS = 5;
const LOSS_TOLERANCE = 1e-4;

export async function benchTrain({ quick }: { quick: boolean }): Promise<void> {
  for (const fact of machineFacts()) printNote(fact);
  const { name, model, tokenizer } = await openBundledModel();
  const engine = createRuntime().open(model);
  const jobs = await openJobs(engine, tokenizer);
  const files = await peerFiles();
  const python = peerPython("torch");
  const peer = python === undefined ? undefined : await openTrainPeer(python, files);
  try {
    if (peer !== undefined) printNote(`peer: ${peer.about}`);
    for (const job of jobs) {
      printHeading(`${name}: ${job.about}; batch ${job.recipe.batch}`);
      const variants: Variant[] = [];
      const ours = steps(job, job.newTrainee());
      const losses = await ours(CHECKED_STEPS);
      variants.push({ name: "Patchbay", run: () => ours(STEPS_A_BLOCK) });
      if (peer !== undefined) await writeJob(files, job);
      const decodes: Decode[] = job.recipe.sparsity.kind === "relu" ? ["dense"] : ["dense", "embedding_bag"];
      for (const decode of peer === undefined ? [] : decodes) {
        const theirs = await peerSteps(ensureDefined(peer), job, decode, `${job.recipe.name}.${decode}`);
        printAgreement(losses, await theirs(CHECKED_STEPS), decode);
        variants.push({ name: `PyTorch, ${decode}`, run: () => theirs(STEPS_A_BLOCK) });
      }
      printTimings(job, await measureInterleaved(variants, { rounds: quick ? 3 : 12, warmUp: 1 }));
      await peer?.call({ call: "close" });
    }
    printNote(`resident at the peak: ${megabytes(residentMemory().peak)} (ours alone)`);
  } finally {
    await peer?.close();
    await files.remove();
    await engine.unload();
  }
}

function printAgreement(ours: readonly number[], theirs: readonly number[], decode: Decode): void {
  const difference = Math.max(...ours.map((loss, i) => Math.abs(loss / (theirs[i] ?? Number.NaN) - 1)));
  const verdict = difference <= LOSS_TOLERANCE ? "agree" : "*** DO NOT AGREE ***";
  printNote(
    `losses of the first ${ours.length} steps (${decode}): ${ours.map((loss) => loss.toPrecision(5)).join(", ")}; ${verdict}: largest relative difference ${difference.toExponential(1)} (tolerance ${LOSS_TOLERANCE})`,
  );
}

function printTimings({ recipe }: Job, timings: readonly Timing[]): void {
  printTable(
    ["", "milliseconds a step", "tokens per second"],
    timings.map(({ name, samples }) => {
      const step = summarise(samples).median / STEPS_A_BLOCK;
      return [name, milliseconds(step), ((1000 * recipe.batch) / step).toFixed(0)];
    }),
  );
  const [ours, ...peers] = timings;
  const fastest = [...peers].sort((a, b) => summarise(a.samples).median - summarise(b.samples).median)[0];
  if (ours === undefined || fastest === undefined) return;
  const ratio = ratioOf(fastest, ours);
  printNote(
    `tokens per second, Patchbay / ${fastest.name}: ${ratio.median.toFixed(2)} (quartiles ${quartiles(ratio)}, ${ours.samples.length} rounds; aim 1); fastest / fastest ${ratioOfFastest(fastest, ours).toFixed(2)}`,
  );
}
