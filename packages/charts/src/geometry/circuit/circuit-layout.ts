/**
 * Where the nodes of a circuit stand: the text is the spine. Columns are tokens, rows are layers from below upwards, targets
 * stand on top. The nodes of one layer and token fill a block in reading order; a column is as wide as its fullest block
 * needs, a row as high.
 */
import { MONOSPACE_EM } from "../fit-text.ts";
import { shapeCode } from "./circuit-scene.ts";

export interface CircuitLayoutInput {
  /** Number of blocks of the model. */
  readonly layers: number;
  /** As shown under the columns. */
  readonly tokens: readonly string[];
  /** One entry a node. */
  readonly shape: Uint8Array;
  readonly layer: ArrayLike<number>;
  readonly position: ArrayLike<number>;
  /** Smaller stands first in its block. */
  readonly rank: ArrayLike<number>;
  /** Wished height over width: rows are stretched to reach it, never pressed together. */
  readonly aspect: number;
  /** Characters of a logit's text. */
  readonly characters: ArrayLike<number>;
}

export interface CircuitColumn {
  readonly left: number;
  readonly width: number;
}

export interface CircuitRow {
  /** −1 the tokens; `layers` the targets. */
  readonly layer: number;
  readonly top: number;
  readonly height: number;
}

export interface CircuitLayout {
  /** One entry a node. */
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly width: number;
  readonly height: number;
  readonly columns: readonly CircuitColumn[];
  /** From the top. */
  readonly rows: readonly CircuitRow[];
}

const PITCH = 13;
const CHARACTER = 11 * MONOSPACE_EM;
const COLUMN = { least: 34, most: 104, gap: 8 } as const;
const ROW = { least: 26, gap: 16, most: 160 } as const;
const LOGIT = { height: 26, gap: 12 } as const;
const LOGIT_CODE = shapeCode("logit");
const TOKEN_CODE = shapeCode("token");
/** Blocks are rather wide than high: text runs across. */
const ASPECT = 1.5;
const MOST_WIDENED = 2.4;

function columnsAbreast(count: number): number {
  return Math.max(1, Math.ceil(Math.sqrt(count * ASPECT)));
}

