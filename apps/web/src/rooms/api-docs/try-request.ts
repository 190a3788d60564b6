/** The request that "Try it" sends, and the same as a command. */
import type { ApiOperation } from "./openapi.ts";

export interface TryRequest {
  readonly method: string;
  /** From the server's root. */
  readonly path: string;
  readonly body: string | undefined;
}

export function tryRequest(
  prefix: string,
  operation: ApiOperation,
  values: Readonly<Record<string, string>>,
  body: string,
): TryRequest {
  const query = new URLSearchParams();
  let path = operation.path;
  for (const parameter of operation.parameters) {
    const value = values[parameter.name] ?? "";
    if (parameter.in === "path") path = path.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (value !== "") query.set(parameter.name, value);
  }
  const search = query.toString();
  return {
    method: operation.method,
    path: `${prefix}${path}${search === "" ? "" : `?${search}`}`,
    body: operation.body === undefined ? undefined : body,
  };
}

/** For a POSIX shell: single quotes hold everything but themselves. */
export function asCurl({ method, path, body }: TryRequest, origin: string): string {
  const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  const parts = ["curl -sS", ...(method === "GET" ? [] : [`-X ${method}`]), quote(origin + path)];
  if (body !== undefined) parts.push("-H 'content-type: application/json'", `-d ${quote(body)}`);
  return parts.join(" ");
}

export interface TryAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly milliseconds: number;
  readonly text: string;
}

/** Enough to read; a whole logits tensor would freeze the page. */
const SHOWN_CHARACTERS = 60_000;

export async function sendTry({ method, path, body }: TryRequest, signal: AbortSignal): Promise<TryAnswer> {
  const started = performance.now();
  const response = await fetch(path, {
    method,
    signal,
    ...(body !== undefined && { body, headers: { "content-type": "application/json" } }),
  });
  const received = await response.text();
  const text = indented(received);
  return {
    status: response.status,
    statusText: response.statusText,
    milliseconds: performance.now() - started,
    text:
      text.length > SHOWN_CHARACTERS
        ? `${text.slice(0, SHOWN_CHARACTERS)}\n… ${text.length - SHOWN_CHARACTERS} more characters`
        : text,
  };
}

function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch (error) {
    // Event streams and the like are shown as they are.
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}
