/** A small graph of labelled boxes: rows by layer, the highest on top; across by the token that a box stands at. */

export interface SubgraphItem {
  readonly id: string;
  /** Mean of its members, −1 of tokens. */
  readonly layer: number;
  readonly position: number;
  /** Of the box, pixels. */
  readonly width: number;
}

export interface SubgraphPlace {
  /** Middle of the box. */
  readonly x: number;
  readonly y: number;
}

export interface SubgraphLayout {
  readonly places: ReadonlyMap<string, SubgraphPlace>;
  readonly width: number;
  readonly height: number;
}

export const BOX_HEIGHT = 24;
const GAP = 14;
const MARGIN = 10;
const ROW = 52;

/**
 * @param room the width that there is; the drawing is wider where its boxes need more.
 * @param put places that a person has chosen.
 */
export function subgraphLayout(
  items: readonly SubgraphItem[],
  room: { readonly width: number; readonly height: number },
  put: Readonly<Record<string, SubgraphPlace>>,
): SubgraphLayout {
  const layers = [...new Set(items.map(({ layer }) => Math.round(layer)))].sort((a, b) => b - a);
  const rowHeight = Math.max(ROW, (room.height - 2 * MARGIN) / Math.max(1, layers.length));
  const positions = items.map(({ position }) => position);
  const [first, last] = [Math.min(...positions), Math.max(...positions)];
  const places = new Map<string, SubgraphPlace>();
  let width = room.width;
  layers.forEach((layer, row) => {
    const boxes = items.filter((item) => Math.round(item.layer) === layer).sort((a, b) => a.position - b.position);
    const y = MARGIN + (row + 0.5) * rowHeight;
    const wished = boxes.map((box) => {
      const share = last > first ? (box.position - first) / (last - first) : 0.5;
      return MARGIN + box.width / 2 + share * Math.max(0, room.width - 2 * MARGIN - box.width);
    });
    // To the right until no two touch, then back to the left as far as there is room.
    let edge = MARGIN;
    const middles = boxes.map((box, i) => {
      const x = Math.max(wished[i] ?? 0, edge + box.width / 2);
      edge = x + box.width / 2 + GAP;
      return x;
    });
    let limit = Math.max(
      room.width - MARGIN,
      boxes.reduce((sum, box) => sum + box.width + GAP, 2 * MARGIN - GAP) - MARGIN,
    );
    for (let i = boxes.length - 1; i >= 0; i--) {
      const half = (boxes[i]?.width ?? 0) / 2;
      middles[i] = Math.min(middles[i] ?? 0, limit - half);
      limit = (middles[i] ?? 0) - half - GAP;
    }
    boxes.forEach((box, i) => {
      const x = middles[i] ?? 0;
      places.set(box.id, put[box.id] ?? { x, y });
      width = Math.max(width, (put[box.id]?.x ?? x) + box.width / 2 + MARGIN);
    });
  });
  const lowest = Math.max(0, ...[...places.values()].map(({ y }) => y + BOX_HEIGHT / 2 + MARGIN));
  return { places, width, height: Math.max(lowest, layers.length * rowHeight + 2 * MARGIN) };
}

/** An edge from the top of its source to the bottom of its target. */
export function subgraphEdge(source: SubgraphPlace, target: SubgraphPlace): string {
  const up = source.y > target.y;
  const y1 = source.y + (up ? -BOX_HEIGHT / 2 : BOX_HEIGHT / 2);
  const y2 = target.y + (up ? BOX_HEIGHT / 2 : -BOX_HEIGHT / 2);
  const bend = (y1 - y2) * 0.45;
  const at = (value: number) => value.toFixed(1);
  return `M${at(source.x)},${at(y1)}C${at(source.x)},${at(y1 - bend)} ${at(target.x)},${at(y2 + bend)} ${at(target.x)},${at(y2)}`;
}
