/**
 * Which rows of a long table to draw. Browsers cap the height of an element (Firefox near 17.8 million pixels), so past
 * `MAXIMUM_HEIGHT` the scroll bar stands for the table proportionally: one pixel of scroll is more than one of table.
 */
export interface VirtualWindowInput {
  readonly rowCount: number;
  /** Pixels. */
  readonly rowHeight: number;
  readonly viewportHeight: number;
  readonly scrollTop: number;
  /** Rows drawn beyond each edge, so that a fast scroll does not show blanks. */
  readonly overscan?: number;
}

export interface VirtualWindow {
  /** First row to draw, inclusive. */
  readonly first: number;
  /** Last row to draw, exclusive. */
  readonly last: number;
  /** Height of the scrolled element, pixels. */
  readonly totalHeight: number;
  /** Where the first drawn row stands in the scrolled element, pixels. */
  readonly offsetTop: number;
}

const MAXIMUM_HEIGHT = 8_000_000;

export function virtualWindow(input: VirtualWindowInput): VirtualWindow {
  const { rowCount, rowHeight, viewportHeight, overscan = 8 } = input;
  const tableHeight = rowCount * rowHeight;
  const totalHeight = Math.min(tableHeight, MAXIMUM_HEIGHT);
  const scrollTop = clamp(input.scrollTop, 0, Math.max(0, totalHeight - viewportHeight));
  const tablePixel = scrollTop * scrollRatio(input);
  const first = clamp(Math.floor(tablePixel / rowHeight) - overscan, 0, rowCount);
  const last = clamp(Math.ceil((tablePixel + viewportHeight) / rowHeight) + overscan, first, rowCount);
  return { first, last, totalHeight, offsetTop: first * rowHeight - (tablePixel - scrollTop) };
}

/** The scroll position nearest to the present one at which the row is wholly visible. */
export function scrollToReveal(row: number, input: VirtualWindowInput): number {
  const ratio = scrollRatio(input);
  const top = row * input.rowHeight;
  const present = input.scrollTop * ratio;
  if (top < present) return top / ratio;
  const bottom = top + input.rowHeight;
  return bottom > present + input.viewportHeight ? (bottom - input.viewportHeight) / ratio : input.scrollTop;
}

/** Table pixels for each pixel of scroll; 1 for every table that fits. */
function scrollRatio({ rowCount, rowHeight, viewportHeight }: VirtualWindowInput): number {
  const tableHeight = rowCount * rowHeight;
  if (tableHeight <= MAXIMUM_HEIGHT || viewportHeight >= MAXIMUM_HEIGHT) return 1;
  return (tableHeight - viewportHeight) / (MAXIMUM_HEIGHT - viewportHeight);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
