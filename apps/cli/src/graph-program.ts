/** `patchbay graph …`: attribution graphs as files. */
import { type Command, Option } from "commander";

const CONVERT_EXAMPLES = `
FILE is a graph as circuit-tracer and Neuronpedia write it, or a Patchbay graph; .gz too; - is standard input. The graph
goes to standard output; what was wrong with the file, and what became of it, to standard error.

Examples:
  patchbay graph convert graph.json --to patchbay > graph.patchbay.json
  patchbay graph convert graph.patchbay.json | gzip > for-neuronpedia.json.gz`;

export function addGraphCommands(program: Command): void {
  const graph = program.command("graph").description("attribution graphs as files");
  graph
    .command("convert")
    .description("read an attribution graph in either format, and write it in one of them")
    .argument("<file>", "the graph, or - for standard input")
    .addOption(
      new Option("--to <format>", "of the output: the JSON that circuit-tracer and Neuronpedia use, or Patchbay's own")
        .choices(["neuronpedia", "patchbay"])
        .default("neuronpedia"),
    )
    .addHelpText("after", CONVERT_EXAMPLES)
    .action(async (file: string, options) => (await import("./commands/convert-graph.ts")).convertGraph(file, options));
}
