/**
 * `npm run bench -- sweeps`: the residual-stream sweep (layer × position) and the sweep of all heads, against TransformerLens'
 * patching functions on the same weights (PATCHBAY_BENCH_PYTHON), and against every cell as a run of its own here.
 */
import os from "node:os";
import { type SweepParts, sweep } from "@patchbay/analysis";
import { createRuntime, runtimeVersion } from "@patchbay/runtime";
import type { Engine, Tokenizer, TransformerModel } from "@patchbay/transformer";
import { ensureDefined } from "@patchbay/vocabulary";
import { openPythonPeer, type PythonPeer, peerPython } from "../features/python-peer.ts";
import { machineFacts } from "../harness/machine.ts";
import { measureInterleaved, type Variant } from "../harness/measure.ts";
import { printComparison, printHeading, printNote } from "../harness/report.ts";
import { openBundledModel } from "../models/bundled.ts";
import { openRandomGpt2 } from "../models/random-gpt2.ts";
import { everyCellFromScratch } from "./from-scratch.ts";
import { namePair, type Pair, randomPair, requestOf, type SweepKind, TITLES } from "./questions.ts";

/** Largest difference that counts as equal, in logits. */
const EQUAL = 1e-3;
const RANDOM_LENGTH = 16;

export async function benchSweeps({ quick }: { quick: boolean }): Promise<void> {
  for (const fact of machineFacts()) printNote(fact);
  const python = peerPython("torch, safetensors and transformer-lens below 4 (HookedTransformer)");
  const bundled = await openBundledModel();
  const { model, tokenizer } = bundled;
  const pairs = [namePair(tokenizer), randomPair(model, tokenizer, RANDOM_LENGTH)];
  await compareOn(bundled.name, model, tokenizer, pairs, python, quick ? 3 : 12);
  if (quick) return;
  const gpt2 = await openRandomGpt2();
  await compareOn(
    "random model of GPT-2 small's shape",
    gpt2,
    tokenizer,
    [randomPair(gpt2, tokenizer, RANDOM_LENGTH)],
    python,
    3,
  );
}

/** `threads`: for both sides; fewer than there are processors where other work would make threads wait for each other. */
export async function compareOn(
  name: string,
  model: TransformerModel,
  tokenizer: Tokenizer,
  pairs: readonly Pair[],
  python: string | undefined,
  rounds: number,
  threads = os.availableParallelism(),
): Promise<void> {
  const engine = createRuntime({ threads }).open(model);
  const parts = partsOf(name, engine, tokenizer);
  const peer = python === undefined ? undefined : await openPeer(python, model, threads);
  try {
    printHeading(`${name}: ${model.shape.layers} layers, ${model.shape.heads} heads`);
    if (peer !== undefined) printNote(`peer: ${peer.about}`);
    for (const pair of pairs) {
      for (const kind of ["resid_pre", "heads"] as const) await compare(kind, pair, { parts, peer }, rounds);
    }
  } finally {
    await peer?.close();
    await engine.unload();
  }
}

async function compare(
  kind: SweepKind,
  pair: Pair,
  { parts, peer }: { parts: SweepParts; peer: PythonPeer | undefined },
  rounds: number,
): Promise<void> {
  const ours = async () => {
    const signal = new AbortController().signal;
    const { panels, cost } = await sweep(parts, requestOf("bench", kind, pair), { signal });
    return { values: ensureDefined(panels[0]).raw.map(Number), cost };
  };
  const theirs = async () => {
    const { clean, corrupted, token, minus } = pair;
    const answer = await ensureDefined(peer).call({ call: "sweep", kind, clean, corrupted, token, minus });
    return answer["values"] as number[];
  };
  const scratch = () => everyCellFromScratch(parts.engine, kind, pair);

  printHeading(`${TITLES[kind]}; ${pair.clean.length} tokens, ${pair.about}`);
  const { values, cost } = await ours();
  printNote(
    `${cost.cells} cells, ${cost.unchanged} of them unchanged by proof, ${cost.rows} rows in ${cost.passes} graph runs; ` +
      `${(cost.blockTokensFromScratch / Math.max(1, cost.blockTokens)).toFixed(1)} times fewer tokens through blocks than from scratch`,
  );
  report("from scratch", largestDifference(values, await scratch()));
  if (peer !== undefined) report("TransformerLens", largestDifference(values, await theirs()));
  const variants: Variant[] = [
    { name: "Patchbay", run: ours },
    ...(peer === undefined ? [] : [{ name: "TransformerLens", run: theirs }]),
    { name: "Patchbay, every cell from scratch", run: scratch },
  ];
  printComparison(await measureInterleaved(variants, { rounds, warmUp: 1 }));
}

function report(whom: string, difference: number): void {
  const verdict = difference < EQUAL ? "equal" : "*** NOT EQUAL ***";
  printNote(`largest difference from ${whom}: ${difference.toExponential(1)} logits (${verdict})`);
}

function largestDifference(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (b[i] ?? Number.NaN))), 0);
}

function openPeer(python: string, model: TransformerModel, threads: number): Promise<PythonPeer> {
  const files = new Set(model.tensors.names.map((name) => model.tensors.describe(name).file));
  return openPythonPeer(python, new URL("peer.py", import.meta.url), {
    files: [...files],
    family: model.shape.family,
    shape: model.shape,
    threads,
  });
}

/** A sweep over sites needs neither dictionaries nor reference texts. */
function partsOf(name: string, engine: Engine, tokenizer: Tokenizer): SweepParts {
  const absent = async (): Promise<never> => {
    throw new Error("not needed by this bench");
  };
  return {
    name,
    engine,
    tokenizer,
    prependBos: true,
    runtimeVersion: runtimeVersion(),
    maximumOf: absent,
    dictionaries: { find: absent, ofSet: absent, maximumOf: absent },
    referenceTexts: async () => [],
  };
}
