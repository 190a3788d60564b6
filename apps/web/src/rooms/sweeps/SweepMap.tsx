import { type ColourScale, gridToSvg, layoutGrid } from "@patchbay/charts/geometry";
import { CellGrid, ExportMenu, type GridColumn, useElementSize } from "@patchbay/charts/react";
import type { SweepAxisValues, SweepRequest } from "@patchbay/contract";
import { type ShownSweep, type SweepPanelCells, type SweepScale, sweepPicture } from "@patchbay/workbench-state";
import { useCallback, useMemo, useRef, useState } from "react";
import { visibleToken } from "../../shell/ui/token-text.ts";
import { CellTooltip } from "./CellTooltip.tsx";
import styles from "./Sweeps.module.css";
import { axisLabel, cellNumber, describeCell, measureWords, panelTitle, positionLabel } from "./sweep-words.ts";

/** One panel of a sweep: the cells as a grid that the arrow keys walk, empty where nothing has come yet. */
export function SweepMap({
  sweep,
  request,
  number,
  measure,
  cells,
  colours,
  selected,
  onSelect,
}: {
  readonly sweep: ShownSweep;
  readonly request: SweepRequest;
  /** Of the panel. */
  readonly number: number;
  readonly measure: SweepScale;
  /** What is drawn: one value a cell, in the order of the panel's. */
  readonly cells: readonly (number | null)[];
  readonly colours: ColourScale;
  /** Place in the panel's values. */
  readonly selected: number | undefined;
  onSelect?(place: number): void;
}) {
  const panel = sweep.panels[number];
  return panel === undefined ? null : (
    <PanelMap
      sweep={sweep}
      panel={panel}
      request={request}
      measure={measure}
      cells={cells}
      colours={colours}
      selected={selected}
      onSelect={onSelect ?? (() => {})}
    />
  );
}

