/** Routes from the contract's table: an operation that is in the table and has no handler does not compile. */
import { API_PREFIX, OPERATIONS, type Operation, type OperationName } from "@patchbay/contract";
import { PatchbayError } from "@patchbay/vocabulary";
import type { Context, Hono } from "hono";
import type { Call, Handlers } from "../handlers/handler.ts";
import { checkSchema } from "./check-schema.ts";
import { problemOf, problemResponse } from "./problem.ts";
import { readJsonBody } from "./read-json-body.ts";

type AnyCall = Call<OperationName>;
type AnyHandler = (call: AnyCall) => Promise<unknown>;

export function registerOperations(app: Hono, handlers: Handlers, shutdown: AbortSignal): void {
  const methodsOfPath = new Map<string, string[]>();
  for (const [name, operation] of Object.entries(OPERATIONS) as [OperationName, Operation][]) {
    const path = API_PREFIX + operation.path.replaceAll(/\{(\w+)\}/g, ":$1");
    // The table ties each name to its handler; inside this loop the tie is no longer visible to the compiler.
    const handler = handlers[name] as unknown as AnyHandler;
    app.on(operation.method, path, async (context) => {
      const answer = await handler(await readCall(context, operation, shutdown));
      return answer instanceof Response ? answer : context.json(answer as object, 200, { "cache-control": "no-store" });
    });
    methodsOfPath.set(path, [...(methodsOfPath.get(path) ?? []), operation.method]);
  }
  for (const [path, methods] of methodsOfPath) app.all(path, (context) => methodNotAllowed(context, methods));
}

async function readCall(context: Context, operation: Operation, shutdown: AbortSignal): Promise<AnyCall> {
  const { params, query, body, bodyLimit } = operation;
  const accept = context.req.header("accept") ?? "*/*";
  return {
    params: params && checkSchema(params, context.req.param(), "path"),
    query: query && checkSchema(query, context.req.query(), "query"),
    body: body && checkSchema(body, await readJsonBody(context.req.raw, bodyLimit), "request"),
    signal: AbortSignal.any([context.req.raw.signal, shutdown]),
    client: context.req.header("x-client") ?? remoteAddress(context),
    accepts: (mediaType: string) => accept.includes(mediaType),
  } as AnyCall;
}

/** Absent when the app is called in the same process, as tests do. */
function remoteAddress(context: Context): string {
  const { incoming } = (context.env ?? {}) as { incoming?: { socket?: { remoteAddress?: string } } };
  return incoming?.socket?.remoteAddress ?? "local";
}

export function methodNotAllowed(context: Context, methods: readonly string[]): Response {
  const allow = methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", ");
  const error = new PatchbayError("method-not-allowed", `${context.req.path} does not answer ${context.req.method}.`, {
    expected: allow,
    received: context.req.method,
  });
  const problem = problemOf(error);
  if (problem === undefined) throw error;
  return problemResponse(problem, { allow });
}
