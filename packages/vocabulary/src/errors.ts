/**
 * One base class for every failure that a person can cause or must act on. The code is stable and appears on the wire;
 * `expected`, `received` and `advice` are the facts, and the message is built from them.
 */

/** Every error code with the HTTP status that it maps to. Codes are part of the API: never rename one. */
export const ERROR_CODES = {
  "bad-request": 400,
  "malformed-json": 400,
  "invalid-request": 422,
  "unknown-model": 404,
  "unknown-site": 422,
  "site-not-writable": 422,
  "unit-out-of-range": 422,
  "position-out-of-range": 422,
  "layer-out-of-range": 422,
  "row-out-of-range": 422,
  "token-out-of-range": 422,
  "unknown-token": 422,
  "context-exceeded": 422,
  "empty-input": 422,
  "intervention-matches-nothing": 422,
  "values-do-not-fit": 422,
  "not-finite": 422,
  "request-too-large": 413,
  "result-too-large": 413,
  "unsupported-model": 422,
  "damaged-file": 422,
  "file-not-found": 404,
  "not-found": 404,
  "not-ready": 409,
  conflict: 409,
  cancelled: 499,
  unauthorised: 401,
  "method-not-allowed": 405,
  "memory-exhausted": 507,
  "fetch-failed": 502,
  "internal-error": 500,
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface ErrorFacts {
  /** What would have been right, in words or as a range. */
  readonly expected?: string;
  /** What came instead. */
  readonly received?: string;
  /** What to do now. */
  readonly advice?: string;
  /** Where in the request, as a JSON pointer without the leading slash: `interventions/0/units/2`. */
  readonly at?: string;
  readonly cause?: unknown;
}

export class PatchbayError extends Error {
  override readonly name: string = "PatchbayError";
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, summary: string, facts: ErrorFacts = {}) {
    super(sentence(summary, facts), facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.facts = facts;
  }

  get status(): number {
    return ERROR_CODES[this.code];
  }

  /** The same failure, placed in a larger request: `at("interventions/0")`. */
  at(path: string): PatchbayError {
    const at = this.facts.at === undefined ? path : `${path}/${this.facts.at}`;
    const copy = new PatchbayError(this.code, "", { ...this.facts, at });
    copy.message = this.message;
    if (this.stack !== undefined) copy.stack = this.stack;
    return copy;
  }
}

/** A broken promise inside our own code; never the user's fault. */
export class InvariantError extends Error {
  override readonly name = "InvariantError";
}

export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

export function ensureDefined<T>(value: T | undefined | null, what = "value"): T {
  if (value === undefined || value === null) throw new InvariantError(`${what} is missing`);
  return value;
}

function sentence(summary: string, { expected, received, advice }: ErrorFacts): string {
  const parts = [summary.trim()];
  if (expected !== undefined) parts.push(`Expected ${expected}.`);
  if (received !== undefined) parts.push(`Received ${received}.`);
  if (advice !== undefined) parts.push(advice);
  return parts.filter((part) => part !== "").join(" ");
}
