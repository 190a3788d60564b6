/** `npm run bench -- forward`: what hooks, captures, lens, interventions and generation cost. */
import { createRuntime } from "@patchbay/runtime";
import type { Engine, TransformerModel } from "@patchbay/transformer";
import { machineFacts, megabytes, residentMemory } from "../harness/machine.ts";
import type { RoundsOptions } from "../harness/measure.ts";
import { printHeading, printNote } from "../harness/report.ts";
import { openBundledModel } from "../models/bundled.ts";
import { openRandomGpt2 } from "../models/random-gpt2.ts";
import { compareRequests } from "./compare-requests.ts";
import { compareWithPlain } from "./compare-with-plain.ts";
import { compareGeneration } from "./generation.ts";

const PROMPT = "One day, Tom and Lily went to the park. Tom gave a ball to";

export async function benchForward({ quick }: { quick: boolean }): Promise<void> {
  for (const fact of machineFacts()) printNote(fact);
  const rounds: RoundsOptions = quick ? { rounds: 10, seconds: 1 } : { rounds: 20, seconds: 6 };
  const empty = residentMemory().now;
  const { name, model, tokenizer } = await openBundledModel();
  const engine = createRuntime().open(model);
  const prompt = tokenizer.encode(PROMPT, { prependBos: true }).map(({ id }) => id);

  // First, so that the peak is the engine's own: the plain session would add its copy of the weights.
  await compareGeneration(name, engine, prompt, quick ? 2 : 6);
  await compareRequests(name, engine, prompt, rounds);
  printMemory(name, engine, model, empty);
  await compareWithPlain(name, engine, model, prompt, rounds);
  await engine.unload();

  if (quick) return;
  const gpt2 = await openRandomGpt2();
  const gpt2Engine = createRuntime().open(gpt2);
  const gpt2Rounds: RoundsOptions = { rounds: 8, seconds: 8 };
  await compareWithPlain("random model of GPT-2 small's shape", gpt2Engine, gpt2, prompt, gpt2Rounds);
  await gpt2Engine.unload();
}

function printMemory(name: string, engine: Engine, { tensors }: TransformerModel, empty: number): void {
  const stored = tensors.names.reduce((sum, tensor) => sum + tensors.describe(tensor).length, 0);
  const { now, peak } = residentMemory();
  printHeading(`${name}: memory`);
  printNote(
    `weights in the file ${megabytes(stored)}; in open sessions ${megabytes(engine.loadedBytes())} (estimated)`,
  );
  printNote("(blocks twice where an edit opened the writable variant; the unembedding once more for the lens)");
  printNote(`resident: ${megabytes(empty)} before the model, ${megabytes(now)} now, ${megabytes(peak)} at the peak`);
}