export function circuitLayout(input: CircuitLayoutInput): CircuitLayout {
  const { shape, tokens } = input;
  const columnCount = Math.max(1, tokens.length);
  const layers = Math.max(1, input.layers);
  const count = shape.length;
  const columnOf = (n: number) => clamp(input.position[n] ?? 0, 0, columnCount - 1);
  const layerOf = (n: number) => clamp(input.layer[n] ?? 0, 0, layers - 1);

  const blocks = new Map<number, number[]>();
  const logits: number[] = [];
  for (let n = 0; n < count; n++) {
    if (shape[n] === LOGIT_CODE) logits.push(n);
    else if (shape[n] !== TOKEN_CODE) {
      const key = layerOf(n) * columnCount + columnOf(n);
      const block = blocks.get(key);
      if (block === undefined) blocks.set(key, [n]);
      else block.push(n);
    }
  }
  const byRank = (a: number, b: number) => (input.rank[a] ?? 0) - (input.rank[b] ?? 0) || a - b;
  for (const block of blocks.values()) block.sort(byRank);

  const fullest = new Array<number>(columnCount).fill(0);
  for (const [key, block] of blocks) {
    const column = key % columnCount;
    fullest[column] = Math.max(fullest[column] ?? 0, block.length);
  }
  const textWidth = (c: number) => Math.min(COLUMN.most, (tokens[c]?.length ?? 0) * CHARACTER + 10);
  const narrow = Array.from(fullest, (count, c) => Math.max(COLUMN.least, textWidth(c), columnsAbreast(count) * PITCH));
  // Deep models would stand as a thin tower: their columns are widened, within reason.
  const least = layers * ROW.least + 2 * ROW.least;
  const sum = narrow.reduce((total, width) => total + width + COLUMN.gap, 0);
  const widen = input.aspect > 0 ? Math.min(MOST_WIDENED, Math.max(1, least / (input.aspect * sum))) : 1;
  const columns: CircuitColumn[] = [];
  const abreast: number[] = [];
  let left = 0;
  for (let c = 0; c < columnCount; c++) {
    const perRow = columnsAbreast(fullest[c] ?? 0);
    const width = (narrow[c] ?? COLUMN.least) * widen + COLUMN.gap;
    // Where the text makes the column wide, the blocks use the room.
    abreast.push(Math.max(perRow, Math.floor((width - COLUMN.gap) / PITCH)));
    columns.push({ left, width });
    left += width;
  }
  const width = left;

  const lines = new Array<number>(layers).fill(0);
  for (const [key, block] of blocks) {
    const layer = Math.floor(key / columnCount);
    lines[layer] = Math.max(lines[layer] ?? 0, Math.ceil(block.length / (abreast[key % columnCount] ?? 1)));
  }
  const x = new Float32Array(count);
  const y = new Float32Array(count);
  const logitHeight = placeLogits(logits.sort(byRank), input, columns, columnOf, width, x, y);
  const rowHeights = lines.map((count) => Math.max(ROW.least, count * PITCH + ROW.gap));
  const natural = rowHeights.reduce((sum, height) => sum + height, logitHeight + ROW.least);
  const stretch = Math.max(0, Math.min(ROW.most, (width * input.aspect - natural) / layers));
  const rows: CircuitRow[] = [{ layer: layers, top: 0, height: logitHeight }];
  let top = logitHeight;
  const layerTop = new Array<number>(layers).fill(0);
  for (let layer = layers - 1; layer >= 0; layer--) {
    const height = (rowHeights[layer] ?? ROW.least) + stretch;
    rows.push({ layer, top, height });
    layerTop[layer] = top;
    top += height;
  }
  rows.push({ layer: -1, top, height: ROW.least });

  for (const [key, block] of blocks) {
    const column = columns[key % columnCount] ?? { left: 0, width: COLUMN.least };
    const layer = Math.floor(key / columnCount);
    const perRow = abreast[key % columnCount] ?? 1;
    const row = rows[layers - layer] ?? { top: layerTop[layer] ?? 0, height: ROW.least };
    const deep = Math.ceil(block.length / perRow);
    block.forEach((n, i) => {
      const line = Math.floor(i / perRow);
      const inLine = Math.min(perRow, block.length - line * perRow);
      x[n] = column.left + column.width / 2 + ((i % perRow) - (inLine - 1) / 2) * PITCH;
      y[n] = row.top + row.height / 2 + (line - (deep - 1) / 2) * PITCH;
    });
  }
  for (let n = 0; n < count; n++) {
    if (shape[n] !== TOKEN_CODE) continue;
    const column = columns[columnOf(n)] ?? { left: 0, width: COLUMN.least };
    x[n] = column.left + column.width / 2;
    y[n] = top + ROW.least / 2;
  }
  return { x, y, width, height: top + ROW.least, columns, rows };
}

/** Targets read from right to left above the position where the answer is read; lines are filled upwards. */
function placeLogits(
  logits: readonly number[],
  input: CircuitLayoutInput,
  columns: readonly CircuitColumn[],
  columnOf: (n: number) => number,
  width: number,
  x: Float32Array,
  y: Float32Array,
): number {
  const line: number[] = [];
  let right = width;
  let current = 0;
  let before: number | undefined;
  for (const n of logits) {
    const room = logitWidth(input.characters[n] ?? 0);
    const column = columns[columnOf(n)] ?? { left: 0, width };
    if (before !== columnOf(n)) right = Math.max(room, column.left + column.width);
    before = columnOf(n);
    if (right - room < 0) {
      current += 1;
      right = Math.max(room, column.left + column.width);
    }
    x[n] = right - room / 2;
    line[n] = current;
    right -= room + LOGIT.gap;
  }
  const height = (current + 1) * LOGIT.height + ROW.gap;
  for (const n of logits) y[n] = (current - (line[n] ?? 0) + 0.5) * LOGIT.height;
  return height;
}

/** Of a target's box, in units of the drawing. */
export function logitWidth(characters: number): number {
  return Math.max(28, Math.min(120, characters * CHARACTER + 14));
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
