/** Reads a request's body as JSON, within a limit that holds whatever the headers promise. */
import { PatchbayError } from "@patchbay/vocabulary";
import { jsonErrorPosition } from "./json-error-position.ts";

export const BODY_LIMIT = 10 * 1024 * 1024;

const DISCARD_BYTES = 64 * 1024 * 1024;
const DISCARD_MILLISECONDS = 500;

export async function readJsonBody(request: Request, limit = BODY_LIMIT): Promise<unknown> {
  const text = decode(await readBytes(request, limit));
  if (text.trim() === "") {
    throw new PatchbayError("malformed-json", "The request has no body.", { expected: "a JSON object" });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const { offset, line, column, expected } = jsonErrorPosition(text);
    const found = offset >= text.length ? "the end of the body" : JSON.stringify(text.slice(offset, offset + 24));
    throw new PatchbayError(
      "malformed-json",
      `The body is not JSON at line ${line}, column ${column} (offset ${offset}).`,
      {
        expected,
        received: found,
        ...(/^(?:NaN|-?Infinity)/.test(text.slice(offset))
          ? { advice: "JSON has no NaN and no Infinity; use finite numbers." }
          : {}),
      },
    );
  }
}

async function readBytes(request: Request, limit: number): Promise<Uint8Array> {
  const announced = Number(request.headers.get("content-length") ?? 0);
  if (request.body === null) return new Uint8Array();
  const reader = request.body.getReader();
  if (announced > limit) {
    await discardRest(reader);
    throw tooLarge(`${announced} bytes`, limit);
  }
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(pieces);
    length += value.length;
    if (length > limit) {
      await discardRest(reader);
      throw tooLarge(`more than ${limit} bytes`, limit);
    }
    pieces.push(value);
  }
}

/**
 * Most clients send their whole body before they read the answer, and see a broken pipe instead of the problem when the
 * connection closes under them. So a little more is read and thrown away; a body without end is cut off.
 */
async function discardRest(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const stop = () => void reader.cancel().catch(() => undefined);
  const timer = setTimeout(stop, DISCARD_MILLISECONDS);
  for (let discarded = 0; discarded < DISCARD_BYTES; ) {
    const { done, value } = await reader.read();
    if (done) break;
    discarded += value.length;
  }
  clearTimeout(timer);
  stop();
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new PatchbayError("malformed-json", "The body is not UTF-8 text.", { expected: "JSON in UTF-8", cause });
  }
}

function tooLarge(received: string, limit: number): PatchbayError {
  return new PatchbayError("request-too-large", "The request's body is too large.", {
    expected: `at most ${limit} bytes`,
    received,
    advice: "Split the request; a batch of rows can be sent as several requests.",
  });
}
