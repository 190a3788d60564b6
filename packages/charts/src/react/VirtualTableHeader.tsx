"use client";
/** The headings of a virtual table. Pressing a sortable one sorts by it, falling first; pressing it again turns it round. */
import type { TableColumn, TableSort } from "./VirtualTable.tsx";

interface TableHeaderProps<Row> {
  readonly columns: readonly TableColumn<Row>[];
  readonly tracks: string;
  readonly sort: TableSort | undefined;
  readonly onSort: ((sort: TableSort) => void) | undefined;
}

export function TableHeader<Row>({ columns, tracks, sort, onSort }: TableHeaderProps<Row>) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: part of a grid that is not a table element
    // biome-ignore lint/a11y/useFocusableInteractive: its buttons take the focus
    <div
      role="row"
      aria-rowindex={1}
      style={{
        display: "grid",
        gridTemplateColumns: tracks,
        columnGap: 14,
        alignItems: "end",
        // The rows below have a scroll bar of this width; the headings must stand above their columns.
        padding: "0 var(--space-4) 6px",
        scrollbarGutter: "stable",
        overflow: "hidden",
        borderBottom: "1px solid var(--line-strong)",
        fontSize: "var(--text-2)",
        color: "var(--ink-3)",
      }}
    >
      {columns.map((column) => (
        // biome-ignore lint/a11y/useSemanticElements: part of a grid that is not a table element
        // biome-ignore lint/a11y/useFocusableInteractive: its button takes the focus
        <div
          key={column.key}
          role="columnheader"
          aria-sort={sort?.key === column.key ? sort.order : undefined}
          title={column.meaning}
          style={{ textAlign: column.align ?? "left", whiteSpace: "nowrap", overflow: "hidden", minWidth: 0 }}
        >
          {column.sortable === true && onSort !== undefined ? (
            <button
              type="button"
              onClick={() => onSort(nextSort(column.key, sort))}
              // Enter sorts here; the grid must not take it for "open".
              onKeyDown={(event) => event.stopPropagation()}
              style={{
                color: sort?.key === column.key ? "var(--ink)" : "inherit",
                fontWeight: sort?.key === column.key ? 600 : 400,
              }}
            >
              {column.title}
              <span aria-hidden="true" style={{ position: "absolute" }}>
                {sort?.key === column.key ? (sort.order === "descending" ? "↓" : "↑") : ""}
              </span>
            </button>
          ) : (
            column.title
          )}
        </div>
      ))}
    </div>
  );
}

function nextSort(key: string, sort: TableSort | undefined): TableSort {
  return { key, order: sort?.key === key && sort.order === "descending" ? "ascending" : "descending" };
}
