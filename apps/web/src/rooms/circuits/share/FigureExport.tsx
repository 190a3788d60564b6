import { circuitSvg, MOST_SVG_EDGES } from "@patchbay/charts/geometry";
import { pagePalette, pngOfSvg, saveFile } from "@patchbay/charts/react";
import { writeGraphFile } from "@patchbay/circuit-graph";
import { showToast } from "../../../shell/toasts.ts";
import { Button } from "../../../shell/ui/Button.tsx";
import { formatCount } from "../../../shell/ui/format-number.ts";
import { Popover } from "../../../shell/ui/Popover.tsx";
import menu from "../../trace/Menus.module.css";
import { useCircuitRoom, useCircuitsView } from "../circuits-context.tsx";
import { useStageContent } from "../GraphPanel.tsx";
import { captionOf } from "./caption.ts";
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
      caption: captionOf(circuit.graph, room.drawing, view.weights),
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

async function savePng(name: string, svg: string): Promise<void> {
  const [, width = 1, height = 1] = /width="(\d+)" height="(\d+)"/.exec(svg)?.map(Number) ?? [];
  try {
    saveFile(`${name}.png`, await pngOfSvg(svg, width, height));
  } catch (error) {
    showToast(`The picture could not be made: ${error instanceof Error ? error.message : String(error)}`, "bad");
  }
}
