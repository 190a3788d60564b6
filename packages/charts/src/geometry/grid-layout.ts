/** Sizes of a cell grid that fills its space, shrinks to colour when it is crowded, and grows when it is zoomed. All px. */

export interface GridSpace {
  readonly rows: number;
  readonly columns: number;
  readonly width: number;
  readonly height: number;
  /** 1 fits the space; larger scrolls. */
  readonly zoom: number;
}

export interface GridLayout {
  readonly rows: number;
  readonly columns: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
  readonly contentWidth: number;
  readonly contentHeight: number;
  /** Empty margin around a cell's colour, on each side. */
  readonly inset: number;
  readonly radius: number;
  /** What fits in a cell: its token, and below it its number. */
  readonly showsText: boolean;
  readonly showsNote: boolean;
  readonly fontSize: number;
}

const CELL = { minimumWidth: 4, maximumWidth: 84, minimumHeight: 8, maximumHeight: 76 } as const;
/** Zoom makes rows this high at least: enough for a token and its number, so that short stacks stay whole in sight. */
const ZOOMED_HEIGHT = 44;
const TEXT_WIDTH = 31;
/** Colour alone needs less height than a token and its number. */
const MAXIMUM_BARE_HEIGHT = 52;
const TEXT_HEIGHT = 15;
const NOTE_HEIGHT = 29;
export const MAXIMUM_ZOOM = 16;

export function layoutGrid({ rows, columns, width, height, zoom }: GridSpace): GridLayout {
  const fitWidth = clamp(width / Math.max(1, columns), CELL.minimumWidth, CELL.maximumWidth);
  const highest = fitWidth * zoom >= TEXT_WIDTH ? CELL.maximumHeight : MAXIMUM_BARE_HEIGHT;
  const fitHeight = clamp(height / Math.max(1, rows), CELL.minimumHeight, highest);
  const cellWidth = Math.max(fitWidth, Math.min(fitWidth * zoom, CELL.maximumWidth));
  const cellHeight = Math.max(fitHeight, Math.min(fitHeight * zoom, ZOOMED_HEIGHT));
  const small = Math.min(cellWidth, cellHeight);
  const showsText = cellWidth >= TEXT_WIDTH && cellHeight >= TEXT_HEIGHT;
  return {
    rows,
    columns,
    cellWidth,
    cellHeight,
    contentWidth: cellWidth * columns,
    contentHeight: cellHeight * rows,
    inset: small >= 22 ? 1.5 : small >= 9 ? 0.75 : 0.25,
    radius: small >= 22 ? 3.5 : small >= 9 ? 1.5 : 0,
    showsText,
    showsNote: showsText && cellHeight >= NOTE_HEIGHT,
    fontSize: cellWidth >= 52 ? 12 : cellWidth >= 42 ? 11 : 10,
  };
}

/** The zoom at which more zoom changes nothing. */
export function usefulZoom(space: GridSpace): number {
  const { cellWidth, cellHeight } = layoutGrid({ ...space, zoom: 1 });
  return Math.min(MAXIMUM_ZOOM, Math.max(1, CELL.maximumWidth / cellWidth, ZOOMED_HEIGHT / cellHeight));
}

export interface VisibleRange {
  readonly firstRow: number;
  readonly endRow: number;
  readonly firstColumn: number;
  readonly endColumn: number;
}

/** The half-open ranges of cells of which any part is inside the window. */
export function visibleCells(
  layout: GridLayout,
  window: { readonly left: number; readonly top: number; readonly width: number; readonly height: number },
): VisibleRange {
  const { cellWidth, cellHeight, rows, columns } = layout;
  return {
    firstRow: clamp(Math.floor(window.top / cellHeight), 0, rows),
    endRow: clamp(Math.ceil((window.top + window.height) / cellHeight), 0, rows),
    firstColumn: clamp(Math.floor(window.left / cellWidth), 0, columns),
    endColumn: clamp(Math.ceil((window.left + window.width) / cellWidth), 0, columns),
  };
}

export interface CellAddress {
  readonly row: number;
  readonly column: number;
}

/** The cell at a point of the content, or undefined beside it. */
export function cellAt(layout: GridLayout, x: number, y: number): CellAddress | undefined {
  const row = Math.floor(y / layout.cellHeight);
  const column = Math.floor(x / layout.cellWidth);
  const inside = row >= 0 && row < layout.rows && column >= 0 && column < layout.columns;
  return inside ? { row, column } : undefined;
}

/** The cell that a key leads to; the edges hold. Undefined for a key that is not about walking. */
export function walk(
  { row, column }: CellAddress,
  key: string,
  { rows, columns }: GridLayout,
): CellAddress | undefined {
  const last = { row: rows - 1, column: columns - 1 };
  const moves: Readonly<Record<string, CellAddress>> = {
    ArrowUp: { row: row - 1, column },
    ArrowDown: { row: row + 1, column },
    ArrowLeft: { row, column: column - 1 },
    ArrowRight: { row, column: column + 1 },
    Home: { row, column: 0 },
    End: { row, column: last.column },
    PageUp: { row: 0, column },
    PageDown: { row: last.row, column },
  };
  const to = moves[key];
  return to && { row: clamp(to.row, 0, last.row), column: clamp(to.column, 0, last.column) };
}

/** The least scroll that brings the interval [start, end) into a window of this length. */
export function scrollToShow(start: number, end: number, scroll: number, length: number): number {
  if (start < scroll) return start;
  return end > scroll + length ? end - length : scroll;
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
