import { type CellAddress, divergingScale, sequentialScale, usefulZoom } from "@patchbay/charts/geometry";
import { CellGrid } from "@patchbay/charts/react";
import type { ModelSummary } from "@patchbay/contract";
import { cableColour } from "@patchbay/workbench-state";
import { useCallback, useMemo, useState } from "react";
import { useTheme } from "../../shell/theme.ts";
import { cellText } from "../common/cell-text.ts";
import { describeCell } from "./describe-cell.ts";
import { flipRows } from "./flip-rows.ts";
import { LensTooltip } from "./LensTooltip.tsx";
import { patchedCells } from "./patched-cells.ts";
import { RowHead } from "./RowHead.tsx";
import { useTraceStore, useView } from "./trace-context.tsx";
import type { TraceData } from "./use-trace-data.ts";

const HEAD_WIDTH = 64;

/** Depth × position: what each layer would say next. The model's own answer is at the top right, where the eye ends. */
export function LensPanel({
  data,
  model,
  zoom,
  onZoom,
  onLayout,
}: {
  readonly data: TraceData;
  readonly model: ModelSummary;
  readonly zoom: number;
  onZoom(zoom: number): void;
  onLayout(): void;
}) {
  const store = useTraceStore();
  const { patches, compare } = useView();
  const theme = useTheme();
  const [hover, setHover] = useState<{ readonly cell: CellAddress; readonly rectangle: DOMRect } | undefined>(
    undefined,
  );
  const { cells, before, after, tokens, row, position } = data;
  const lens = before?.lens;
  const rows = lens?.rows ?? 0;
  const columns = lens?.columns ?? 0;

  const picture = useMemo(() => {
    if (cells === undefined || lens === undefined) return undefined;
    const last = cells.rows - 1;
    const shown = (compare === "after" ? after?.lens : undefined) ?? lens;
    return {
      values: flipRows(cells.values, cells.rows, cells.columns),
      scale: cells.kind === "diverging" ? divergingScale(theme, cells.domain[1]) : sequentialScale(theme, cells.domain),
      text: (r: number, c: number) => cellText(cells, last - r, c),
      note: (r: number, c: number) => cells.note(last - r, c),
      settled: Array.from({ length: cells.columns }, (_, c) => last - shown.settledAt(c)),
      rowLabels: lens.labels.toReversed(),
    };
  }, [cells, lens, after, compare, theme]);
  const marks = useMemo(
    () =>
      patchedCells(patches, rows, columns).map(({ cable, row: r, column }) => ({
        row: rows - 1 - r,
        column,
        colour: `--cable-${cableColour(cable)}` as const,
      })),
    [patches, rows, columns],
  );
  const describe = useCallback(
    (cell: CellAddress) =>
      before === undefined
        ? ""
        : describeCell({ before, after, tokens, row: rows - 1 - cell.row, column: cell.column }),
    [before, after, tokens, rows],
  );
  const select = useCallback(
    (cell: CellAddress) => {
      const depth = cell.row === 0 ? "last" : rows - 1 - cell.row === 0 ? "embed" : rows - 2 - cell.row;
      store.update({ selected: { depth, position: cell.column === columns - 1 ? -1 : cell.column } });
    },
    [store, rows, columns],
  );
  const changeZoom = useCallback(
    (wanted: number) => {
      const most = usefulZoom({ rows, columns, width: innerWidth - 520, height: innerHeight - 360, zoom: 1 });
      onZoom(Math.max(1, Math.min(most, wanted)));
    },
    [onZoom, rows, columns],
  );
  if (picture === undefined) return null;
  const hovered = hover && { row: rows - 1 - hover.cell.row, column: hover.cell.column };
  return (
    <>
      <CellGrid
        label="Logit lens"
        rowLabels={picture.rowLabels}
        columns={tokens}
        values={picture.values}
        scale={picture.scale}
        text={picture.text}
        note={picture.note}
        settled={picture.settled}
        marks={marks}
        describe={describe}
        selected={{ row: rows - 1 - row, column: position }}
        zoom={zoom}
        onZoom={changeZoom}
        onSelect={select}
        onOpen={() => document.getElementById("selected-place")?.focus()}
        onHover={setHover}
        onLayout={onLayout}
        headWidth={HEAD_WIDTH}
        rowHead={(r, height) => (
          <RowHead
            label={picture.rowLabels[r] ?? ""}
            layer={rows - 2 - r}
            height={height}
            selected={rows - 1 - r === row}
            model={model}
            position={position}
            leadingNeuron={rows - 1 - r === row ? data.detailBefore?.results.ledger?.updates[0]?.neuron : undefined}
          />
        )}
      />
      {hover !== undefined && hovered !== undefined && before !== undefined && (
        <LensTooltip
          rectangle={hover.rectangle}
          before={before}
          after={after}
          row={hovered.row}
          column={hovered.column}
          token={tokens[hovered.column]?.text ?? ""}
        />
      )}
    </>
  );
}
