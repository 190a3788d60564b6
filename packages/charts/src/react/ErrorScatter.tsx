"use client";
/** Error of one dictionary against another's at the same tokens: points on the diagonal fail alike. */
import { useMemo, useRef } from "react";
import { errorScatter } from "../geometry/error-scatter.ts";
import { useElementSize } from "./use-element-size.ts";

export interface ErrorScatterProps {
  readonly horizontal: readonly number[];
  readonly vertical: readonly number[];
  readonly horizontalTitle: string;
  readonly verticalTitle: string;
  /** Pixels; the drawing is square and never wider. */
  readonly side: number;
}

const TEXT = { fontSize: 10.5, fill: "var(--ink-3)" } as const;

export function ErrorScatter({ horizontal, vertical, horizontalTitle, verticalTitle, side }: ErrorScatterProps) {
  const frame = useRef<HTMLDivElement>(null);
  const length = Math.min(side, useElementSize(frame).width);
  const { plot, points, ticks, leftOut } = useMemo(
    () => errorScatter(horizontal, vertical, length),
    [horizontal, vertical, length],
  );
  const right = plot.left + plot.size;
  const bottom = plot.top + plot.size;
  // Many points are one path: thousands of elements would make the page slow.
  const dots = points.map(({ x, y }) => `M${x.toFixed(1)},${y.toFixed(1)}h0`).join("");
  return (
    <div ref={frame}>
      {length > 0 && (
        <svg
          width={length}
          height={bottom + 34}
          role="img"
          aria-label={`${verticalTitle} against ${horizontalTitle}, ${points.length} tokens, both logarithmic`}
          style={{ display: "block" }}
        >
          {ticks.map((tick) => (
            <g key={tick.value}>
              <line x1={tick.x} x2={tick.x} y1={plot.top} y2={bottom} stroke="var(--line)" />
              <line x1={plot.left} x2={right} y1={tick.y} y2={tick.y} stroke="var(--line)" />
              <text x={tick.x} y={bottom + 14} textAnchor="middle" style={TEXT}>
                {tick.value}
              </text>
              <text x={plot.left - 6} y={tick.y} textAnchor="end" dominantBaseline="central" style={TEXT}>
                {tick.value}
              </text>
            </g>
          ))}
          <line x1={plot.left} y1={bottom} x2={right} y2={plot.top} stroke="var(--ink-4)" strokeDasharray="3 3" />
          <path
            d={dots}
            stroke="var(--heat)"
            strokeOpacity={points.length > 1500 ? 0.4 : 0.6}
            strokeWidth={3}
            strokeLinecap="round"
            fill="none"
          />
          <text x={right} y={bottom + 29} textAnchor="end" style={TEXT}>
            {horizontalTitle}
          </text>
          <text transform={`translate(10,${plot.top}) rotate(-90)`} textAnchor="end" style={TEXT}>
            {verticalTitle}
          </text>
        </svg>
      )}
      {leftOut > 0 && <p className="quiet">{leftOut} tokens with an error of exactly 0 have no place on this axis.</p>}
    </div>
  );
}
