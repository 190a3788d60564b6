/** Parts of a whole along one bar. */
export interface StackedPart {
  readonly name: string;
  /** Share of the whole; the parts need not sum to 1 exactly. Below 0 it has no width, and its number says so. */
  readonly value: number;
}

export interface StackedSegment extends StackedPart {
  readonly x: number;
  readonly width: number;
}

export interface StackedBarGeometry {
  readonly segments: readonly StackedSegment[];
  /** Where a sum of 1 ends. */
  readonly wholeX: number;
  /** Sum of all values, those below 0 included. */
  readonly sum: number;
}

export function stackedBar(parts: readonly StackedPart[], width: number): StackedBarGeometry {
  const positive = parts.reduce((sum, { value }) => sum + Math.max(0, value), 0);
  const scale = width / Math.max(1, positive);
  let x = 0;
  const segments = parts.map((part) => {
    const segment = { ...part, x, width: Math.max(0, part.value) * scale };
    x += segment.width;
    return segment;
  });
  return { segments, wholeX: scale, sum: parts.reduce((sum, { value }) => sum + value, 0) };
}
