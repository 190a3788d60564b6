import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { formatFinding, runCheck } from "../commands/doctor.ts";
import { bundledModel } from "./bundled-model.ts";
import { dataFolder, diskSpace } from "./data-folder.ts";
import { isAtLeast, nodeVersion } from "./node-version.ts";
import { port } from "./port.ts";
import { runtime } from "./runtime.ts";
import { store } from "./store.ts";

let home = "";

before(async () => {
  home = await mkdtemp(join(tmpdir(), "patchbay-doctor-"));
});

after(() => rm(home, { recursive: true, force: true }));

test("a good installation passes", async () => {
  for (const check of [nodeVersion, runtime, dataFolder, store]) {
    const finding = await runCheck(check, { home, port: 0 });
    assert.equal(finding.verdict, "ok", `${check.name}: ${finding.detail}`);
  }
  assert.notEqual((await diskSpace.run({ home: join(home, "not/yet"), port: 0 })).detail, "");
});

test("a data folder that cannot be made is a failure with advice", async () => {
  await writeFile(join(home, "file"), "");
  const finding = await dataFolder.run({ home: join(home, "file/below"), port: 0 });
  assert.equal(finding.verdict, "failure");
  assert.match(finding.advice ?? "", /--home/);
});

test("the bundled model may be missing, but not damaged", async () => {
  assert.equal((await bundledModel.run({ home, port: 0 })).verdict, "warning");
  const folder = join(home, "models/stories-15m");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "config.json"), "{}");
  const wrong = { name: "stories-15m", hashes: { "config.json": "0".repeat(64) } };
  await writeFile(join(folder, "patchbay.json"), JSON.stringify(wrong));
  const finding = await bundledModel.run({ home, port: 0 });
  assert.equal(finding.verdict, "failure");
  assert.match(finding.detail, /config\.json is not what was installed/);
});

test("a taken port is a warning, unless one of our servers has it", async () => {
  const other = createServer((_request, response) => response.end("hello"));
  const ours = createServer((_request, response) => response.end(JSON.stringify({ engine: "0.1.0" })));
  await Promise.all(
    [other, ours].map((server) => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))),
  );
  const [otherPort, ourPort] = [other, ours].map((server) => (server.address() as AddressInfo).port);
  assert.equal((await port.run({ home, port: otherPort ?? 0 })).verdict, "warning");
  const finding = await port.run({ home, port: ourPort ?? 0 });
  assert.equal(finding.verdict, "ok");
  assert.match(finding.detail, /a Patchbay server answers/);
  other.close();
  ours.close();
});

test("a check that breaks is a failure, and advice stands below its line", async () => {
  const broken = { name: "Broken", run: () => Promise.reject(new Error("oh")) };
  const finding = await runCheck(broken, { home, port: 0 });
  assert.equal(finding.verdict, "failure");
  const [line, advice] = formatFinding({ name: "Broken", ...finding }).split("\n");
  assert.match(line ?? "", /^FAIL {5}Broken {8}oh$/);
  assert.match(advice ?? "", /^ +→ This check itself broke/);
});

test("versions compare by number", () => {
  assert.ok(isAtLeast("20.19.0", "20.19"));
  assert.ok(isAtLeast("22.1.0", "20.19"));
  assert.ok(!isAtLeast("20.9.0", "20.19"));
  assert.ok(!isAtLeast("18.20.0", "20.19"));
});
