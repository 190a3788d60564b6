/**
 * A typed client of the API, for browsers and Node: one method per operation, derived from the table of operations.
 *
 *     const client = createClient({ baseUrl: "http://127.0.0.1:7330" });
 *     const { results } = await client.run({ body: { model: "stories-15m", input: { text: "One day" } } });
 *
 * A refused request rejects with ApiError, which carries the server's problem; an aborted one with the signal's reason.
 */
import type { GenerationEvent } from "../generation.ts";
import type { Job } from "../jobs.ts";
import {
  API_PREFIX,
  type BodyOf,
  OPERATIONS,
  type Operation,
  type OperationName,
  type ResponseOf,
} from "../operations.ts";
import type { AskEvent, QuestionName } from "../questions.ts";
import { ApiError, errorOfResponse, interrupted, unreachable } from "./api-error.ts";
import type { CallArguments, CallControl, PlainCalls } from "./call-types.ts";
import { readEvents } from "./event-stream.ts";

export { ApiError } from "./api-error.ts";
export type { CallArguments, CallControl, CallOptions, PlainOperation } from "./call-types.ts";

export interface ClientOptions {
  /** Where the server is: `http://127.0.0.1:7330`. Default: the page's own origin. */
  readonly baseUrl?: string;
  readonly fetch?: typeof globalThis.fetch;
  /** Needed by a server that listens beyond loopback. */
  readonly token?: string;
  /** A name under which the server shares its time fairly between clients. */
  readonly clientName?: string;
}

export interface Client extends PlainCalls {
  call<Name extends OperationName>(name: Name, ...options: CallArguments<Name>): Promise<ResponseOf<Name>>;
  /** The run's large arrays as a safetensors file; everything else is JSON under the metadata key "json". */
  runAsSafetensors(options: { readonly body: BodyOf<"run"> } & CallControl): Promise<Uint8Array>;
  /** start, token…, done. A failure on the way throws ApiError. Leaving the loop early cancels the work. */
  generateStream(request: BodyOf<"generate">, control?: CallControl): AsyncGenerator<StreamedGenerationEvent>;
  /** progress…, done. A failure on the way throws ApiError. Leaving the loop early cancels the work. */
  ask<Name extends QuestionName>(
    name: Name,
    options: { readonly body: BodyOf<Name> } & CallControl,
  ): AsyncGenerator<AskEvent<Name>>;
  /** The job at once, then after each change, until it is done, failed or cancelled. */
  watchJob(id: string, control?: CallControl): AsyncGenerator<Job>;
}

export type StreamedGenerationEvent = Exclude<GenerationEvent, { event: "problem" }>;

interface LooseOptions extends CallControl {
  readonly params?: object | undefined;
  readonly query?: object | undefined;
  readonly body?: unknown;
}

export function createClient({ baseUrl = "", fetch, token, clientName }: ClientOptions = {}): Client {
  const root = baseUrl.replace(/\/+$/, "") + API_PREFIX;

  async function send(name: OperationName, options: LooseOptions, accept: string): Promise<Response> {
    const operation: Operation = OPERATIONS[name];
    const url = root + fillPath(operation.path, options.params) + queryString(options.query);
    const headers: Record<string, string> = { accept };
    if (operation.body !== undefined) headers["content-type"] = "application/json";
    if (token !== undefined) headers.authorization = `Bearer ${token}`;
    if (clientName !== undefined) headers["x-client"] = clientName;
    const init: RequestInit = { method: operation.method, headers };
    if (operation.body !== undefined) init.body = JSON.stringify(options.body);
    if (options.signal !== undefined) init.signal = options.signal;
    const response = await (fetch ?? globalThis.fetch)(url, init).catch((cause: unknown) => {
      options.signal?.throwIfAborted();
      throw unreachable(url, cause);
    });
    if (!response.ok) throw await errorOfResponse(response);
    return response;
  }

  async function callLoosely(name: OperationName, options: LooseOptions = {}): Promise<unknown> {
    return (await send(name, options, "application/json")).json();
  }

  async function* events(name: OperationName, options: LooseOptions): AsyncGenerator<{ event: string; data: unknown }> {
    const response = await send(name, options, "text/event-stream");
    if (response.body === null) return;
    for await (const { event, data } of readEvents(response.body)) {
      const value: unknown = JSON.parse(data);
      if (event === "problem") throw new ApiError(value as ApiError["problem"]);
      yield { event, data: value };
    }
    options.signal?.throwIfAborted();
  }

  const plain = Object.fromEntries(
    operationNames().map((name) => [name, (options?: LooseOptions) => callLoosely(name, options)]),
  ) as unknown as PlainCalls;

  return {
    ...plain,
    // The table gives the type of the answer; the server checks what it sends against the same table in its tests.
    call: async (name, ...[options]) => (await callLoosely(name, options)) as ResponseOf<typeof name>,
    runAsSafetensors: async (options) =>
      new Uint8Array(await (await send("run", options, "application/vnd.safetensors")).arrayBuffer()),
    async *generateStream(request, { signal } = {}) {
      let last = "";
      for await (const event of events("generate", { body: { ...request, stream: true }, signal })) {
        last = event.event;
        yield event as StreamedGenerationEvent;
      }
      if (last !== "done") throw interrupted();
    },
    async *ask<Name extends QuestionName>(name: Name, { body, signal }: { body: BodyOf<Name> } & CallControl) {
      let last = "";
      for await (const event of events(name, { body, signal })) {
        last = event.event;
        yield event as AskEvent<Name>;
      }
      if (last !== "done") throw interrupted();
    },
    async *watchJob(id, { signal } = {}) {
      let last: Job | undefined;
      for await (const { data } of events("watchJob", { params: { id }, signal })) {
        last = data as Job;
        yield last;
      }
      if (last === undefined || last.state === "queued" || last.state === "running") throw interrupted();
    },
  };
}

function operationNames(): OperationName[] {
  return Object.keys(OPERATIONS) as OperationName[];
}

function fillPath(path: string, params: object = {}): string {
  const values = new Map<string, unknown>(Object.entries(params));
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(values.get(name))));
}

function queryString(query: object = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}
