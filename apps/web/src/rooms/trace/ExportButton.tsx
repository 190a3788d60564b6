import { divergingScale, gridToCsv, gridToSvg, sequentialScale } from "@patchbay/charts/geometry";
import { pngOfSvg, saveFile } from "@patchbay/charts/react";
import type { GridCells } from "@patchbay/workbench-state";
import { copyText } from "../../shell/clipboard.ts";
import { useTheme } from "../../shell/theme.ts";
import { showToast } from "../../shell/toasts.ts";
import { Popover } from "../../shell/ui/Popover.tsx";
import { visibleToken } from "../../shell/ui/token-text.ts";
import { curlOf } from "./curl.ts";
import { flipRows } from "./flip-rows.ts";
import styles from "./Menus.module.css";
import { shareRequest } from "./share-request.ts";
import { useView } from "./trace-context.tsx";
import { shownFeatures } from "./use-cell-features.ts";
import type { TraceData } from "./use-trace-data.ts";

/** The grid as a picture or a table; the view as the requests that make it. */
export function ExportButton({ data }: { readonly data: TraceData }) {
  const view = useView();
  const theme = useTheme();
  const { cells, run, before } = data;
  if (cells === undefined || run === undefined || before === undefined) return null;
  const content = exportedGrid(cells, before.lens.labels, data);
  const name = `lens-${run.recipe.model}-${view.measure}${cells.kind === "diverging" ? "-difference" : `-${view.compare}`}`;
  const drawing = () => {
    const scale =
      cells.kind === "diverging" ? divergingScale(theme, cells.domain[1]) : sequentialScale(theme, cells.domain);
    const read = (variable: string) => getComputedStyle(document.documentElement).getPropertyValue(variable).trim();
    const unit = `${cells.meaning} · ${view.norm === "final" ? "final norm applied" : "raw stream"} · ${run.recipe.model} ${run.recipe.modelHash.slice(0, 8)}`;
    return gridToSvg(content, scale, { title: view.prompt, unit }, read("--paper"), read("--ink"));
  };
  const requests = () => {
    const place = {
      layer: data.layer,
      position: data.position,
      target: data.target?.id,
      ...shownFeatures(data),
    };
    return shareRequest(view, { name: run.recipe.model }, place, "", "")
      .parts.filter(({ kind }) => kind === "run")
      .map(({ request }) => request);
  };
  const items: [string, string, () => void][] = [
    ["PNG", "picture, twice the size", () => void savePng(name, drawing())],
    ["SVG", "drawing", () => saveFile(`${name}.svg`, drawing(), "image/svg+xml")],
    ["CSV", "one line a cell", () => saveFile(`${name}.csv`, gridToCsv(content, cells.meaning), "text/csv")],
    ["Copy as JSON", "the request", () => void copyText(JSON.stringify(onlyOrAll(requests()), null, 2), "Request")],
    [
      "Copy as curl",
      "the request",
      () =>
        void copyText(
          requests()
            .map((request) => curlOf(location.origin, request))
            .join("\n\n"),
          "Command",
        ),
    ],
  ];
  return (
    <Popover
      label="Export"
      align="end"
      trigger={(trigger) => (
        <button type="button" className={styles.link} style={{ padding: "3px 7px" }} {...trigger}>
          Export
        </button>
      )}
    >
      {(close) => (
        <ul className={styles.menu}>
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

function exportedGrid(cells: GridCells, labels: readonly string[], data: TraceData) {
  const last = cells.rows - 1;
  return {
    rowLabels: labels.toReversed(),
    columnLabels: data.tokens.map(({ text }) => text),
    values: flipRows(cells.values, cells.rows, cells.columns),
    text: (row: number, column: number) =>
      (cells.leaderChanged(last - row, column) ? "→" : "") + visibleToken(cells.text(last - row, column)),
    note: (row: number, column: number) => cells.note(last - row, column),
  };
}

function onlyOrAll(requests: readonly unknown[]): unknown {
  return requests.length === 1 ? requests[0] : requests;
}
