/** `patchbay graph convert` as people meet it: what comes out, what is said, and with which status it ends. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const APP = fileURLToPath(new URL("..", import.meta.url));
const FIXTURES = fileURLToPath(new URL("../../../packages/circuit-graph/fixtures", import.meta.url));
const REAL = fileURLToPath(new URL("../../../../shared/data/graphs", import.meta.url));
const PROGRAM = 'import { main } from "./src/main.ts"; process.exitCode = await main(process.argv.slice(1));';
const DIALECTS = join(FIXTURES, "every-dialect.json");

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "patchbay-cli-graphs-"));
});
after(() => rm(folder, { recursive: true, force: true }));

async function convert(args: readonly string[], input: string | Uint8Array = "") {
  const node = ["--import", "tsx", "--input-type=module", "--eval", PROGRAM, "--", "graph", "convert", ...args];
  const child = spawn(process.execPath, node, { cwd: APP });
  child.stdin.end(input);
  const closed = new Promise<number>((resolve) => child.once("close", (status) => resolve(status ?? -1)));
  const [out, err, status] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { status, out, err };
}

test("a foreign file comes back as it was, directly and by way of our own format", async () => {
  const source = readFileSync(DIALECTS, "utf8");
  const direct = await convert([DIALECTS]);
  assert.equal(direct.status, 0);
  assert.deepEqual(JSON.parse(direct.out), JSON.parse(source));
  assert.match(direct.err, /^links without a finite weight; they count as 0: 1 \(/);
  const own = await convert(["--to", "patchbay", "-"], source);
  assert.equal(JSON.parse(own.out).format, "patchbay-graph");
  const back = await convert(["-"], gzipSync(own.out));
  assert.deepEqual([back.status, back.err], [0, ""]);
  assert.deepEqual(JSON.parse(back.out), JSON.parse(source));
});

test("what is wrong with a file is on standard error, and the rest on standard output", async () => {
  const file = join(folder, "traps.json");
  const source = readFileSync(join(FIXTURES, "traps.json"), "utf8");
  await writeFile(file, source.replace('"weight": -4', '"weight": NaN'));
  const { status, out, err } = await convert([file]);
  assert.equal(status, 0);
  assert.equal(JSON.parse(out).nodes.length, 9);
  assert.match(err, /NaN or infinite numbers.*: 1 \(links\/3\/weight\)/);
  assert.match(err, /links from or to a node that is not in the file; left out: 2 \(gone → 5_8_3, 1_3_2 → gone\)/);
});

test("what is no graph ends with status 1 and says what was expected", async () => {
  const cut = gzipSync("{}".repeat(1000)).subarray(0, 20);
  const [cutOff, list, damaged, archive, bytes, absent, misused] = await Promise.all([
    convert(["-"], '{"nodes": ['),
    convert(["-"], "[]"),
    convert(["-"], '{"format": "patchbay-graph", "version": 1, "title": 3}'),
    convert(["-"], cut),
    convert(["-"], Uint8Array.of(0x80, 2, 0xff)),
    convert([join(folder, "absent.json")]),
    convert(["-", "--to", "dot"]),
  ]);
  for (const outcome of [cutOff, list, damaged, archive, bytes, absent])
    assert.deepEqual([outcome.status, outcome.out], [1, ""], outcome.err);
  assert.match(cutOff.err, /^patchbay: This is not a JSON document/);
  assert.match(list.err, /"metadata", "nodes" and "links".*Received a list of 0/);
  assert.match(damaged.err, /"title" of this graph is not what it should be\. Expected a text\. Received 3\.\n$/);
  assert.match(archive.err, /This gzip file is damaged/);
  assert.match(bytes.err, /This file is not text/);
  assert.match(absent.err, /There is no file or folder/);
  assert.equal(misused.status, 2);
});

const real = existsSync(REAL) ? readdirSync(REAL).filter((name) => name.endsWith(".json")) : [];
test("real graphs come back as they were", { skip: real.length === 0 && `there is no ${REAL}` }, async () => {
  for (const name of real) {
    const { status, out, err } = await convert([join(REAL, name)]);
    assert.deepEqual([status, err], [0, ""], name);
    assert.deepEqual(JSON.parse(out), JSON.parse(readFileSync(join(REAL, name), "utf8")), name);
  }
});
