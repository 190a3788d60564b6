import { circuitSvg, MOST_SVG_EDGES } from "@patchbay/charts/geometry";
import { pagePalette, pngOfSvg, saveFile } from "@patchbay/charts/react";
import { writeGraphFile } from "@patchbay/circuit-graph";
import { showToast } from "../../../shell/toasts.ts";
import { Button } from "../../../shell/ui/Button.tsx";
import { formatCount, formatFixed } from "../../../shell/ui/format-number.ts";
import { Popover } from "../../../shell/ui/Popover.tsx";
import { formatFigure } from "../../common/format-figure.ts";
import menu from "../../trace/Menus.module.css";
import { type CircuitRoom, useCircuitRoom, useCircuitsView } from "../circuits-context.tsx";
import { useStageContent } from "../GraphPanel.tsx";
import { circuitDocument } from "./store-circuit.ts";

/** Figures for a paper, and the graph itself for other tools. */
export function FigureExport() {
  const room = useCircuitRoom();
  const view = useCircuitsView();
  const content = useStageContent(room, view.annotations);
  const { circuit } = room;
  const name = circuit.graph.slug || "circuit";
  const drawing = () => {
    const { svg, leftOut } = circuitSvg({
      ...content,
      order: room.drawing.order,
      start: room.drawing.start,
      title: circuit.graph.prompt,
      caption: captionOf(room, view.weights),
      colours: pagePalette(),
    });
    if (leftOut > 0)
      showToast(
        `The drawing holds the ${formatCount(MOST_SVG_EDGES)} strongest edges; ${formatCount(leftOut)} are left out.`,
      );
    return svg;
  };
  const document = () => circuitDocument(circuit, view);
  const items: [string, string, () => void][] = [
    ["SVG", "vector drawing with legend and units", () => saveFile(`${name}.svg`, drawing(), "image/svg+xml")],
    ["PNG", "the same as a picture, twice the size", () => void savePng(name, drawing())],
    [
      "Neuronpedia JSON",
      "for circuit-tracer and Neuronpedia",
      () => saveFile(`${name}.json`, JSON.stringify(writeGraphFile(document())), "application/json"),
    ],
    [
      "Patchbay JSON",
      "everything, also biases and factors",
      () => saveFile(`${name}.patchbay.json`, JSON.stringify(document()), "application/json"),
    ],
  ];
  return (
    <Popover
      label="Export"
      align="end"
      trigger={(trigger) => (
        <Button kind="bare" {...trigger}>
          Export
        </Button>
      )}
    >
      {(close) => (
        <ul className={menu.menu}>
          {items.map(([title, hint, act]) => (
            <li key={title}>
              <button
                type="button"
                onClick={() => {
                  act();
                  close();
                }}
              >
                {title} <small>{hint}</small>
              </button>
            </li>
          ))}
        </ul>
      )}
    </Popover>
  );
}

export function captionOf(
  { drawing, circuit }: Pick<CircuitRoom, "drawing" | "circuit">,
  weights: "prompt" | "any",
): string[] {
  const { facts } = drawing;
  const percent = (value: number | null | undefined) => (value == null ? "n/a" : `${formatFixed(value * 100, 1)} %`);
  const { model, dictionaries } = circuit.graph;
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

async function savePng(name: string, svg: string): Promise<void> {
  const [, width = 1, height = 1] = /width="(\d+)" height="(\d+)"/.exec(svg)?.map(Number) ?? [];
  try {
    saveFile(`${name}.png`, await pngOfSvg(svg, width, height));
  } catch (error) {
    showToast(`The picture could not be made: ${error instanceof Error ? error.message : String(error)}`, "bad");
  }
}
