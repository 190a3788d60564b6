/**
 * `npm run bench -- graph`: attribution graphs of the bundled model at 16, 64 and 256 tokens: seconds, peak memory, nodes,
 * edges; and against circuit-tracer on the same weights, transcoders and tokens (PATCHBAY_BENCH_PYTHON), with equal edges.
 *
 * Each side runs every length in a process of its own. Ours includes weight factors, which circuit-tracer does not compute;
 * both include pruning and scores. Memory: the most that was resident, and that less what was before the first graph (which
 * for circuit-tracer holds the weights, for us does not).
 */
import { spawn } from "node:child_process";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { attributionGraph } from "@patchbay/analysis";
import type { Dictionary } from "@patchbay/dictionary";
import { bundledReferenceText } from "@patchbay/model-library";
import type { TransformerModel } from "@patchbay/transformer";
import { ensureDefined, InvariantError } from "@patchbay/vocabulary";
import { openPythonPeer, peerFiles, peerPython } from "../features/python-peer.ts";
import { openLayerDictionaries } from "../features/workload.ts";
import { machineFacts, megabytes } from "../harness/machine.ts";
import { printHeading, printNote, printTable } from "../harness/report.ts";
import { openBundledModel } from "../models/bundled.ts";

const BUDGET = 7500;
const LENGTHS: readonly { tokens: number; rounds: number }[] = [
  { tokens: 16, rounds: 4 },
  { tokens: 64, rounds: 2 },
  { tokens: 256, rounds: 1 },
];

export interface WorkerSettings {
  readonly tokens: readonly number[];
  readonly rounds: number;
  readonly budget: number;
  /** Where the first round's graph is written. */
  readonly file: string;
}

interface Measured {
  readonly seconds: number;
  readonly baseline: number;
  readonly peak: number;
}
type Ours = Measured & Pick<Awaited<ReturnType<typeof attributionGraph>>, "facts" | "scores">;

export async function benchGraph({ quick }: { quick: boolean }): Promise<void> {
  for (const fact of machineFacts()) printNote(fact);
  const { name, model, tokenizer } = await openBundledModel();
  const dictionaries = await openLayerDictionaries();
  const text = tokenizer.encode((await bundledReferenceText()).slice(0, 4000), { prependBos: true });
  const python = peerPython("torch, safetensors, transformer-lens and circuit-tracer");
  const files = await peerFiles();
  printHeading(`${name}: ${dictionaries.length} skip transcoders, at most ${BUDGET} features`);
  try {
    for (const { tokens: count, rounds } of quick ? LENGTHS.slice(0, 1) : LENGTHS) {
      const tokens = text.slice(0, count).map(({ id }) => id);
      const file = path.join(files.folder, `graph-${count}.json`);
      const ours = await runOurs({ tokens, rounds: quick ? 2 : rounds, budget: BUDGET, file });
      printHeading(`${count} tokens`);
      printOurs(ours);
      if (python !== undefined)
        await comparePeer(python, model, dictionaries, { tokens, rounds: ours.length, file }, ours);
    }
  } finally {
    await files.remove();
  }
}

