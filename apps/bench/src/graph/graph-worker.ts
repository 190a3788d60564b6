/** One length of prompt in a process of its own, so that its peak memory is its own. Prints one JSON object a round. */
import { writeFile } from "node:fs/promises";
import { attributionGraph, type GraphParts } from "@patchbay/analysis";
import { createRuntime, runtimeVersion } from "@patchbay/runtime";
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import { openLayerDictionaries } from "../features/workload.ts";
import { residentMemory } from "../harness/machine.ts";
import { openBundledModel } from "../models/bundled.ts";
import type { WorkerSettings } from "./graph.ts";

const { tokens, rounds, budget, file } = JSON.parse(ensureDefined(process.argv[2])) as WorkerSettings;
const { name, model, tokenizer } = await openBundledModel();
const dictionaries = await openLayerDictionaries();
const engine = createRuntime().open(model);
const parts: GraphParts = {
  name,
  engine,
  tokenizer,
  prependBos: true,
  runtimeVersion: runtimeVersion(),
  maximumOf: async () => Number.NaN,
  installedDictionaries: async () => dictionaries,
  dictionaries: {
    async find(wanted) {
      const found = dictionaries.find(({ spec }) => spec.name === wanted);
      if (found === undefined) throw new PatchbayError("not-found", `There is no dictionary "${wanted}".`);
      return found;
    },
    ofSet: async () => dictionaries,
    maximumOf: async () => Number.NaN,
  },
};
const baseline = residentMemory().now;
for (let round = 0; round < rounds; round++) {
  const started = performance.now();
  const request = { model: name, input: { tokens: [[...tokens]] }, features: budget };
  const { graph, facts, scores } = await attributionGraph(parts, request, { signal: new AbortController().signal });
  const seconds = (performance.now() - started) / 1000;
  if (round === 0) {
    const { nodes, edges } = graph;
    await writeFile(file, JSON.stringify({ nodes, source: edges.source, target: edges.target, weight: edges.weight }));
  }
  process.stdout.write(`${JSON.stringify({ seconds, baseline, peak: residentMemory().peak, facts, scores })}\n`);
}
