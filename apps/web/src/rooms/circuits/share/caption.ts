/** What a figure of a circuit says of itself, one line each: unit, how much of the graph it shows, scores, model. */
import type { CircuitGraph } from "@patchbay/circuit-graph";
import { formatCount, formatFixed } from "../../../shell/ui/format-number.ts";
import { formatFigure } from "../../common/format-figure.ts";
import type { Drawing } from "../engine/circuit-tasks.ts";

export function captionOf(graph: CircuitGraph, drawing: Drawing, weights: "prompt" | "any"): string[] {
  const { facts } = drawing;
  const percent = (value: number | null | undefined) => (value == null ? "n/a" : `${formatFixed(value * 100, 1)} %`);
  const { model, dictionaries } = graph;
  return [
    `Edge width: |${weights === "any" ? "weight factor" : "direct effect on the reader’s pre-activation"}|, widest ${formatFigure(facts.largest)}. ${formatCount(drawing.nodes.length)} of ${formatCount(facts.allNodes)} nodes, ${formatCount(drawing.edges.length)} of ${formatCount(facts.allEdges)} edges.`,
    `Shown nodes: replacement ${percent(facts.scores?.replacement)}, completeness ${percent(facts.scores?.completeness)}. Influence ends at errors: ${percent(facts.ends?.errors)}${facts.biasShare === null ? "" : `; biases ${percent(facts.biasShare)} of inputs`}.`,
    `${model.name ?? "unknown model"}${model.hash === null ? "" : ` ${model.hash.slice(0, 8)}`}${
      dictionaries.length === 0
        ? ""
        : ` · ${dictionaries
            .map(({ name }) => name)
            .slice(0, 4)
            .join(", ")}${dictionaries.length > 4 ? ", …" : ""}`
    }`,
  ];
}
