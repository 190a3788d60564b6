/** Against a hub and a storage host of our own: what is asked for, what is sent, what is refused. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parseHuggingFaceAddress } from "./address.ts";
import { downloadDictionary, hubFromEnvironment } from "./download.ts";
import { neededFiles } from "./needed-files.ts";

const CONTENT: Readonly<Record<string, string>> = {
  "README.md": "read me",
  "layer 3/cfg.json": "{}",
  "layer 3/sae_weights.safetensors": "weights",
  "layer 3/optimizer.pt": "a pickle",
  "layer 4/params.npz": "other",
};
let target = "";
let hub: Server;
let storage: Server;
const seen: { host: string; path: string; token: string | undefined }[] = [];
/** Changes what the hub answers. */
let spoil: (path: string) => string | undefined = () => undefined;

const listen = (answer: (request: IncomingMessage, response: ServerResponse) => void) =>
  new Promise<Server>((resolve) => {
    const server = createServer(answer);
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
const originOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

before(async () => {
  target = await mkdtemp(join(tmpdir(), "patchbay-hub-"));
  const note = (host: string, { url = "", headers }: IncomingMessage) =>
    seen.push({ host, path: url, token: headers.authorization });
  storage = await listen((request, response) => {
    note("storage", request);
    const path = decodeURIComponent(request.url ?? "").slice(1);
    response.end(spoil(path) ?? CONTENT[path]);
  });
  hub = await listen((request, response) => {
    note("hub", request);
    const url = new URL(request.url ?? "", originOf(hub));
    const [, name, rest = ""] = /^\/(?:api\/models\/)?(owner\/\w+)\/(.*)$/.exec(decodeURIComponent(url.pathname)) ?? [];
    if (name === "owner/private") return response.writeHead(401).end();
    if (name !== "owner/saes") return response.writeHead(404).end();
    if (rest.startsWith("tree/v1")) return list(url, rest.slice("tree/v1/".length), response);
    const file = rest.slice("resolve/v1/".length);
    return response.writeHead(302, { location: `${originOf(storage)}/${encodeURIComponent(file)}` }).end();
  });
});
after(async () => {
  hub.close();
  storage.close();
  await rm(target, { recursive: true, force: true });
});

/** Two files a page. */
function list(url: URL, folder: string, response: ServerResponse): void {
  const names = Object.keys(CONTENT).filter((name) => name.startsWith(folder));
  const start = Number(url.searchParams.get("cursor") ?? 0);
  const entries = names.slice(start, start + 2).map((path) => {
    const content = CONTENT[path] ?? "";
    const lfs = { oid: createHash("sha256").update(content).digest("hex"), size: content.length };
    return { type: "file", path, size: content.length, oid: "0", ...(path.endsWith(".json") ? {} : { lfs }) };
  });
  url.searchParams.set("cursor", String(start + 2));
  const link = start + 2 < names.length ? { link: `<${url.href}>; rel="next"` } : {};
  response.writeHead(200, { "content-type": "application/json", ...link });
  response.end(JSON.stringify([{ type: "directory", path: "layer 3", size: 0, oid: "0" }, ...entries]));
}

const fetchInto = (source: string, signal = new AbortController().signal) =>
  downloadDictionary(
    hubFromEnvironment({ HF_ENDPOINT: `${originOf(hub)}/`, HF_TOKEN: "secret" }),
    parseHuggingFaceAddress(source),
    target,
    { signal, progress: (fraction) => assert.ok(fraction >= 0 && fraction <= 1) },
  );

test("addresses are owner, repository, folder and revision", () => {
  assert.deepEqual(parseHuggingFaceAddress("hf:google/gemma-scope-2b-pt-res/layer_20/width_16k@main"), {
    repository: "google/gemma-scope-2b-pt-res",
    folder: "layer_20/width_16k",
    revision: "main",
  });
  assert.deepEqual(parseHuggingFaceAddress("hf:a/b"), { repository: "a/b", folder: "", revision: "main" });
  assert.equal(parseHuggingFaceAddress("hf:a/b@refs/pr/1").revision, "refs/pr/1");
  for (const wrong of ["hf:", "hf:a", "hf:a/b/../c", "hf:a/b//c", "hf:../b", "hf:a/b@", "hf:a/b/c\\d"]) {
    assert.throws(() => parseHuggingFaceAddress(wrong), { code: "invalid-request" }, wrong);
  }
});

test("only the files of the folder's format are fetched, page by page, and the token stays with the hub", async () => {
  seen.length = 0;
  const folder = await fetchInto("hf:owner/saes/layer 3@v1");
  assert.equal(folder, join(target, "saes", "layer 3"));
  assert.deepEqual((await readdir(folder)).sort(), ["cfg.json", "sae_weights.safetensors"]);
  assert.equal(await readFile(join(folder, "sae_weights.safetensors"), "utf8"), "weights");
  assert.deepEqual(
    new Set(seen.map(({ host, token }) => `${host} ${token}`)),
    new Set(["hub Bearer secret", "storage undefined"]),
  );
  assert.equal(seen.filter(({ path }) => path.includes("/tree/")).length, 2, "two pages of names");
});

test("a root without a dictionary names the folders that hold one", async () => {
  assert.deepEqual(neededFiles(["a/cfg.json", "a/sae.safetensors", "a/state.pt", "b/cfg.json", "b/sae.safetensors"]), [
    "a/cfg.json",
    "a/sae.safetensors",
    "b/cfg.json",
    "b/sae.safetensors",
  ]);
  assert.deepEqual(neededFiles(["config.yaml", "layer_0.safetensors", "layer_10.safetensors", "layer_0.pt"]), [
    "config.yaml",
    "layer_0.safetensors",
    "layer_10.safetensors",
  ]);
  assert.deepEqual(neededFiles(["hyperparams.json", "checkpoints/final.safetensors", "checkpoints/100.safetensors"]), [
    "hyperparams.json",
    "checkpoints/final.safetensors",
  ]);
  assert.throws(() => neededFiles(["layer_2/width_16k/average_l0_71/params.npz", "README.md"]), {
    code: "unsupported-model",
    message: /layer_2\/width_16k\/average_l0_71/,
  });
  assert.throws(() => neededFiles(["sae.pt"]), { code: "unsupported-model" });
});

test("what is not there, not allowed, or not what was listed is refused", async () => {
  await assert.rejects(fetchInto("hf:owner/absent"), { code: "fetch-failed", message: /404/ });
  await assert.rejects(fetchInto("hf:owner/private"), { code: "fetch-failed", message: /HF_TOKEN/ });
  const weights = "layer 3/sae_weights.safetensors";
  for (const other of ["Weights", "weight", "weights and more"]) {
    spoil = (path) => (path === weights ? other : undefined);
    await assert.rejects(fetchInto("hf:owner/saes/layer 3@v1"), { code: "damaged-file" }, other);
  }
  spoil = () => undefined;
  const aborted = AbortSignal.abort();
  await assert.rejects(fetchInto("hf:owner/saes/layer 3@v1", aborted), { name: "AbortError" });
  for (const endpoint of ["http://example.org", "ftp://127.0.0.1", "nothing"]) {
    assert.throws(() => hubFromEnvironment({ HF_ENDPOINT: endpoint }), { code: "invalid-request" }, endpoint);
  }
  assert.equal(hubFromEnvironment({}).endpoint, "https://huggingface.co");
});
