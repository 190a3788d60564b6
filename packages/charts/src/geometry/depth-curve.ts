/** A token through depth: one point for each site, from the embedding to the last layer. */
import { line, scaleLinear, scalePoint } from "d3";

export interface DepthCurveSpace {
  readonly width: number;
  readonly height: number;
  readonly domain: readonly [number, number];
  /** True where small is good: ranks. The axis then points down. */
  readonly inverted?: boolean;
}

export interface DepthCurvePoint {
  readonly x: number;
  readonly y: number;
  readonly value: number;
}

const MARGIN = { top: 8, right: 16, bottom: 18, left: 16 } as const;

export function depthCurvePoints(values: readonly number[], space: DepthCurveSpace): DepthCurvePoint[] {
  const indices = values.map((_, i) => i);
  const x = scalePoint<number>(indices, [MARGIN.left, space.width - MARGIN.right]);
  const range = [space.height - MARGIN.bottom, MARGIN.top];
  const y = scaleLinear(space.domain, space.inverted === true ? range.toReversed() : range).clamp(true);
  return values.map((value, i) => ({ x: x(i) ?? MARGIN.left, y: y(value), value }));
}

export function depthCurvePath(points: readonly DepthCurvePoint[]): string {
  const draw = line<DepthCurvePoint>(
    ({ x }) => x,
    ({ y }) => y,
  ).defined(({ value }) => Number.isFinite(value));
  return draw([...points]) ?? "";
}

/** Which of the labels can stand without touching: always the first and the last, the others at an even step. */
export function spacedLabels(count: number, width: number, labelWidth: number): number[] {
  if (count <= 1) return count === 1 ? [0] : [];
  const step = Math.max(1, Math.ceil((labelWidth * (count - 1)) / Math.max(1, width)));
  const indices = [];
  for (let i = 0; i < count - step; i += step) indices.push(i);
  return [...indices, count - 1];
}
