/** What all models of a process share: one memory budget, one queue of turns, one choice of threads. */
import os from "node:os";
import type { Engine, TransformerModel } from "@patchbay/transformer";
import { createEngine } from "./engine.ts";
import { MemoryBudget } from "./memory-budget.ts";
import { runtimeVersion } from "./onnx-runtime.ts";
import { TurnQueue } from "./turn-queue.ts";

/** Above this a run per block costs nothing that could be measured. */
const TRUNK_LIMIT_IN_BYTES = 2 ** 28;

export interface RuntimeOptions {
  /** Budget for sessions and caches. Default: PATCHBAY_MEMORY megabytes, else half of the machine's memory. */
  readonly memoryInBytes?: number;
  /** Default: the processors that this process may use. */
  readonly threads?: number;
  readonly providers?: readonly string[];
}

export interface Runtime {
  readonly version: string;
  open(model: TransformerModel): Engine;
  memory(): { sessionBytes: number; budgetBytes: number };
}

export function createRuntime(options: RuntimeOptions = {}): Runtime {
  const configured = Number(process.env["PATCHBAY_MEMORY"]);
  const fallback = configured > 0 ? configured * 2 ** 20 : os.totalmem() / 2;
  const providers = options.providers ?? process.env["PATCHBAY_PROVIDERS"]?.split(",");
  const budget = new MemoryBudget(options.memoryInBytes ?? fallback, {
    threads: options.threads ?? os.availableParallelism(),
    ...(providers === undefined ? {} : { providers }),
  });
  const turns = new TurnQueue();
  // Blocks that are edited are opened beside the trunk: only where both fit with ease.
  const trunkLimitInBytes = Math.min(TRUNK_LIMIT_IN_BYTES, budget.limitInBytes / 8);
  return {
    version: runtimeVersion(),
    open: (model) => createEngine(model, { budget, turns, trunkLimitInBytes }),
    memory: () => ({ sessionBytes: budget.usedBytes(), budgetBytes: budget.limitInBytes }),
  };
}
