import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, createClient } from "./client.ts";

function answering(answer: (request: Request) => Response | Promise<Response>) {
  const seen: Request[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    seen.push(request.clone());
    return answer(request);
  };
  return { seen, client: createClient({ baseUrl: "http://server.test/", fetch, token: "secret", clientName: "test" }) };
}

function events(...pieces: string[]): Response {
  const encoder = new TextEncoder();
  return new Response(
    new ReadableStream({
      start(controller) {
        for (const piece of pieces) controller.enqueue(encoder.encode(piece));
        controller.close();
      },
    }),
  );
}

test("fills the path, the query and the headers", async () => {
  const { client, seen } = answering(() => Response.json({ total: 0, offset: 0, rows: [], tokensPerSide: 0 }));
  await client.listNeurons({ params: { model: "a/b" }, query: { token: " Tom&x", layer: 3 } });
  assert.equal(seen[0]?.url, "http://server.test/api/v1/models/a%2Fb/neurons?token=+Tom%26x&layer=3");
  assert.equal(seen[0]?.headers.get("authorization"), "Bearer secret");
  assert.equal(seen[0]?.headers.get("x-client"), "test");
  await client.getNeuron({ params: { model: "m", layer: 5, neuron: 732 } });
  assert.equal(seen[1]?.url, "http://server.test/api/v1/models/m/layers/5/neurons/732");
});

test("a body is sent as JSON, and call(name) is the same as the method", async () => {
  const { client, seen } = answering(() => Response.json({ tokens: [] }));
  await client.call("tokenize", { params: { model: "m" }, body: { text: "é" } });
  assert.equal(seen[0]?.method, "POST");
  assert.deepEqual(await seen[0]?.json(), { text: "é" });
});

test("a problem becomes ApiError with its fields", async () => {
  const problem = {
    type: "about:blank",
    title: "Unknown model",
    status: 404,
    detail: "There is no model.",
    code: "unknown-model",
    advice: "Choose one.",
    at: "model",
  };
  const { client } = answering(() => Response.json(problem, { status: 404 }));
  await assert.rejects(client.getModel({ params: { model: "x" } }), (error) => {
    assert.ok(error instanceof ApiError);
    assert.deepEqual(
      [error.code, error.status, error.advice, error.at],
      ["unknown-model", 404, "Choose one.", "model"],
    );
    return true;
  });
});

test("an answer that is no problem document, and no answer at all, are ApiErrors too", async () => {
  const proxy = answering(() => new Response("<html>Bad gateway", { status: 502 }));
  await assert.rejects(proxy.client.health(), { code: "unexpected-answer", status: 502 });
  const absent = answering(() => Promise.reject(new TypeError("fetch failed")));
  await assert.rejects(absent.client.health(), { code: "unreachable", status: 0 });
});

test("events arrive whole however the bytes are cut", async () => {
  const text = ': heartbeat\r\n\r\nevent: start\r\ndata: {"prompt":[]}\r\n\r\nevent: token\ndata: {"delta":"é"}\n\n';
  const rest = 'event: done\ndata: {"rows":[]}\n\n';
  for (const cut of [1, 15, 16, 40, 60]) {
    const { client, seen } = answering(() => events(text.slice(0, cut), text.slice(cut), rest));
    const names: string[] = [];
    for await (const event of client.generateStream({ model: "m", input: { text: "a" } })) names.push(event.event);
    assert.deepEqual(names, ["start", "token", "done"], `cut at ${cut}`);
    assert.match((await seen[0]?.text()) ?? "", /"stream":true/);
  }
});

test("a problem event throws, and a stream that ends early is an interruption", async () => {
  const refused = answering(() =>
    events('event: problem\ndata: {"code":"internal-error","status":500,"detail":"x"}\n\n'),
  );
  await assert.rejects(refused.client.generateStream({ model: "m", input: { text: "a" } }).next(), {
    code: "internal-error",
  });
  const cut = answering(() => events('event: job\ndata: {"state":"running"}\n\n'));
  const stream = cut.client.watchJob("j");
  await stream.next();
  await assert.rejects(stream.next(), { code: "interrupted" });
});

test("an aborted call rejects with the reason of the signal", async () => {
  const { client } = answering((request) => {
    request.signal.throwIfAborted();
    return Response.json({});
  });
  const reason = new Error("left the page");
  await assert.rejects(client.health({ signal: AbortSignal.abort(reason) }), reason);
});
