/** Cables run from a patch card up a channel of their own and bend into the jack of a row. SVG path data, px. */

export interface CableRun {
  readonly from: { readonly x: number; readonly y: number };
  /** The x of the vertical lane. */
  readonly lane: number;
  readonly to: { readonly x: number; readonly y: number };
}

const BEND = 12;

export function cablePath({ from, lane, to }: CableRun): string {
  const start = bend(from.x, lane, from.y, to.y);
  const end = bend(lane, to.x, to.y, from.y);
  const up = Math.sign(to.y - from.y) || -1;
  return [
    `M${from.x},${from.y}`,
    `H${lane - start.side * start.radius}`,
    `Q${lane},${from.y} ${lane},${from.y + up * start.radius}`,
    `V${to.y - up * end.radius}`,
    `Q${lane},${to.y} ${lane + end.side * end.radius},${to.y}`,
    `H${to.x}`,
  ].join(" ");
}

/** The radius of a corner: less where the way is too short for it. */
function bend(fromX: number, toX: number, y: number, otherY: number) {
  return { side: Math.sign(toX - fromX) || 1, radius: Math.min(BEND, Math.abs(toX - fromX), Math.abs(otherY - y) / 2) };
}

/** The lanes of several cables in one channel, evenly spread; the first patch has the lane nearest to the jacks. */
export function cableLanes(count: number, left: number, right: number): number[] {
  const step = Math.min(5, (right - left) / Math.max(1, count));
  return Array.from({ length: count }, (_, i) => right - step * (i + 0.5));
}
