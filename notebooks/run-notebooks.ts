/**
 * `npm run notebooks`: starts a server and executes every notebook of this folder (*.ipynb in place, *.ts by running it);
 * fails on the first error. Heavy, and the one script that needs Python (3.9 or later): where Python lacks the notebook
 * packages, they go into a virtual environment under .patchbay/.
 */
import { spawn } from "node:child_process";
import { access, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Client, createClient } from "@patchbay/contract/client";
import { dataHome } from "@patchbay/model-library";
import { compose, startServer } from "@patchbay/server";

const FOLDER = path.dirname(fileURLToPath(import.meta.url));
const ROOT = path.dirname(FOLDER);
const ENVIRONMENT = path.join(ROOT, ".patchbay", "notebook-venv");
const PACKAGES = ["nbclient", "ipykernel", "numpy", "matplotlib"];
const MODEL = "stories-15m";
const DEFAULT_URL = "http://127.0.0.1:7330";
const POLL_MILLISECONDS = 500;

const files = (await readdir(FOLDER)).sort();
const notebooks = files.filter((file) => file.endsWith(".ipynb")).map((file) => path.join(FOLDER, file));
const scripts = files.filter((file) => file.endsWith(".ts") && file !== path.basename(import.meta.url));

const python = await pythonWithPackages();
const home = dataHome();
const { library, engine, openModel } = compose(home);
const server = await startServer({
  port: 0,
  home,
  webFolder: path.join(ROOT, "apps/web/out"),
  library,
  openModel,
  engine,
});
try {
  const url = server.url.replace(/\/$/, "");
  await server.ready;
  await server.installed;
  await untilAnalysed(createClient({ baseUrl: url }));
  for (const notebook of notebooks) {
    await run(python, [path.join(FOLDER, "execute-notebook.py"), notebook], { PATCHBAY_URL: url });
    await writeFile(notebook, (await readFile(notebook, "utf8")).replaceAll(url, DEFAULT_URL));
  }
  for (const script of scripts) {
    await run(process.execPath, ["--import", "tsx", path.join(FOLDER, script)], { PATCHBAY_URL: url });
  }
  console.log(`\n${notebooks.length + scripts.length} notebooks ran without an error.`);
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await server.close();
}

/** The neuron map and the reference statistics are computed in the background at the first start. */
async function untilAnalysed(client: Client): Promise<void> {
  let last = "";
  for (;;) {
    const { jobs } = await client.listJobs();
    const failed = jobs.find(({ state, request }) => state === "failed" && request.model === MODEL);
    if (failed !== undefined) throw new Error(`The job ${failed.request.kind} failed: ${failed.problem?.detail}`);
    if ((await client.getModel({ params: { model: MODEL } })).neuronMap === "ready") {
      const { reference } = await client.getNeuron({ params: { model: MODEL, layer: 0, neuron: 0 } });
      if (reference !== null) return;
    }
    const running = jobs.find(({ state }) => state === "running");
    const line = running === undefined ? "" : `${running.request.kind}: ${running.message}`;
    if (line !== last) console.log(line);
    last = line;
    await sleep(POLL_MILLISECONDS);
  }
}

/** The system's Python if it has everything, else a virtual environment, made at the first run. */
async function pythonWithPackages(): Promise<string> {
  const own = path.join(ENVIRONMENT, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  const made = await access(own).then(
    () => true,
    () => false,
  );
  for (const candidate of made ? [own] : ["python3", "python"]) if (await hasPackages(candidate)) return candidate;
  console.log(`Installing ${PACKAGES.join(", ")} into ${path.relative(ROOT, ENVIRONMENT)}`);
  if (!made) await run("python3", ["-m", "venv", ENVIRONMENT]);
  await run(own, ["-m", "pip", "install", "--quiet", ...PACKAGES]);
  return own;
}

async function hasPackages(python: string): Promise<boolean> {
  return run(python, ["-c", `import ${PACKAGES.join(", ")}`], {}, "ignore").then(
    () => true,
    () => false,
  );
}

function run(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  output: "inherit" | "ignore" = "inherit",
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", output, output], env: { ...process.env, ...environment } });
    child.on("error", (cause) => reject(new Error(`${command} could not be started: ${cause.message}`, { cause })));
    child.on("exit", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${path.basename(args.at(-1) ?? command)} failed.`));
    });
  });
}