async function runOurs(settings: WorkerSettings): Promise<Ours[]> {
  const script = fileURLToPath(new URL("graph-worker.ts", import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, script, JSON.stringify(settings)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const rounds: Ours[] = [];
  for await (const line of createInterface({ input: child.stdout })) rounds.push(JSON.parse(line) as Ours);
  if (rounds.length < settings.rounds) throw new InvariantError("the worker of the bench ended early");
  return rounds;
}

function printOurs(rounds: readonly Ours[]): void {
  const { facts, scores, baseline, peak } = ensureDefined(rounds.at(-1));
  const seconds = rounds.map((each) => each.seconds.toFixed(2)).join(", ");
  printNote(
    `${facts.activeFeatures} active features, ${facts.selectedFeatures} selected; seconds by round: ${seconds}`,
  );
  printNote(
    `unpruned ${facts.unpruned.nodes} nodes, ${facts.unpruned.edges} edges (${(100 * facts.leftOutShare).toFixed(1)} % of Σ |weight| in no edge); kept ${facts.kept.nodes} nodes, ${facts.kept.edges} edges`,
  );
  printNote(
    `replacement ${scores.replacement?.toFixed(4)}, completeness ${scores.completeness?.toFixed(4)}; largest gap of Σ weights + bias: ${facts.largestResidual.toExponential(1)} of the inputs`,
  );
  printNote(
    `memory: ${megabytes(peak)} resident at most, ${megabytes(peak - baseline)} above what was before; ${megabytes(facts.peakBytes)} of arrays counted`,
  );
  printNote(`phases of the last round: ${facts.phases.map((phase) => `${phase.name} ${phase.seconds} s`).join(", ")}`);
}

async function comparePeer(
  python: string,
  model: TransformerModel,
  dictionaries: readonly Dictionary[],
  { tokens, rounds, file }: { tokens: readonly number[]; rounds: number; file: string },
  ours: readonly Ours[],
): Promise<void> {
  const peer = await openPythonPeer(python, new URL("peer.py", import.meta.url), {
    threads: os.availableParallelism(),
    shape: shapeOf(model),
    weights: [...new Set(model.tensors.names.map((tensor) => model.tensors.describe(tensor).file))],
    dictionaries: dictionaries.map(({ folder }) => folder),
  });
  try {
    printNote(`peer: ${peer.about}`);
    const theirs: (Measured & Readonly<Record<string, number>>)[] = [];
    for (let round = 0; round < rounds; round++) {
      const answer = await peer.call({ call: "run", tokens, budget: BUDGET });
      theirs.push(answer as (typeof theirs)[number]);
    }
    const compared = await peer.call({ call: "compare", file, positions: tokens.length });
    const [mine, other] = [ensureDefined(ours.at(-1)), ensureDefined(theirs.at(-1))];
    const fastest = (of: readonly Measured[]) => Math.min(...of.map(({ seconds }) => seconds));
    printTable(
      ["", "seconds (fastest)", "peak", "above before", "nodes", "edges", "replacement", "completeness"],
      [
        [
          "Patchbay",
          fastest(ours).toFixed(2),
          megabytes(mine.peak),
          megabytes(mine.peak - mine.baseline),
          String(mine.facts.unpruned.nodes),
          String(mine.facts.unpruned.edges),
          mine.scores.replacement?.toFixed(4) ?? "none",
          mine.scores.completeness?.toFixed(4) ?? "none",
        ],
        [
          "circuit-tracer",
          fastest(theirs).toFixed(2),
          megabytes(other.peak),
          megabytes(other.peak - other.baseline),
          String(other["nodes"]),
          String(other["edges"]),
          ensureDefined(other["replacement"]).toFixed(4),
          ensureDefined(other["completeness"]).toFixed(4),
        ],
      ],
    );
    printNote(
      `circuit-tracer / Patchbay: ${(fastest(theirs) / fastest(ours)).toFixed(2)} times the seconds (aim 3), ${(other.peak / mine.peak).toFixed(2)} times the peak, ${((other.peak - other.baseline) / (mine.peak - mine.baseline)).toFixed(2)} times the memory above before (aim 2)`,
    );
    printNote(
      `${compared["edges"]} kept edges compared, ${compared["missing"]} of our nodes not among theirs: largest difference / largest of the row ${Number(compared["difference"]).toExponential(1)} (aim 1e-3); of the rows' sums ${Number(compared["sumDifference"]).toExponential(1)}${mine.facts.selectedFeatures < mine.facts.activeFeatures ? " (theirs are over selected features only)" : ""}`,
    );
  } finally {
    await peer.close();
  }
}

function shapeOf({ shape }: TransformerModel) {
  const { layers, residualWidth, heads, headWidth, neurons, vocabulary, context, norm } = shape;
  // θ of the rotary embedding: the second frequency is θ^(−2 / head width).
  const second = shape.positions.kind === "rotary" ? ensureDefined(shape.positions.rotary.frequencies[1]) : 1;
  const rotaryBase = Math.round(second ** (-headWidth / 2));
  return {
    layers,
    width: residualWidth,
    heads,
    headWidth,
    neurons,
    vocabulary,
    context,
    epsilon: norm.epsilon,
    rotaryBase,
  };
}
