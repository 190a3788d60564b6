/** A request that did not succeed, with the server's problem document as fields. */
import type { z } from "zod";
import type { Problem } from "../primitives.ts";

type ProblemDocument = z.infer<typeof Problem>;

export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly problem: ProblemDocument;

  constructor(problem: ProblemDocument, cause?: unknown) {
    super(problem.detail, cause === undefined ? undefined : { cause });
    this.problem = problem;
  }

  /** Stable and machine-readable; "unreachable" when no answer came at all. */
  get code(): string {
    return this.problem.code;
  }
  /** HTTP status; 0 when no answer came at all. */
  get status(): number {
    return this.problem.status;
  }
  get expected(): string | undefined {
    return this.problem.expected;
  }
  get received(): string | undefined {
    return this.problem.received;
  }
  get advice(): string | undefined {
    return this.problem.advice;
  }
  /** Where in the request: `interventions/0/units/2`. */
  get at(): string | undefined {
    return this.problem.at;
  }
  get errors(): readonly { at: string; message: string }[] {
    return this.problem.errors ?? [];
  }
}

/** The failure that an answer describes; a proxy's HTML page or an empty body still gives a usable problem. */
export async function errorOfResponse(response: Response): Promise<ApiError> {
  const text = await response.text();
  const problem = parseProblem(text);
  if (problem !== undefined) return new ApiError(problem);
  return new ApiError({
    type: "about:blank",
    title: response.statusText === "" ? `Status ${response.status}` : response.statusText,
    status: response.status,
    detail: `The server answered ${response.status} without a problem document.`,
    code: "unexpected-answer",
    received: text.slice(0, 200),
  });
}

/** No answer: the server is not running, or the network failed. */
export function unreachable(url: string, cause: unknown): ApiError {
  return new ApiError(
    {
      type: "about:blank",
      title: "Unreachable",
      status: 0,
      detail: `No answer from ${url}. Is the server running? Start it with "npm start".`,
      code: "unreachable",
      advice: 'Start the server with "npm start".',
    },
    cause,
  );
}

/** The stream ended before its last event: the server stopped, or the connection broke. */
export function interrupted(): ApiError {
  return new ApiError({
    type: "about:blank",
    title: "Interrupted",
    status: 0,
    detail: "The connection ended before the answer was complete.",
    code: "interrupted",
    advice: "Check that the server is running, and ask again.",
  });
}

function parseProblem(text: string): ProblemDocument | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isProblem(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A hand-written check: the client must not carry the cost of checking every answer against its schema. */
function isProblem(value: unknown): value is ProblemDocument {
  return (
    typeof value === "object" &&
    value !== null &&
    "code" in value &&
    typeof value.code === "string" &&
    "status" in value &&
    typeof value.status === "number" &&
    "detail" in value &&
    typeof value.detail === "string"
  );
}
