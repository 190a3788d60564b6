/** Failures on the wire: RFC 9457 problem documents. */
import type { Problem } from "@patchbay/contract";
import { ERROR_CODES, PatchbayError } from "@patchbay/vocabulary";
import type { z } from "zod";

export type ProblemDocument = z.infer<typeof Problem>;

/** `undefined` where the failure is not the caller's: it must be logged, and nothing of it may leak. */
export function problemOf(error: unknown): ProblemDocument | undefined {
  if (error instanceof InvalidRequest) return { ...document(error), errors: [...error.errors] };
  return error instanceof PatchbayError ? document(error) : undefined;
}

export function internalProblem(requestId: string): ProblemDocument {
  return {
    type: typeOf("internal-error"),
    title: titleOf("internal-error"),
    status: ERROR_CODES["internal-error"],
    detail: `Something failed inside the server. Its log has the details under request ${requestId}.`,
    code: "internal-error",
    advice: `Report the lines of the log that name request ${requestId}.`,
  };
}

export function problemResponse(problem: ProblemDocument, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store", ...headers },
  });
}

/** A request that does not fit its schema, with every place where it does not. */
export class InvalidRequest extends PatchbayError {
  readonly errors: readonly { at: string; message: string }[];

  constructor(summary: string, errors: readonly { at: string; message: string }[], facts: PatchbayError["facts"]) {
    super("invalid-request", summary, facts);
    this.errors = errors;
  }
}

function document(error: PatchbayError): ProblemDocument {
  const { expected, received, advice, at } = error.facts;
  return {
    type: typeOf(error.code),
    title: titleOf(error.code),
    status: error.status,
    detail: error.message,
    code: error.code,
    ...(expected === undefined ? {} : { expected }),
    ...(received === undefined ? {} : { received }),
    ...(advice === undefined ? {} : { advice }),
    ...(at === undefined ? {} : { at }),
  };
}

function typeOf(code: string): string {
  return `urn:patchbay:problem:${code}`;
}

function titleOf(code: string): string {
  const words = code.replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
