"use client";
import { useMemo, useRef } from "react";
import { type DeletionPoint, deletionCurve } from "../../geometry/circuit/deletion-curve.ts";
import { useElementSize } from "../use-element-size.ts";

export interface DeletionCurveProps {
  readonly points: readonly DeletionPoint[];
  readonly before: number;
  /** With its unit: "logit of ·L, demeaned". */
  readonly quantity: string;
  /** How many random sets a point has. */
  readonly draws: number;
  readonly height?: number;
}

const TEXT = { fontSize: 10.5, fill: "var(--ink-3)" } as const;

/** Top features in ink, random ones dashed with the band of their draws. */
export function DeletionCurve({ points, before, quantity, draws, height = 260 }: DeletionCurveProps) {
  const frame = useRef<HTMLDivElement>(null);
  const { width } = useElementSize(frame);
  const geometry = useMemo(() => deletionCurve(points, before, { width, height }), [points, before, width, height]);
  const { plot } = geometry;
  const bottom = plot.top + plot.height;
  const last = geometry.points.at(-1);
  // The curve comes down from the left, so that its name has room below it; at the axis it goes above.
  const nameBelow = last !== undefined && last.y > last.randomY && last.y + 20 < bottom;
  return (
    <div ref={frame} style={{ minHeight: height }}>
      {width > 0 && (
        <svg
          width={width}
          height={height}
          role="img"
          aria-label={`${quantity} after removing the top features, against random ones`}
          style={{ display: "block" }}
        >
          {geometry.ticksY.map(({ value, at }) => (
            <g key={value}>
              <line x1={plot.left} x2={plot.left + plot.width} y1={at} y2={at} stroke="var(--line)" />
              <text x={plot.left - 6} y={at} textAnchor="end" dominantBaseline="central" style={TEXT}>
                {String(value).replace("-", "−")}
              </text>
            </g>
          ))}
          {geometry.ticksX.map(({ value, at }) => (
            <text key={value} x={at} y={bottom + 14} textAnchor="middle" style={TEXT}>
              {value}
            </text>
          ))}
          <path d={geometry.band} fill="var(--bar-heat)" fillOpacity={0.5} />
          <path d={geometry.mean} fill="none" stroke="var(--heat)" strokeWidth={1.6} strokeDasharray="5 3" />
          <path d={geometry.top} fill="none" stroke="var(--counter)" strokeWidth={2} />
          {geometry.points.map(({ x, y, randomY }) => (
            <g key={x}>
              <circle cx={x} cy={randomY} r={2.4} fill="var(--heat)" />
              <circle cx={x} cy={y} r={2.8} fill="var(--counter)" />
            </g>
          ))}
          {last !== undefined && (
            <>
              <text
                x={last.x - 6}
                y={last.y + (nameBelow ? 16 : -8)}
                textAnchor="end"
                style={{ ...TEXT, fill: "var(--counter)" }}
              >
                top features
              </text>
              <text x={last.x - 6} y={last.randomY - 8} textAnchor="end" style={{ ...TEXT, fill: "var(--heat)" }}>
                random, {draws} draws
              </text>
            </>
          )}
          <text x={plot.left + plot.width} y={bottom + 29} textAnchor="end" style={TEXT}>
            features removed
          </text>
          <text transform={`translate(11,${plot.top}) rotate(-90)`} textAnchor="end" style={TEXT}>
            {quantity}
          </text>
        </svg>
      )}
    </div>
  );
}
