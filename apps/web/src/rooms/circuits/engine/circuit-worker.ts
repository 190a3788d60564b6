/// <reference lib="webworker" />
/** The room's worker: parses files, prunes, scores, lays out, and paints the picture that the page moves around. */

import { paintCircuit } from "@patchbay/charts/paint";
import { describeNotice, readGraphText } from "@patchbay/circuit-graph";
import { PatchbayError } from "@patchbay/vocabulary";
import { CircuitEngine } from "./circuit-engine.ts";
import type { CircuitTasks, TaskName } from "./circuit-tasks.ts";

declare const self: DedicatedWorkerGlobalScope;

export interface TaskMessage {
  readonly id: number;
  readonly name: TaskName;
  readonly input: unknown;
}

export interface TaskFailure {
  readonly title: string;
  readonly detail: string;
  readonly code?: string;
}

export type TaskReply =
  | { readonly id: number; readonly output: unknown }
  | { readonly id: number; readonly failure: TaskFailure };

let engine: CircuitEngine | undefined;

function opened(): CircuitEngine {
  if (engine === undefined) throw new Error("No graph is open.");
  return engine;
}

const TASKS: {
  readonly [Name in TaskName]: (
    input: CircuitTasks[Name]["input"],
  ) => CircuitTasks[Name]["output"] | Promise<CircuitTasks[Name]["output"]>;
} = {
  async open({ file }) {
    const began = performance.now();
    const { graph, notices } = readGraphText(await textOf(file));
    engine = new CircuitEngine(graph);
    return { graph, notices: notices.map(describeNotice), milliseconds: performance.now() - began };
  },
  load({ graph }) {
    engine = new CircuitEngine(graph);
    return null;
  },
  draw: (input) => opened().draw(input),
  subgraph: (input) => opened().subgraph(input),
  suggest: (input) => opened().suggest(input),
  paint({ transform, width, height, ratio, palette }) {
    const drawing = engine?.drawing;
    if (drawing === undefined) return null;
    const canvas = new OffscreenCanvas(Math.round(width * ratio), Math.round(height * ratio));
    const context = canvas.getContext("2d");
    if (context === null) return null;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    paintCircuit(context, { ...drawing, transform, width, height, palette });
    return canvas.transferToImageBitmap();
  },
};

self.onmessage = async ({ data }: MessageEvent<TaskMessage>) => {
  const { id, name, input } = data;
  try {
    const run = TASKS[name] as (input: unknown) => unknown;
    const output = await run(input);
    const transfer = output instanceof ImageBitmap ? [output] : [];
    self.postMessage({ id, output } satisfies TaskReply, transfer);
  } catch (error) {
    self.postMessage({ id, failure: failureOf(error) } satisfies TaskReply);
  }
};

/** Compressed files are told by their first bytes, whatever they are called. */
async function textOf(file: Blob): Promise<string> {
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  if (first !== 0x1f || second !== 0x8b) return file.text();
  return new Response(file.stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

function failureOf(error: unknown): TaskFailure {
  if (error instanceof PatchbayError)
    return { title: "The graph was refused", detail: error.message, code: error.code };
  return { title: "Something went wrong", detail: error instanceof Error ? error.message : String(error) };
}
