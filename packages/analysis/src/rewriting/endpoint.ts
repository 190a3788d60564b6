/** Asks an OpenAI-compatible chat endpoint. Where it is, and with which key, is the server's configuration. */
import { setTimeout } from "node:timers/promises";
import { PatchbayError } from "@patchbay/vocabulary";

export interface EndpointSettings {
  /** Of the API, such as https://host/v1; "/chat/completions" is added where it is missing. */
  readonly url: string;
  readonly key: string | undefined;
  /** Servers of one model do not need it. */
  readonly model: string | undefined;
}

export interface EndpointPatience {
  readonly attempts: number;
  /** Of one attempt. */
  readonly limitInMilliseconds: number;
  /** Before the second attempt; doubled before each further one. */
  readonly pauseInMilliseconds: number;
}

export const DEFAULT_PATIENCE: EndpointPatience = {
  attempts: 3,
  limitInMilliseconds: 60_000,
  pauseInMilliseconds: 1000,
};
/** No answer to our questions is longer. */
const ANSWER_LIMIT_IN_BYTES = 2 ** 20;

/** undefined where PATCHBAY_LLM_URL is not set. @throws PatchbayError `invalid-request` for what is no address */
export function endpointSettings(
  environment: Readonly<Record<string, string | undefined>>,
): EndpointSettings | undefined {
  const url = environment["PATCHBAY_LLM_URL"];
  if (url === undefined || url === "") return undefined;
  if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : "")) {
    throw new PatchbayError("invalid-request", "PATCHBAY_LLM_URL is no address.", {
      expected: "http://… or https://…",
      received: url,
    });
  }
  return {
    url,
    key: environment["PATCHBAY_LLM_KEY"] || undefined,
    model: environment["PATCHBAY_LLM_MODEL"] || undefined,
  };
}

/** @throws PatchbayError `not-ready` */
export function requireEndpoint(settings: EndpointSettings | undefined): EndpointSettings {
  if (settings !== undefined) return settings;
  throw new PatchbayError("not-ready", "No language model is configured that could read labels.", {
    advice:
      "Start Patchbay with PATCHBAY_LLM_URL set to an OpenAI-compatible endpoint (such as http://localhost:8080/v1), and PATCHBAY_LLM_KEY and PATCHBAY_LLM_MODEL where it wants them.",
    at: "simulator",
  });
}

/**
 * Asks until `read` makes something of the answer, a few times at most.
 * @throws PatchbayError `fetch-failed`, `cancelled`
 */
export async function ask<Answer>(
  settings: EndpointSettings,
  messages: readonly { readonly role: "system" | "user"; readonly content: string }[],
  read: (content: string) => Answer | undefined,
  signal: AbortSignal,
  { attempts, limitInMilliseconds, pauseInMilliseconds }: EndpointPatience = DEFAULT_PATIENCE,
): Promise<Answer> {
  let problem = "";
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (attempt > 0) await pause(pauseInMilliseconds * 2 ** (attempt - 1), signal);
    const limited = AbortSignal.any([signal, AbortSignal.timeout(limitInMilliseconds)]);
    try {
      const response = await post(settings, messages, limited);
      if (response.ok) {
        const content = contentOf(await limitedText(response));
        const answer = content === undefined ? undefined : read(content);
        if (answer !== undefined) return answer;
        problem = `an answer that cannot be used: ${JSON.stringify((content ?? "").slice(0, 120))}`;
        continue;
      }
      problem = `status ${response.status}`;
      await response.body?.cancel();
      // Anything else than overload and the server's own failures will not get better.
      if (response.status !== 429 && response.status < 500) break;
    } catch (error) {
      if (signal.aborted) throw cancelled(error);
      problem = limited.aborted ? `no answer in ${limitInMilliseconds} ms` : reasonOf(error);
    }
  }
  throw new PatchbayError("fetch-failed", "The language model's endpoint gave no usable answer.", {
    expected: "a chat completion",
    received: problem,
    advice: "Check PATCHBAY_LLM_URL, PATCHBAY_LLM_KEY and PATCHBAY_LLM_MODEL.",
  });
}

function post(
  { url, key, model }: EndpointSettings,
  messages: readonly object[],
  signal: AbortSignal,
): Promise<Response> {
  const base = url.replace(/\/+$/, "");
  return fetch(base.endsWith("/chat/completions") ? base : `${base}/chat/completions`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify({ ...(model === undefined ? {} : { model }), temperature: 0, messages }),
    signal,
  });
}

async function limitedText(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
    length += part.value.length;
    if (length > ANSWER_LIMIT_IN_BYTES) {
      await reader?.cancel();
      throw new Error(`an answer of more than ${ANSWER_LIMIT_IN_BYTES} bytes`);
    }
    text += decoder.decode(part.value, { stream: true });
  }
  return text + decoder.decode();
}

function contentOf(text: string): string | undefined {
  try {
    const answer = JSON.parse(text) as { choices?: { message?: { content?: unknown } }[] };
    const content = answer.choices?.[0]?.message?.content;
    return typeof content === "string" ? content : undefined;
  } catch {
    return undefined;
  }
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await setTimeout(milliseconds, undefined, { signal }).catch((error: unknown) => {
    throw cancelled(error);
  });
}

function cancelled(cause: unknown): PatchbayError {
  return new PatchbayError("cancelled", "The work was cancelled.", { cause });
}

/** fetch hides the reason (ECONNREFUSED) in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
