"use client";
/**
 * A table of any length: only the rows in view exist. Rows may arrive late; a missing one keeps its place. One row has the
 * cursor; arrows, Page Up and Down, Home and End move it, Enter opens it.
 */
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { scrollToReveal, virtualWindow } from "../geometry/virtual-window.ts";
import { useElementSize } from "./use-element-size.ts";
import { TableHeader } from "./VirtualTableHeader.tsx";

export interface TableColumn<Row> {
  readonly key: string;
  readonly title: string;
  /** Unit and normalisation, shown on hover of the heading. */
  readonly meaning?: string;
  /** A CSS grid track: "72px", "minmax(120px, 1fr)". */
  readonly track: string;
  readonly align?: "left" | "right";
  readonly sortable?: boolean;
  cell(row: Row, index: number): ReactNode;
}

export interface TableSort {
  readonly key: string;
  readonly order: "ascending" | "descending";
}

export interface VirtualTableProps<Row> {
  readonly label: string;
  readonly columns: readonly TableColumn<Row>[];
  readonly rowCount: number;
  /** Pixels. */
  readonly rowHeight?: number;
  /** undefined while the row is on its way. */
  readonly rowAt: (index: number) => Row | undefined;
  readonly sort?: TableSort | undefined;
  readonly onSort?: (sort: TableSort) => void;
  readonly cursor: number;
  readonly onCursor: (index: number) => void;
  readonly onOpen: (row: Row, index: number) => void;
  /** When it changes, the table goes back to its first row. */
  readonly resetKey?: string;
  /** First and last (exclusive) row in view, after each scroll. */
  readonly onWindow?: (first: number, last: number) => void;
}

export function VirtualTable<Row>(props: VirtualTableProps<Row>) {
  const { label, columns, rowCount, rowHeight = 30, rowAt, cursor, onCursor, onOpen, onWindow } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const id = useId();
  const { height } = useElementSize(scroller);
  const [scrollTop, setScrollTop] = useState(0);
  const input = { rowCount, rowHeight, viewportHeight: height, scrollTop };
  const { first, last, totalHeight, offsetTop } = virtualWindow(input);
  const tracks = columns.map((column) => column.track).join(" ");

  // biome-ignore lint/correctness/useExhaustiveDependencies: the key is the reason to go back
  useEffect(() => {
    if (scroller.current !== null) scroller.current.scrollTop = 0;
  }, [props.resetKey]);
  useEffect(() => onWindow?.(first, last), [first, last, onWindow]);

  const moveTo = (index: number) => {
    const next = Math.min(rowCount - 1, Math.max(0, index));
    onCursor(next);
    const top = scrollToReveal(next, input);
    if (scroller.current !== null && top !== scrollTop) scroller.current.scrollTop = top;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.metaKey || event.ctrlKey || event.altKey || rowCount === 0) return;
    const page = Math.max(1, Math.floor(height / rowHeight) - 1);
    const targets: Readonly<Record<string, number>> = {
      ArrowDown: cursor + 1,
      ArrowUp: cursor - 1,
      PageDown: cursor + page,
      PageUp: cursor - page,
      Home: 0,
      End: rowCount - 1,
    };
    const target = targets[event.key];
    const row = event.key === "Enter" ? rowAt(cursor) : undefined;
    if (target !== undefined) moveTo(target);
    else if (row !== undefined) onOpen(row, cursor);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    // biome-ignore lint/a11y/useSemanticElements: rows outside the window do not exist, which a table element cannot say
    <div
      role="grid"
      aria-label={label}
      aria-rowcount={rowCount + 1}
      aria-colcount={columns.length}
      aria-activedescendant={cursor >= first && cursor < last ? `${id}-${cursor}` : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
      data-virtual-table=""
      style={{ display: "flex", flexDirection: "column", minHeight: 0, height: "100%" }}
    >
      <TableHeader columns={columns} tracks={tracks} sort={props.sort} onSort={props.onSort} />
      {/* biome-ignore lint/a11y/useSemanticElements: see the grid */}
      <div
        ref={scroller}
        role="rowgroup"
        onScroll={(event) => setScrollTop(event.currentTarget.scrollTop)}
        style={{
          flex: 1,
          minHeight: 0,
          overflowY: "scroll",
          overflowX: "hidden",
          position: "relative",
          contain: "strict",
        }}
      >
        <div role="presentation" style={{ height: totalHeight, position: "relative" }}>
          <div
            role="presentation"
            style={{ position: "absolute", insetInline: 0, top: 0, transform: `translateY(${offsetTop}px)` }}
          >
            {Array.from({ length: last - first }, (_, i) => first + i).map((index) => (
              <TableRow
                key={index}
                id={`${id}-${index}`}
                index={index}
                row={rowAt(index)}
                columns={columns}
                tracks={tracks}
                height={rowHeight}
                current={index === cursor}
                onPress={() => onCursor(index)}
                onOpen={onOpen}
              />
            ))}
          </div>
        </div>
      </div>
    </div>
  );
}

interface TableRowProps<Row> {
  readonly id: string;
  readonly index: number;
  readonly row: Row | undefined;
  readonly columns: readonly TableColumn<Row>[];
  readonly tracks: string;
  readonly height: number;
  readonly current: boolean;
  readonly onPress: () => void;
  readonly onOpen: (row: Row, index: number) => void;
}

function TableRow<Row>({ id, index, row, columns, tracks, height, current, onPress, onOpen }: TableRowProps<Row>) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid holds the keyboard
    // biome-ignore lint/a11y/useSemanticElements: see the grid
    // biome-ignore lint/a11y/useFocusableInteractive: focus stays on the grid, aria-activedescendant names the row
    <div
      role="row"
      id={id}
      aria-rowindex={index + 2}
      aria-selected={current}
      onClick={() => {
        onPress();
        if (row !== undefined) onOpen(row, index);
      }}
      // Rows that scroll under a resting pointer must not take the cursor from the keyboard.
      onMouseMove={(event) => {
        if (!current && (event.movementX !== 0 || event.movementY !== 0)) onPress();
      }}
      style={{
        display: "grid",
        gridTemplateColumns: tracks,
        columnGap: 14,
        alignItems: "center",
        height,
        padding: "0 var(--space-4)",
        cursor: row === undefined ? "default" : "pointer",
        borderBottom: "1px solid var(--line)",
        background: current ? "var(--hover)" : undefined,
      }}
    >
      {columns.map((column) => (
        // biome-ignore lint/a11y/useSemanticElements: see the grid
        // biome-ignore lint/a11y/useFocusableInteractive: see the row
        <div
          key={column.key}
          role="gridcell"
          style={{ textAlign: column.align ?? "left", overflow: "hidden", whiteSpace: "nowrap", minWidth: 0 }}
        >
          {row === undefined ? <Waiting align={column.align} /> : column.cell(row, index)}
        </div>
      ))}
    </div>
  );
}

function Waiting({ align }: { readonly align: "left" | "right" | undefined }) {
  return (
    <span
      aria-hidden="true"
      style={{
        display: "inline-block",
        width: align === "right" ? 40 : "60%",
        height: 8,
        borderRadius: 2,
        background: "var(--sunken)",
      }}
    />
  );
}