function PanelMap({
  sweep,
  panel,
  request,
  measure,
  cells,
  colours,
  selected,
  onSelect,
}: {
  readonly sweep: ShownSweep;
  readonly panel: SweepPanelCells;
  readonly request: SweepRequest;
  readonly measure: SweepScale;
  /** What is drawn: one value a cell, in the order of the panel's. */
  readonly cells: readonly (number | null)[];
  readonly colours: ColourScale;
  readonly selected: number | undefined;
  onSelect(place: number): void;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const { width } = useElementSize(frame);
  const pending = sweep.result === undefined;
  const [slices, setSlices] = useState<readonly number[]>([]);
  const [hover, setHover] = useState<{ readonly place: number; readonly rectangle: DOMRect }>();
  const picture = useMemo(() => sweepPicture(panel.axes.map(withReadableLabels), slices), [panel.axes, slices]);
  const columns = useMemo(() => columnsOf(panel), [panel]);
  const values = useMemo(() => {
    const grid = new Float32Array(picture.rowLabels.length * columns.length);
    for (let row = 0; row < picture.rowLabels.length; row++)
      for (let column = 0; column < columns.length; column++)
        grid[row * columns.length + column] = cells[picture.placeOf(row, column)] ?? Number.NaN;
    return grid;
  }, [cells, picture, columns]);
  const rowLabels = useMemo(() => picture.rowLabels.map((label, row) => label || `row ${row}`), [picture]);
  const at = selected === undefined ? undefined : picture.cellOf(selected);
  const longest = Math.max(...rowLabels.map((label) => label.length));
  const single = picture.rowLabels.length === 1 && panel.axes.length < 2;
  const headWidth = single ? 6 : Math.min(150, 16 + longest * 6.6);
  const rows = rowLabels.length;
  const rowHeight = rows <= 8 ? 34 : rows <= 16 ? 26 : rows <= 36 ? 17 : 10;
  const { cellWidth } = layoutGrid({
    rows,
    columns: columns.length,
    width: width - headWidth,
    height: rows * rowHeight,
    zoom: 1,
  });
  const narrow = cellWidth < 40;
  const text = useCallback(
    (row: number, column: number) => {
      const value = values[row * columns.length + column] ?? Number.NaN;
      return Number.isNaN(value) ? (pending ? "" : "–") : cellNumber(value, narrow);
    },
    [values, columns, pending, narrow],
  );
  const header = cellWidth >= 31 ? 42 : cellWidth >= 11 ? 82 : 26;
  const name = `${panel.site}-${panel.axes.map((axis) => axis.name).join("-by-") || "all"}`;
  const caption = { title: panelTitle(panel), unit: measureWords(sweep, request, measure) };
  return (
    <section
      className={styles.map}
      aria-label={caption.title}
      style={{ flexBasis: basisOf(columns.length, headWidth) }}
    >
      <h3 className={styles.mapTitle}>
        <span>{caption.title}</span>
        {picture.slices.map(({ axis, chosen }, i) => (
          <label key={axis.name} className={styles.slice}>
            {axis.name}
            <select
              value={chosen}
              onChange={(event) => {
                const next = picture.slices.map((slice) => slice.chosen);
                next[i] = Number(event.target.value);
                setSlices(next);
              }}
            >
              {axis.labels.map((label, index) => (
                <option key={label} value={index}>
                  {label}
                </option>
              ))}
            </select>
          </label>
        ))}
        <ExportMenu
          name={`sweep-${name}`}
          svg={() => {
            const style = getComputedStyle(document.documentElement);
            return gridToSvg(
              { rowLabels, columnLabels: columns.map((column) => column.text), values, text, note: () => "" },
              colours,
              caption,
              style.getPropertyValue("--paper").trim(),
              style.getPropertyValue("--ink").trim(),
            );
          }}
          table={() => sweepTable(panel)}
        />
      </h3>
      <div ref={frame} style={{ height: rows * rowHeight + header }}>
        <CellGrid
          label={`${caption.title}: ${caption.unit}`}
          rowLabels={rowLabels}
          columns={columns}
          values={values}
          scale={colours}
          text={text}
          note={NO_NOTE}
          describe={({ row, column }) => describeCell(panel, picture.placeOf(row, column), sweep.baselines, pending)}
          selected={at}
          zoom={1}
          onSelect={({ row, column }) => onSelect(picture.placeOf(row, column))}
          onHover={(hovered) =>
            setHover(
              hovered && {
                place: picture.placeOf(hovered.cell.row, hovered.cell.column),
                rectangle: hovered.rectangle,
              },
            )
          }
          headWidth={headWidth}
          rowHead={(row, height) =>
            single || (height < 13 && row % Math.ceil(13 / height) !== 0) ? null : (
              <span className={styles.rowHead} style={{ height: Math.max(13, height) }}>
                {rowLabels[row]}
              </span>
            )
          }
        />
      </div>
      {hover !== undefined && (
        <CellTooltip rectangle={hover.rectangle} panel={panel} place={hover.place} sweep={sweep} request={request} />
      )}
    </section>
  );
}

const NO_NOTE = () => "";

function withReadableLabels(axis: SweepAxisValues): SweepAxisValues {
  return { ...axis, labels: axis.labels.map((_, index) => axisLabel(axis, index)) };
}

/** Px: panels with few columns stand side by side, wide ones take the whole line. */
function basisOf(columns: number, headWidth: number): string {
  return `min(100%, ${Math.max(250, headWidth + Math.min(columns, 30) * 46)}px)`;
}

function columnsOf({ axes }: SweepPanelCells): GridColumn[] {
  const axis = axes.at(-1);
  if (axis === undefined) return [{ text: "all", label: "all" }];
  if (axis.name !== "position" && axis.name !== "key")
    return axis.labels.map((label, i) => ({ text: label, label: axis.name === "group" ? String(i) : label }));
  return axis.labels.map((label) => {
    const { place, token } = positionLabel(label);
    return { text: visibleToken(token), label: place };
  });
}

/** Every cell with its number, for people who read tables and for programs. */
export function sweepTable(panel: SweepPanelCells) {
  return {
    header: [...panel.axes.map(({ name }) => name), "raw", "normalised", "low", "high"],
    rows: panel.raw.map((raw, place) => {
      let rest = place;
      const labels = panel.axes
        .toReversed()
        .map((axis) => {
          const index = rest % axis.values.length;
          rest = Math.floor(rest / axis.values.length);
          return axisLabel(axis, index);
        })
        .reverse();
      const { interval } = panel;
      return [...labels, raw, panel.normalised[place], interval?.low[place] ?? null, interval?.high[place] ?? null];
    }),
  };
}
