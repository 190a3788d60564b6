/** The HTTP face: the API from the contract's table, the workbench's files, and problems for everything that fails. */
import { API_PREFIX } from "@patchbay/contract";
import { openApiDocument } from "@patchbay/contract/openapi";
import { PatchbayError } from "@patchbay/vocabulary";
import { type Context, Hono } from "hono";
import { allHandlers } from "./handlers/all-handlers.ts";
import { type AccessRules, guardAccess } from "./http/access.ts";
import { internalProblem, problemOf, problemResponse } from "./http/problem.ts";
import { methodNotAllowed, registerOperations } from "./http/register-operations.ts";
import { newRequestId } from "./http/request-id.ts";
import type { Services } from "./services.ts";

export interface AppParts {
  readonly services: Services;
  readonly access?: AccessRules;
  /** Answers for every path outside the API. */
  readonly web?: (request: Request) => Promise<Response>;
}

export function createApp({ services, access = {}, web }: AppParts): Hono {
  const app = new Hono();
  app.onError((error, context) => answerFailure(error, context, services.log));
  app.use(async (context, next) => {
    await next();
    context.header("x-content-type-options", "nosniff");
    context.header("referrer-policy", "same-origin");
    context.header("cross-origin-resource-policy", "same-origin");
    context.header("content-security-policy", "frame-ancestors 'self'; base-uri 'self'; object-src 'none'");
  });
  app.use(guardAccess(access));

  const document = openApiDocument(services.engine.engine);
  app.get(`${API_PREFIX}/openapi.json`, (context) => context.json(document));
  app.get("/api/docs", (context) => context.redirect("/api-docs"));
  for (const path of [`${API_PREFIX}/openapi.json`, "/api/docs"]) {
    app.all(path, (context) => methodNotAllowed(context, ["GET"]));
  }
  registerOperations(app, allHandlers(services), services.shutdown);
  app.all("/api/*", ({ req }) => {
    throw new PatchbayError("not-found", `The API has nothing at ${req.path}.`, {
      received: `${req.method} ${req.path}`,
      advice: `GET ${API_PREFIX}/openapi.json lists every operation.`,
    });
  });
  if (web !== undefined) {
    app.get("*", (context) => web(context.req.raw));
    app.all("*", (context) => methodNotAllowed(context, ["GET"]));
  }
  return app;
}

function answerFailure(error: unknown, context: Context, log: Services["log"]): Response {
  const request = `${context.req.method} ${context.req.path}`;
  if (context.req.raw.signal.aborted) {
    log(`499 ${request}: the client went away`);
    return new Response(null, { status: 499 });
  }
  const known = problemOf(error);
  if (known !== undefined) return problemResponse(known);
  const id = newRequestId();
  log(`500 ${request} [${id}] ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return problemResponse(internalProblem(id), { "x-request-id": id });
}
