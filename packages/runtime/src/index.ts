export { createEngine, type EngineParts } from "./engine.ts";
export { MemoryBudget } from "./memory-budget.ts";
export { createSession, type RuntimeSession, runtimeVersion, type SessionOptions, toRuntime } from "./onnx-runtime.ts";
export { createRuntime, type Runtime, type RuntimeOptions } from "./runtime.ts";
export { TurnQueue, throwIfCancelled } from "./turn-queue.ts";
