/** The page's end of the worker: calls that return promises, and for what a slider asks, only the newest. */
import type { CircuitTasks, TaskName } from "./circuit-tasks.ts";
import type { TaskFailure, TaskReply } from "./circuit-worker.ts";

export class TaskError extends Error {
  override readonly name = "TaskError";
  readonly failure: TaskFailure;
  constructor(failure: TaskFailure) {
    super(failure.detail);
    this.failure = failure;
  }
}

interface Waiting {
  resolve(output: unknown): void;
  reject(error: unknown): void;
}

export class CircuitClient {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #running = new Set<TaskName>();
  /** The newest question of each kind that waits for the running one. */
  readonly #following = new Map<TaskName, Waiting & { readonly input: unknown }>();
  #next = 1;

  constructor() {
    this.#worker = new Worker(new URL("./circuit-worker.ts", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<TaskReply>) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ("failure" in data) waiting?.reject(new TaskError(data.failure));
      else waiting?.resolve(data.output);
    };
    this.#worker.onerror = (event) => {
      const detail = event.message || "The worker that computes the graph could not be started.";
      for (const { reject } of this.#waiting.values()) reject(new TaskError({ title: "No worker", detail }));
      this.#waiting.clear();
    };
  }

  ask<Name extends TaskName>(name: Name, input: CircuitTasks[Name]["input"]): Promise<CircuitTasks[Name]["output"]> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: (output) => resolve(output as CircuitTasks[Name]["output"]), reject });
      this.#worker.postMessage({ id, name, input });
    });
  }

  /** While one is computed only the newest of those that follow is kept; the others resolve to undefined. */
  askNewest<Name extends TaskName>(
    name: Name,
    input: CircuitTasks[Name]["input"],
  ): Promise<CircuitTasks[Name]["output"] | undefined> {
    if (!this.#running.has(name)) return this.#run(name, input);
    this.#following.get(name)?.resolve(undefined);
    return new Promise((resolve, reject) => {
      this.#following.set(name, {
        input,
        resolve: (output) => resolve(output as CircuitTasks[Name]["output"] | undefined),
        reject,
      });
    });
  }

  async #run<Name extends TaskName>(
    name: Name,
    input: CircuitTasks[Name]["input"],
  ): Promise<CircuitTasks[Name]["output"]> {
    this.#running.add(name);
    try {
      return await this.ask(name, input);
    } finally {
      const next = this.#following.get(name);
      this.#following.delete(name);
      if (next === undefined) this.#running.delete(name);
      else this.#run(name, next.input as CircuitTasks[Name]["input"]).then(next.resolve, next.reject);
    }
  }

  dispose(): void {
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values())
      reject(new TaskError({ title: "Closed", detail: "The graph was closed." }));
    this.#waiting.clear();
  }
}
