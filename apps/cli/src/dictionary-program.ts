/** The commands that add, list, train, measure and export dictionaries, and index units. */
import { type Command, InvalidArgumentError, Option } from "commander";

const ADD_EXAMPLES = `
SOURCE is a folder, or an address hf:owner/repository[/sub/folder][@revision] on the Hugging Face hub; the format is told
by the files: SAELens, circuit-tracer, sparsify, Gemma Scope, Llama Scope, or Patchbay's own. Pickles are never opened.
HF_TOKEN is sent where it is set; HF_ENDPOINT names a mirror.

Examples:
  patchbay add-dictionary ./my-sae --model gpt2
  patchbay add-dictionary hf:owner/transcoders/layer_3@v1 --model gpt2 --name theirs
  patchbay add-dictionary ./params-folder --model gpt2 --layer 5 --site hook_resid_post`;

const TRAIN_EXAMPLES = `
Examples:
  patchbay train-dictionary --name mine --kind sae --site blocks.3.hook_resid_post --features 2304 --topk 32 --tokens 2e6
  patchbay train-dictionary --name tc --kind transcoder --layers all --site ln2.hook_normalized --output-site hook_mlp_out \\
    --features 4608 --topk 32 --tokens 5e6
  patchbay train-dictionary --recipe recipe.json

A recipe is the body of a train-dictionary job:
  { "model": "stories-15m", "set": "tc", "corpus": { "kind": "samples", "seed": 1 }, "tokens": 5000000,
    "targets": [ { "name": "tc.layer-0", "kind": "transcoder", "inputSite": "blocks.0.ln2.hook_normalized",
                   "outputSite": "blocks.0.hook_mlp_out", "features": 4608, "sparsity": { "kind": "topk", "k": 32 } } ] }

Ctrl-C stops at a checkpoint; the same command goes on from there.`;

/** @param finish called by a command that ends with a status other than 0. */
export function addDictionaryCommands(
  program: Command,
  homeOption: () => Option,
  finish: (status: number) => void,
): void {
  program
    .command("dictionaries")
    .description("list a model's dictionaries (SAEs, transcoders) with their quality")
    .option("--model <name>", "the model; default the bundled one")
    .option("--json", "as JSON, the same as GET /api/v1/models/MODEL/dictionaries")
    .addOption(homeOption())
    .action(async (options) => (await import("./commands/dictionaries.ts")).listDictionaries(options));

  program
    .command("add-dictionary")
    .description("install dictionaries of other libraries for a model")
    .argument("<source>", "folder, or hf:owner/repository[/sub/folder][@revision]")
    .requiredOption("--model <name>", "the model that they were trained on")
    .option("--name <name>", "the dictionary's name, or of several the beginning; default: from the source")
    .option("--layer <number>", "the layer, where the files do not say it", wholeNumber)
    .option("--site <site>", "where it reads, where the files do not say it")
    .option("--output-site <site>", "where it writes, where the files do not say it")
    .option(
      "--input-scale <factor>",
      "√width / mean ‖x‖ of its training, for SAELens' expected_average_only_in",
      positive,
    )
    .option("--replace", "replace dictionaries of the same names")
    .addOption(homeOption())
    .addHelpText("after", ADD_EXAMPLES)
    .action(async (source: string, options) =>
      (await import("./commands/add-dictionary.ts")).addDictionary(source, options),
    );

  program
    .command("remove-dictionary")
    .description("take a dictionary out of the data folder")
    .argument("<name>", "its name, as `patchbay dictionaries` prints it")
    .requiredOption("--model <name>", "the model")
    .addOption(homeOption())
    .action(async (name: string, options) =>
      (await import("./commands/remove-dictionary.ts")).removeDictionary(name, options),
    );

  program
    .command("export-dictionary")
    .description("write dictionaries as SAELens or circuit-tracer read them")
    .argument("<names...>", "one or several; a circuit-tracer set has one for every layer")
    .requiredOption("--model <name>", "the model")
    .addOption(
      new Option("--format <format>", "of the files").choices(["saelens", "circuit-tracer"]).makeOptionMandatory(),
    )
    .requiredOption("--out <folder>", "where they are written; SAELens: several get a folder each")
    .addOption(
      new Option("--accept <difference...>", "what may differ where the format has no words for it").choices([
        "raw-top-k",
        "first-position",
      ]),
    )
    .addOption(homeOption())
    .action(async (names: string[], options) =>
      (await import("./commands/export-dictionary.ts")).exportDictionary(names, options),
    );

  program
    .command("train-dictionary")
    .description("train SAEs or transcoders on a model's activations")
    .option("--recipe <file>", "a whole recipe as JSON, instead of the flags below")
    .option("--model <name>", "the model; default the bundled one")
    .option("--name <name>", "of the dictionary; with --layers the beginning of their names")
    .addOption(new Option("--kind <kind>", "what is trained").choices(["sae", "transcoder", "skip-transcoder"]))
    .option("--site <site>", "where it reads: blocks.3.hook_resid_post; with --layers without blocks.3.")
    .option("--output-site <site>", "transcoders: where it writes")
    .option("--layers <layers>", "one dictionary a layer from one harvest: all, or 0,2-4")
    .option("--features <number>", "features of each dictionary", wholeNumber)
    .option("--topk <k>", "keep the k strongest features of a token", wholeNumber)
    .option("--batch-topk <k>", "keep k features a token on average", wholeNumber)
    .option("--jumprelu <coefficient>", "learnt thresholds; the coefficient of L0", positive)
    .option("--relu <coefficient>", "ReLU; the coefficient of L1", positive)
    .option("--tokens <number>", "tokens to train on: 2e6", wholeNumber)
    .option("--corpus <file>", 'texts, one a line or .jsonl(.gz); "samples": from the model itself (default)')
    .option("--seed <number>", "of initialisation and order; default 0", wholeNumber)
    .option("--batch <tokens>", "tokens a step; default 2048", wholeNumber)
    .option("--learning-rate <rate>", "of Adam; default 3e-3", positive)
    .option("--json", "print the outcome as JSON")
    .addOption(homeOption())
    .addHelpText("after", TRAIN_EXAMPLES)
    .action(async (options) => finish(await (await import("./commands/train-dictionary.ts")).trainDictionary(options)));

  program
    .command("measure-dictionaries")
    .description("measure the quality of dictionaries on held-out text")
    .argument("[names...]", "default all of the model's")
    .requiredOption("--model <name>", "the model")
    .option("--tokens <number>", "held-out tokens; default 20,000", wholeNumber)
    .addOption(homeOption())
    .action(async (names: string[], options) =>
      finish(await (await import("./commands/measure-dictionaries.ts")).measureDictionaries(names, options)),
    );

  program
    .command("index-units")
    .description("find what every neuron and feature does on text: top examples, histograms, densities")
    .requiredOption("--model <name>", "the model")
    .option("--corpus <file>", "texts, one a line or .jsonl(.gz); default the model's own corpus")
    .option("--out <file>", "also write the compact index to a file")
    .addOption(homeOption())
    .action(async (options) => finish(await (await import("./commands/index-units.ts")).indexUnits(options)));
}

/** Also 2e6. */
function wholeNumber(text: string): number {
  const value = Number(text);
  if (/^\d/.test(text) && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError("Expected a whole number.");
}

function positive(text: string): number {
  const value = Number(text);
  if (/^[\d.]/.test(text) && value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("Expected a number above 0.");
}
