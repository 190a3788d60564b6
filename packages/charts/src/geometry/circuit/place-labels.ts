/**
 * Where names stand in a printed figure, in which none may be left out: beside their node, off each other if there is room,
 * and over as few nodes as can be.
 */
import { NODE_RADIUS } from "./circuit-scene.ts";

export interface LabelWish {
  /** Centre of the node. */
  readonly x: number;
  readonly y: number;
  /** Of the text, as far as it can be known without a font. */
  readonly width: number;
  /** Targets: centred above their node, and higher where that is taken. Others: at a side, above or below. */
  readonly isAbove: boolean;
}

export interface LabelPlace {
  readonly left: number;
  readonly baseline: number;
}

const HEIGHT = 12;
/** Steps that a target's name may be raised: more would run into the title. */
const MOST_RAISES = 2;

/**
 * @param gap pixels from a node's centre to the text beside it.
 * @param limits first and last pixel that a name may cover.
 * @param nodes centres of all nodes, in the same pixels.
 * @returns one place a wish, in their order; earlier ones choose first. Where nothing is free, the first choice.
 */
export function placeLabels(
  wishes: readonly LabelWish[],
  gap: number,
  limits: { readonly left: number; readonly right: number },
  nodes: { readonly x: ArrayLike<number>; readonly y: ArrayLike<number> },
): LabelPlace[] {
  const taken: { readonly left: number; readonly right: number; readonly baseline: number }[] = [];
  return wishes.map((wish) => {
    const candidates = candidatesOf(wish, gap).map(({ left, baseline }) => ({
      left: Math.max(limits.left, Math.min(left, limits.right - wish.width)),
      baseline,
    }));
    const isFree = ({ left, baseline }: LabelPlace) =>
      taken.every(
        (box) =>
          Math.abs(box.baseline - baseline) >= HEIGHT || box.left >= left + wish.width + 3 || box.right + 3 <= left,
      );
    const free = candidates.filter(isFree);
    const covered = free.map((place) => (wish.isAbove ? 0 : nodesUnder(place, wish.width, nodes)));
    const place = free[covered.indexOf(Math.min(...covered))] ?? candidates[0] ?? { left: wish.x, baseline: wish.y };
    taken.push({ ...place, right: place.left + wish.width });
    return place;
  });
}

function nodesUnder(
  { left, baseline }: LabelPlace,
  width: number,
  { x, y }: { readonly x: ArrayLike<number>; readonly y: ArrayLike<number> },
): number {
  let count = 0;
  for (let n = 0; n < x.length; n++) {
    const [across, down] = [x[n] ?? 0, y[n] ?? 0];
    if (across > left - NODE_RADIUS && across < left + width + NODE_RADIUS && Math.abs(down + 3.5 - baseline) < HEIGHT)
      count += 1;
  }
  return count;
}

function candidatesOf({ x, y, width, isAbove }: LabelWish, gap: number): LabelPlace[] {
  if (isAbove)
    return Array.from({ length: MOST_RAISES + 1 }, (_, raise) => ({
      left: x - width / 2,
      baseline: y - 8 - raise * HEIGHT,
    }));
  const [right, left] = [x + gap, x - gap - width];
  const rows = [0, -HEIGHT - 1, HEIGHT + 1];
  return rows.flatMap((row) => [right, left].map((edge) => ({ left: edge, baseline: y + 3.5 + row })));
}
