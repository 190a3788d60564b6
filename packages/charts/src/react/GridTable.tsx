"use client";
import { memo, useState } from "react";
import type { CellAddress } from "../geometry/index.ts";
import type { GridColumn } from "./ColumnHeader.tsx";

/** The grid as a table for screen readers, made when it is asked for: it can be tens of thousands of cells. */
export const GridTable = memo(function GridTable({
  label,
  rowLabels,
  columns,
  describe,
}: {
  readonly label: string;
  readonly rowLabels: readonly string[];
  readonly columns: readonly GridColumn[];
  describe(cell: CellAddress): string;
}) {
  const [shown, setShown] = useState(false);
  return (
    <div className="visually-hidden">
      <button type="button" tabIndex={-1} aria-expanded={shown} onClick={() => setShown(!shown)}>
        {shown ? "Hide" : "Show"} “{label}” as a table
      </button>
      {shown && (
        <table>
          <caption>{label}</caption>
          <thead>
            <tr>
              <th>Row</th>
              {columns.map((column) => (
                <th key={column.label} scope="col">
                  {column.label} {column.text}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rowLabels.map((rowLabel, row) => (
              <tr key={rowLabel}>
                <th scope="row">{rowLabel}</th>
                {columns.map((column, index) => (
                  <td key={column.label}>{describe({ row, column: index })}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
});
