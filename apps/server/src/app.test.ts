/** In one process, without a socket and without a store: access, setup, pages. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { PatchbayError } from "@patchbay/vocabulary";
import { createApp } from "./app.ts";
import { type AccessRules, isLoopback, LOOPBACK_HOSTS } from "./http/access.ts";
import { createModelDirectory } from "./models/model-directory.ts";
import { createFairQueue } from "./queue/fair-queue.ts";
import type { ModelDirectory } from "./services.ts";
import { createFakeModel } from "./testing/fake-model.ts";
import { FAKE_ENGINE } from "./testing/fake-server.ts";
import { serveWebFolder } from "./web/web-folder.ts";

const logged: string[] = [];
const installed = [{ name: "fake" }];
const ready = createModelDirectory(
  { bundledName: "fake", list: async () => installed, installBundled: async () => undefined },
  async () => createFakeModel(),
  (line) => logged.push(line),
);

function appWith(parts: {
  access?: AccessRules;
  web?: (request: Request) => Promise<Response>;
  models?: ModelDirectory;
}) {
  const { models = ready, ...rest } = parts;
  const services = {
    models,
    engine: FAKE_ENGINE,
    queue: createFairQueue(),
    questions: createFairQueue({ slots: 2 }),
    tour: async () => [],
    store: () => Promise.reject(new PatchbayError("conflict", "No store here.")),
    shutdown: new AbortController().signal,
    log: (line: string) => logged.push(line),
  };
  return createApp({ services, ...rest });
}

test("on loopback, foreign names and foreign pages are refused", async () => {
  const app = appWith({ access: { hosts: LOOPBACK_HOSTS } });
  const ask = async (host: string, headers: Record<string, string> = {}, method = "GET") =>
    (await app.request("/api/v1/models/fake/unload", { method, headers: { host, ...headers } })).status;
  assert.equal(await ask("evil.example:7330", {}, "POST"), 401);
  assert.equal(await ask("127.0.0.1.evil.example", {}, "POST"), 401);
  assert.equal(await ask("localhost:7330", { origin: "https://evil.example" }, "POST"), 401);
  assert.equal(await ask("localhost:7330", { origin: "null" }, "POST"), 401);
  assert.equal(await ask("localhost:7330", { origin: "http://localhost:9999" }, "POST"), 401);
  assert.equal(await ask("localhost:7330", { origin: "http://localhost:7330" }, "POST"), 200);
  assert.equal(await ask("[::1]:7330", {}, "POST"), 200);
  assert.deepEqual(["127.0.0.1", "::1", "localhost", "0.0.0.0", "10.0.0.1"].map(isLoopback), [
    true,
    true,
    true,
    false,
    false,
  ]);
});

test("with a token: header, query or cookie; the page's address loses it", async () => {
  const app = appWith({ access: { token: "secret" }, web: async () => new Response("page") });
  const status = async (path: string, headers: Record<string, string> = {}) =>
    (await app.request(path, { headers })).status;
  assert.equal(await status("/api/v1/models"), 401);
  assert.equal(await status("/"), 401);
  assert.equal(await status("/api/v1/models", { authorization: "Bearer wrong" }), 401);
  assert.equal(await status("/api/v1/models", { authorization: "Bearer secret" }), 200);
  assert.equal(await status("/api/v1/models?token=secret"), 200);
  const page = await app.request("/s/abc?token=secret&x=1");
  assert.deepEqual([page.status, page.headers.get("location")], [302, "/s/abc?x=1"]);
  const cookie = page.headers.get("set-cookie") ?? "";
  assert.match(cookie, /HttpOnly/);
  assert.equal(await status("/", { cookie: cookie.split(";")[0] ?? "" }), 200);
});

test("while the bundled model is installed, asking for it is not-ready and health tells the progress", async () => {
  let finish: () => void = () => undefined;
  const list: { name: string }[] = [];
  const models = createModelDirectory(
    {
      bundledName: "fake",
      list: async () => list,
      installBundled: (progress) => {
        progress(0.4, "Fetching");
        return new Promise<void>((resolve) => (finish = resolve));
      },
    },
    async () => createFakeModel(),
    (line) => logged.push(line),
  );
  const app = appWith({ models });
  const installing = models.install(new AbortController().signal);
  const model = async (name: string) => (await app.request(`/api/v1/models/${name}`)).json();
  assert.deepEqual((await (await app.request("/api/v1/health")).json()).setup, {
    state: "working",
    message: "Fetching",
    progress: 0.4,
  });
  const problem = await model("fake");
  assert.deepEqual([problem.code, problem.status, problem.received], ["not-ready", 409, "Fetching"]);
  assert.equal((await model("other")).code, "unknown-model");
  list.push({ name: "fake" });
  finish();
  await installing;
  assert.equal((await model("fake")).name, "fake");
  assert.equal(models.setup().state, "ready");
});

test("a failed installation is told, and other models stay usable", async () => {
  const models = createModelDirectory(
    { bundledName: "bundled", list: async () => installed, installBundled: () => Promise.reject(new Error("offline")) },
    async () => createFakeModel(),
    (line) => logged.push(line),
  );
  await models.install(new AbortController().signal);
  assert.deepEqual(models.setup(), { state: "failed", message: "offline", progress: 0 });
  await assert.rejects(models.get("bundled"), { code: "not-ready", message: /offline/ });
  assert.equal((await models.get("fake")).name, "fake");
});

test("a store that does not open is a problem of the requests that need it", async () => {
  const app = appWith({});
  assert.equal((await app.request("/api/v1/jobs")).status, 409);
  assert.equal((await app.request("/api/v1/models")).status, 200);
});

test("a large prompt in a path parameter or a broken escape is refused, not thrown", async () => {
  const app = appWith({});
  assert.equal((await app.request("/api/v1/models/..%2F..%2Fetc")).status, 422);
  assert.equal((await app.request("/api/v1/models/fake/layers/x/neurons/1")).status, 422);
  assert.equal((await app.request("/api/v1/models/fake/neurons?limit=9999")).status, 422);
});

test("the OpenAPI document has every operation, and only references that exist", async () => {
  const app = appWith({});
  const document = await (await app.request("/api/v1/openapi.json")).json();
  assert.equal(document.openapi, "3.1.0");
  assert.equal(
    document.paths["/runs"].post.requestBody.content["application/json"].schema.$ref,
    "#/components/schemas/RunRequest",
  );
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"(#[^"]+)"/g)].map((match) => match[1] ?? "");
  assert.ok(references.length > 50);
  for (const reference of new Set(references)) {
    const target = reference
      .slice(2)
      .split("/")
      .reduce((node, key) => node?.[key], document);
    assert.ok(target !== undefined, reference);
  }
  assert.equal((await app.request("/api/docs")).headers.get("location"), "/api-docs");
});

test("the workbench: one shell for every room, assets for ever, 404 for the rest, and nothing outside the folder", async (context) => {
  const folder = await mkdtemp(join(tmpdir(), "patchbay-web-"));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const root = join(folder, "out");
  const app = appWith({ web: serveWebFolder(root) });
  const unbuilt = await app.request("/");
  assert.deepEqual([unbuilt.status, /npm run build/.test(await unbuilt.text())], [503, true]);

  await mkdir(join(root, "_next", "static"), { recursive: true });
  await writeFile(join(root, "index.html"), "<p>shell");
  await writeFile(join(root, "404.html"), "<p>missing");
  await writeFile(join(root, "_next", "static", "a.js"), "let a;".repeat(100));
  await writeFile(join(folder, "secret.txt"), "secret");
  for (const room of [
    "/",
    "/m/fake/neurons",
    "/m/fake/L3/N41",
    "/s/abc",
    "/circuits",
    "/sweeps",
    "/decompose",
    "/decompose/observables",
    "/decompose/circuits/abc",
    "/dictionaries",
    "/dictionaries/compare",
    "/dictionaries/tc.layer-0/features/17",
    "/search",
    "/findings",
    "/models",
    "/jobs",
    "/api-docs",
  ]) {
    assert.equal(await (await app.request(room)).text(), "<p>shell", room);
  }
  const asset = await app.request("/_next/static/a.js", { headers: { "accept-encoding": "gzip, br" } });
  assert.match(asset.headers.get("cache-control") ?? "", /immutable/);
  assert.equal(asset.headers.get("content-encoding"), "br");
  const etag = asset.headers.get("etag") ?? "";
  const again = { "accept-encoding": "gzip, br", "if-none-match": etag };
  assert.equal((await app.request("/_next/static/a.js", { headers: again })).status, 304);
  for (const path of ["/_next/static/b.js", "/..%2Fsecret.txt", "/%2e%2e/secret.txt", "/%00", "/%ff", "/nothing"]) {
    const missing = await app.request(path);
    assert.deepEqual([missing.status, await missing.text()], [404, "<p>missing"], path);
  }
  assert.equal((await app.request("/", { method: "POST" })).status, 405);
});
