"use client";
import { fitMonospace, type GridLayout, MONOSPACE_EM } from "../geometry/index.ts";

export interface GridColumn {
  readonly text: string;
  readonly label: string;
}

/** Room for a position of three digits, px. */
const LABEL_WIDTH = 28;

/** Height in px for the way the tokens are written: across, upright when columns are narrow, or as a scale of positions. */
export function headerHeight({ cellWidth }: GridLayout): number {
  return cellWidth >= 31 ? 42 : cellWidth >= 11 ? 82 : 26;
}

/** The tokens below the grid, one a column, with their positions. Scrolls with the cells. */
export function ColumnHeader({
  columns,
  layout,
  left,
  width,
  selected,
  onSelect,
}: {
  readonly columns: readonly GridColumn[];
  readonly layout: GridLayout;
  /** How far the cells are scrolled, and how much of them is in sight. */
  readonly left: number;
  readonly width: number;
  readonly selected: number | undefined;
  onSelect(column: number): void;
}) {
  const { cellWidth } = layout;
  const height = headerHeight(layout);
  const first = Math.max(0, Math.floor(left / cellWidth));
  const end = Math.min(columns.length, Math.ceil((left + width) / cellWidth));
  const upright = cellWidth < 31;
  const bare = cellWidth < 11;
  /** The chosen position is always named, and its neighbours make room for it. */
  const showsLabel = (index: number) => {
    const column = columns[index];
    if (column === undefined || column.label === column.text) return false;
    if (index === selected) return true;
    return (
      index % step === 0 && (!bare || selected === undefined || Math.abs(index - selected) * cellWidth > LABEL_WIDTH)
    );
  };
  /** Centred below its column, but never beyond the edge. Relative to the column. */
  const labelLeft = (index: number) => {
    const start = index * cellWidth - left;
    return Math.max(0, Math.min(width - LABEL_WIDTH, start + cellWidth / 2 - LABEL_WIDTH / 2)) - start;
  };
  const step = cellWidth >= 18 ? 1 : cellWidth >= 11 ? 5 : Math.ceil(48 / cellWidth / 8) * 8;
  const size = cellWidth >= 52 ? 12 : cellWidth >= 42 ? 11 : 10;
  return (
    <div style={{ position: "relative", height, overflow: "hidden", width }}>
      {columns.slice(first, end).map((column, offset) => {
        const index = first + offset;
        const chosen = index === selected;
        return (
          <button
            key={column.label}
            type="button"
            tabIndex={-1}
            title={`${column.text} · position ${column.label}`}
            onClick={() => onSelect(index)}
            style={{
              position: "absolute",
              left: index * cellWidth - left,
              top: 0,
              width: cellWidth,
              height,
              padding: "5px 1.5px 0",
              textAlign: "center",
              overflow: bare ? "visible" : "hidden",
            }}
          >
            {!bare && (
              <span
                style={{
                  display: "block",
                  font: `450 ${size}px/20px var(--mono)`,
                  whiteSpace: "pre",
                  borderRadius: 4,
                  background: chosen ? "var(--ink)" : "var(--sunken)",
                  color: chosen ? "var(--paper)" : "var(--ink)",
                  ...(upright
                    ? {
                        writingMode: "vertical-rl",
                        width: Math.min(18, cellWidth - 2),
                        height: 58,
                        lineHeight: `${Math.min(18, cellWidth - 2)}px`,
                        margin: "0 auto",
                        paddingTop: 4,
                        overflow: "hidden",
                      }
                    : {}),
                }}
              >
                {upright ? column.text : fitMonospace(column.text, cellWidth - 4, size * MONOSPACE_EM)}
              </span>
            )}
            {showsLabel(index) && (
              <span
                style={{
                  ...(bare
                    ? { position: "absolute", width: LABEL_WIDTH, left: labelLeft(index), textAlign: "center" }
                    : {}),
                  font: "10px/15px var(--sans)",
                  color: chosen ? "var(--ink)" : "var(--ink-3)",
                  fontWeight: chosen ? 600 : 400,
                }}
              >
                {column.label}
              </span>
            )}
          </button>
        );
      })}
    </div>
  );
}
