/** A matrix of signed numbers as coloured cells, with its scale, its readout, its table and its files. */

import { type CellAddress, divergingScale, gridToSvg } from "@patchbay/charts/geometry";
import { CellGrid, ColourLegend, ExportMenu } from "@patchbay/charts/react";
import { useMemo, useState } from "react";
import { useTheme } from "../../shell/theme.ts";
import { formatFigure } from "../common/format-figure.ts";
import { Section } from "../common/Section.tsx";
import styles from "./Decompose.module.css";

export interface MatrixGridProps {
  readonly title: string;
  /** Unit and normalisation. */
  readonly unit: string;
  /** Top row first. */
  readonly rowLabels: readonly string[];
  /** What a row and a column are: "layer", "position". */
  readonly axes: readonly [row: string, column: string];
  readonly columns: readonly { readonly text: string; readonly label: string }[];
  /** Row-major; NaN where there is no value. */
  readonly values: Float32Array;
  /** Absolute value in full colour; default the largest. */
  readonly extent?: number | undefined;
  readonly fileName: string;
  readonly rowHeight?: number;
  readonly headWidth?: number;
  readonly selected?: CellAddress | undefined;
  onSelect?(cell: CellAddress): void;
}

export function MatrixGrid(props: MatrixGridProps) {
  const { title, unit, rowLabels, axes, columns, values, fileName, rowHeight = 34, headWidth = 64 } = props;
  const theme = useTheme();
  const [own, setOwn] = useState<CellAddress>();
  const [zoom, setZoom] = useState(1);
  const selected = props.selected ?? own;
  const limit = useMemo(
    () =>
      props.extent ?? values.reduce((most, value) => Math.max(most, Number.isFinite(value) ? Math.abs(value) : 0), 0),
    [props.extent, values],
  );
  const scale = useMemo(() => divergingScale(theme, limit || 1), [theme, limit]);
  const at = ({ row, column }: CellAddress) => values[row * columns.length + column] ?? Number.NaN;
  const written = (row: number, column: number) => {
    const value = at({ row, column });
    if (Number.isNaN(value)) return "";
    const text = Math.abs(value).toFixed(2);
    return Number(text) === 0 ? "0" : value < 0 ? `−${text}` : text;
  };
  const columnName = (column: number) => `${columns[column]?.label ?? ""} ${columns[column]?.text ?? ""}`.trim();
  const describe = (cell: CellAddress) => {
    const value = at(cell);
    return `${axes[0]} ${rowLabels[cell.row]}, ${axes[1]} ${columnName(cell.column)}: ${Number.isNaN(value) ? "no value" : formatFigure(value)}`;
  };
  const none = () => "";
  return (
    <Section
      title={title}
      aside={
        <span className={styles.aside}>
          <span>{unit}</span>
          <ColourLegend scale={scale} low={formatFigure(-limit)} high={formatFigure(limit)} />
          <ExportMenu
            name={fileName}
            svg={() => {
              const css = getComputedStyle(document.documentElement);
              return gridToSvg(
                { rowLabels, columnLabels: columns.map(({ text }) => text), values, text: written, note: none },
                scale,
                { title, unit },
                css.getPropertyValue("--paper").trim(),
                css.getPropertyValue("--ink").trim(),
              );
            }}
            table={() => ({
              header: [axes[0], axes[1], unit],
              rows: rowLabels.flatMap((label, row) =>
                columns.map((_, column) => [label, columnName(column), at({ row, column })]),
              ),
            })}
          />
        </span>
      }
    >
      <div style={{ height: rowLabels.length * rowHeight + 84 }}>
        <CellGrid
          label={title}
          rowLabels={rowLabels}
          columns={columns}
          values={values}
          scale={scale}
          text={written}
          note={none}
          describe={describe}
          selected={selected}
          zoom={zoom}
          onZoom={(wanted) => setZoom(Math.min(6, Math.max(1, wanted)))}
          onSelect={(cell) => {
            setOwn(cell);
            props.onSelect?.(cell);
          }}
          headWidth={headWidth}
          rowHead={(row, height) => (
            <span className={styles.rowHead} style={{ height }} title={rowLabels[row]}>
              {rowLabels[row]}
            </span>
          )}
        />
      </div>
      <p className={styles.readout} aria-hidden="true">
        {selected === undefined
          ? `Choose a cell to read it. Rows: ${axes[0]}; columns: ${axes[1]}.`
          : describe(selected)}
      </p>
    </Section>
  );
}
