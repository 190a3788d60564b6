/**
 * npm test: installs and builds like `npm start`, runs the checks, then every test in one call of node's runner, whose
 * summary comes last. With arguments (`npm test -- packages/runtime lens`) only test files whose path contains one of
 * them, without the checks.
 */
import { requireRecentNode } from "./src/node-version.mjs";

requireRecentNode();
const { mkdirSync, writeFileSync } = await import("node:fs");
const { runScript, step, ToolError } = await import("./src/progress.mjs");
const { ensureInstalled } = await import("./src/install.mjs");
const { ensureBuilt } = await import("./src/build-all.mjs");
const { CACHE, ROOT, TEST_HOME } = await import("./src/paths.mjs");
const { lastLines, runNode } = await import("./src/run-command.mjs");
const { selectTestFiles } = await import("./src/test-files.mjs");

const BUNDLED_MODEL = "stories-15m";

await runScript(async () => {
  const filters = process.argv.slice(2);
  const files = selectTestFiles(filters);
  const inBrowser = files.some((file) => file.startsWith("apps/web/e2e/"));
  await ensureInstalled();
  // The pages are needed by the browser tests alone.
  await ensureBuilt(inBrowser ? undefined : ["command-line"]);
  const { ensureBrowser } = await import("./src/browser.mjs");
  /** @type {Record<string, string>} */
  const env = { PATCHBAY_TEST_HOME: TEST_HOME };
  if (inBrowser) env.PATCHBAY_BROWSER = await ensureBrowser();
  await installBundledModel();
  if (filters.length === 0) env.PATCHBAY_CHECK_RESULTS = await runAllChecks();
  const runner = ["--enable-source-maps", "--import", "tsx", "--test", "--test-concurrency=2", "--test-reporter=spec"];
  const { status } = await runNode([...runner, ...files], { cwd: ROOT, env, terminal: true });
  return status;
});

/** Once; later calls find it there. */
async function installBundledModel() {
  await step(`The bundled model in ${TEST_HOME.slice(ROOT.length + 1)}`, async () => {
    const args = [`${ROOT}/apps/cli/bin/patchbay.mjs`, "add", BUNDLED_MODEL, "--home", TEST_HOME];
    const { status, output } = await runNode(args, { cwd: ROOT });
    if (status !== 0)
      throw new ToolError(`The bundled model could not be installed for the tests:\n${lastLines(output, 30)}`);
  });
}

/** @returns {Promise<string>} the file that checks.test.ts reads */
async function runAllChecks() {
  const { runChecks } = await import("./src/run-checks.mjs");
  process.stdout.write("  Checks\n");
  const results = await runChecks();
  mkdirSync(CACHE, { recursive: true });
  const file = `${CACHE}/check-results.json`;
  writeFileSync(file, JSON.stringify(results));
  return file;
}
