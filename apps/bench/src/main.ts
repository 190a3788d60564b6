/** npm run bench -- NAME [--quick] */
import { PatchbayError } from "@patchbay/vocabulary";
import { benchFeatures } from "./features/features.ts";
import { benchForward } from "./forward/forward.ts";
import { benchGraph } from "./graph/graph.ts";
import { benchNeuronMap } from "./neuron-map/neuron-map.ts";
import { benchSweeps } from "./sweeps/sweeps.ts";
import { benchTrain } from "./train/train.ts";

interface Benchmark {
  readonly about: string;
  run(options: { quick: boolean }): Promise<void>;
}

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  features: { about: "encoding with dictionaries against the bare matrix product and SAELens", run: benchFeatures },
  forward: { about: "hooks, captures, lens, interventions and generation against plain passes", run: benchForward },
  graph: { about: "attribution graphs at 16, 64 and 256 tokens against circuit-tracer", run: benchGraph },
  "neuron-map": {
    about: "the whole neuron-to-token map against the runtime's own matrix product",
    run: benchNeuronMap,
  },
  sweeps: { about: "patching sweeps against TransformerLens and against runs from scratch", run: benchSweeps },
  train: { about: "training steps of dictionaries against the same steps in PyTorch", run: benchTrain },
};

const [name = "", ...rest] = process.argv.slice(2);
const benchmark = BENCHMARKS[name];
const unknown = rest.find((argument) => argument !== "--quick");

if (benchmark === undefined || unknown !== undefined) {
  const list = Object.entries(BENCHMARKS).map(([key, { about }]) => `  ${key.padEnd(12)}${about}`);
  process.stderr.write(
    `npm run bench -- NAME [--quick]\n\n${list.join("\n")}\n\n--quick: fewer rounds, the bundled model only\n`,
  );
  process.exitCode = 2;
} else {
  try {
    await benchmark.run({ quick: rest.includes("--quick") });
  } catch (error) {
    if (!(error instanceof PatchbayError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
