/** Painting a cell grid on a canvas: only the cells in sight, text only where it fits. */
import {
  type ColourScale,
  fitFontSize,
  fitMonospace,
  type GridLayout,
  MONOSPACE_EM,
  visibleCells,
} from "../geometry/index.ts";

export interface GridMark {
  readonly row: number;
  readonly column: number;
  /** The custom property that holds its colour. */
  readonly colour: `--${string}`;
}

export interface GridPicture {
  readonly layout: GridLayout;
  readonly scale: ColourScale;
  /** Row-major, top row first; NaN where there is no value. */
  readonly values: Float32Array;
  text(row: number, column: number): string;
  note(row: number, column: number): string;
  readonly marks: readonly GridMark[];
  /** The value of a mark's custom property in the present theme. */
  colourOf(mark: GridMark): string;
  /** For each column the row from which on upwards the answer no longer changes; drawn as a step line. */
  readonly settled: readonly number[] | undefined;
}

export interface GridWindow {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface GridInk {
  readonly empty: string;
  readonly ink: string;
  readonly paper: string;
  readonly monospace: string;
  readonly sans: string;
}

export function drawGrid(
  context: CanvasRenderingContext2D,
  picture: GridPicture,
  window: GridWindow,
  ink: GridInk,
): void {
  context.clearRect(0, 0, window.width, window.height);
  context.save();
  context.translate(-window.left, -window.top);
  const range = visibleCells(picture.layout, window);
  for (let row = range.firstRow; row < range.endRow; row++) {
    for (let column = range.firstColumn; column < range.endColumn; column++)
      drawCell(context, picture, row, column, ink);
  }
  for (const mark of picture.marks) drawMark(context, picture.layout, mark, picture.colourOf(mark));
  if (picture.settled !== undefined && picture.layout.cellWidth >= 12)
    drawSettled(context, picture.layout, picture.settled, ink);
  context.restore();
}

/** Tabular figures of Inter, in em; px. */
const NOTE_EM = 0.62;
const NOTE_SIZE = 9.5;

function drawCell(
  context: CanvasRenderingContext2D,
  picture: GridPicture,
  row: number,
  column: number,
  ink: GridInk,
): void {
  const { layout, scale, values } = picture;
  const { cellWidth, cellHeight, inset, radius } = layout;
  const index = scale.index(values[row * layout.columns + column] ?? Number.NaN);
  const x = column * cellWidth;
  const y = row * cellHeight;
  context.fillStyle = scale.colours[index] ?? ink.empty;
  if (radius > 0) {
    context.beginPath();
    context.roundRect(x + inset, y + inset, cellWidth - 2 * inset, cellHeight - 2 * inset, radius);
    context.fill();
  } else context.fillRect(x + inset, y + inset, cellWidth - 2 * inset, cellHeight - 2 * inset);
  if (!layout.showsText) return;

  const room = cellWidth - 2 * inset - 5;
  const text = picture.text(row, column);
  const size = fitFontSize([...text].length, room, layout.fontSize, Math.min(9.5, layout.fontSize));
  const middle = x + cellWidth / 2;
  const wholeNote = layout.showsNote ? picture.note(row, column) : "";
  // A number that does not fit is left to the tooltip: half a number is a wrong number.
  const note = wholeNote.length * NOTE_EM * NOTE_SIZE <= cellWidth - 2 ? wholeNote : "";
  const lift = note !== "" ? Math.min(7, cellHeight * 0.15) : 0;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = scale.inks[index] ?? ink.ink;
  context.font = `500 ${size}px ${ink.monospace}`;
  context.fillText(fitMonospace(text, room, size * MONOSPACE_EM), middle, y + cellHeight / 2 - lift + 0.5);
  if (note === "") return;
  context.font = `450 ${NOTE_SIZE}px ${ink.sans}`;
  context.fillText(note, middle, y + cellHeight / 2 + lift + 2);
}

/** A corner in the colour of the patch that writes here. */
function drawMark(
  context: CanvasRenderingContext2D,
  { cellWidth, cellHeight, inset }: GridLayout,
  mark: GridMark,
  colour: string,
): void {
  const size = Math.max(3, Math.min(9, cellWidth * 0.3, cellHeight * 0.3));
  const x = mark.column * cellWidth + inset;
  const y = (mark.row + 1) * cellHeight - inset;
  context.fillStyle = colour;
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x + size, y);
  context.lineTo(x, y - size);
  context.fill();
}

/** Strong where it runs along a row, faint where it climbs, so that it does not box cells in. */
function drawSettled(
  context: CanvasRenderingContext2D,
  { cellWidth, cellHeight }: GridLayout,
  settled: readonly number[],
  ink: GridInk,
): void {
  context.strokeStyle = ink.ink;
  const y = (column: number) => ((settled[column] ?? 0) + 1) * cellHeight;
  const stroke = (alpha: number, width: number, draw: (column: number) => void) => {
    context.globalAlpha = alpha;
    context.lineWidth = width;
    context.beginPath();
    for (let column = 0; column < settled.length; column++) draw(column);
    context.stroke();
  };
  stroke(0.75, 1.5, (column) => {
    context.moveTo(column * cellWidth + 1, y(column));
    context.lineTo((column + 1) * cellWidth - 1, y(column));
  });
  stroke(0.22, 1, (column) => {
    if (column === 0 || settled[column] === settled[column - 1]) return;
    context.moveTo(column * cellWidth, y(column - 1));
    context.lineTo(column * cellWidth, y(column));
  });
  context.globalAlpha = 1;
}

/** The chosen cell and the one under the pointer, on a canvas above the cells. */
export function drawFocus(
  context: CanvasRenderingContext2D,
  layout: GridLayout,
  window: GridWindow,
  focus: {
    readonly selected: { row: number; column: number } | undefined;
    readonly hovered: { row: number; column: number } | undefined;
  },
  ink: GridInk,
): void {
  context.clearRect(0, 0, window.width, window.height);
  const frame = (cell: { row: number; column: number }, colour: string, width: number, grow: number) => {
    const { cellWidth, cellHeight, radius } = layout;
    const x = cell.column * cellWidth - window.left + 0.5 - grow;
    const y = cell.row * cellHeight - window.top + 0.5 - grow;
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    context.roundRect(x, y, cellWidth - 1 + 2 * grow, cellHeight - 1 + 2 * grow, radius + 1);
    context.stroke();
  };
  if (focus.hovered !== undefined) frame(focus.hovered, ink.ink, 1, 0);
  if (focus.selected !== undefined) {
    frame(focus.selected, ink.paper, 4.5, 0);
    frame(focus.selected, ink.ink, 2.25, 0);
  }
}
