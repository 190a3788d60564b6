import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { ask, endpointSettings, requireEndpoint } from "./endpoint.ts";
import { readActivations } from "./label-simulator.ts";

const HASTY = { attempts: 3, limitInMilliseconds: 5000, pauseInMilliseconds: 1 };
const NEVER = new AbortController().signal;
const QUESTION = [{ role: "user", content: "?" }] as const;
const anything = (content: string) => content;

interface Call {
  readonly path: string | undefined;
  readonly authorization: string | undefined;
  readonly body: { readonly model?: string; readonly messages?: unknown };
}

/** A server that answers call after call as it is told; the last answer stays. */
async function serve(
  t: TestContext,
  answers: readonly ((response: ServerResponse, request: IncomingMessage) => void)[],
): Promise<{ url: string; calls: Call[] }> {
  const calls: Call[] = [];
  const server = createServer(async (request, response) => {
    const answer = answers[Math.min(calls.length, answers.length - 1)];
    const body = JSON.parse(await text(request)) as Call["body"];
    calls.push({ path: request.url, authorization: request.headers.authorization, body });
    answer?.(response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, calls };
}

const completion = (content: string) => (response: ServerResponse) => {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ choices: [{ message: { role: "assistant", content } }] }));
};
const status = (code: number) => (response: ServerResponse) => {
  response.statusCode = code;
  response.end("no");
};

test("settings come from the environment; without an address the advice says how to configure one", () => {
  assert.equal(endpointSettings({}), undefined);
  assert.throws(() => requireEndpoint(undefined), { code: "not-ready", message: /PATCHBAY_LLM_URL/ });
  assert.deepEqual(endpointSettings({ PATCHBAY_LLM_URL: "http://localhost:1/v1", PATCHBAY_LLM_KEY: "k" }), {
    url: "http://localhost:1/v1",
    key: "k",
    model: undefined,
  });
  assert.throws(() => endpointSettings({ PATCHBAY_LLM_URL: "file:///etc" }), { code: "invalid-request" });
});

test("a question goes to chat/completions with key and model", async (t) => {
  const { url, calls } = await serve(t, [completion("yes")]);
  const settings = { url, key: "secret", model: "small" };
  assert.equal(await ask(settings, QUESTION, anything, NEVER, HASTY), "yes");
  assert.deepEqual(calls, [
    {
      path: "/v1/chat/completions",
      authorization: "Bearer secret",
      body: { model: "small", temperature: 0, messages: [{ role: "user", content: "?" }] },
    },
  ]);
});

test("overload, failures and unusable answers are tried again, a few times", async (t) => {
  const { url, calls } = await serve(t, [status(429), completion("rubbish"), completion("[1]")]);
  const read = (content: string) => readActivations(content, 1);
  assert.deepEqual(await ask({ url, key: undefined, model: undefined }, QUESTION, read, NEVER, HASTY), [1]);
  assert.equal(calls.length, 3);
});

test("a refusal is not tried again, and the key is not told", async (t) => {
  const { url, calls } = await serve(t, [status(401)]);
  const settings = { url, key: "secret", model: undefined };
  await assert.rejects(ask(settings, QUESTION, anything, NEVER, HASTY), (error: Error) => {
    assert.match(error.message, /status 401/);
    assert.doesNotMatch(error.message, /secret/);
    return true;
  });
  assert.equal(calls.length, 1);
});

test("no answer in time, an endless answer and no server are failures in words", async (t) => {
  const silent = await serve(t, [() => undefined]);
  const settings = { key: undefined, model: undefined };
  const impatient = { ...HASTY, attempts: 1, limitInMilliseconds: 50 };
  await assert.rejects(ask({ ...settings, url: silent.url }, QUESTION, anything, NEVER, impatient), {
    code: "fetch-failed",
    message: /no answer in 50 ms/,
  });
  const endless = await serve(t, [(response) => void response.end("x".repeat(2 ** 21))]);
  await assert.rejects(ask({ ...settings, url: endless.url }, QUESTION, anything, NEVER, HASTY), {
    code: "fetch-failed",
    message: /more than/,
  });
  await assert.rejects(ask({ ...settings, url: "http://127.0.0.1:1/v1" }, QUESTION, anything, NEVER, HASTY), {
    code: "fetch-failed",
  });
});

test("cancelling ends a waiting question at once", async (t) => {
  const controller = new AbortController();
  const { url } = await serve(t, [() => controller.abort()]);
  const asking = ask({ url, key: undefined, model: undefined }, QUESTION, anything, controller.signal, HASTY);
  await assert.rejects(asking, { code: "cancelled" });
});

test("activations are read from the array in an answer, of the right length, between 0 and 10", () => {
  assert.deepEqual(readActivations("Sure: [0, 3, 12, -1]", 4), [0, 3, 10, 0]);
  assert.deepEqual(readActivations("```json\n[1,\n2]\n```", 2), [1, 2]);
  assert.equal(readActivations("[1, 2]", 3), undefined);
  assert.equal(readActivations('["a"]', 1), undefined);
  assert.equal(readActivations("none", 1), undefined);
  assert.equal(readActivations("[1, oops]", 2), undefined);
});
