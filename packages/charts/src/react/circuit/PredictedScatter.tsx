"use client";
/** What a graph predicts against what the model does: points on the diagonal are as predicted. */
import { useMemo, useRef } from "react";
import { predictedScatter } from "../../geometry/circuit/predicted-scatter.ts";
import { useElementSize } from "../use-element-size.ts";

export interface ScatterMark {
  readonly name: string;
  readonly predicted: number;
  readonly measured: number;
  /** Drawn larger and filled: what was aimed at. */
  readonly main: boolean;
}

export interface PredictedScatterProps {
  readonly marks: readonly ScatterMark[];
  /** Of both axes: "change of the pre-activation or logit". */
  readonly quantity: string;
  /** What stands across and upwards; default "predicted" and "measured". */
  readonly axes?: readonly [across: string, up: string];
  /** Pixels; the drawing is square and never wider. */
  readonly side: number;
  readonly onSelect?: (index: number) => void;
}

const TEXT = { fontSize: 10.5, fill: "var(--ink-3)" } as const;

const USUAL_AXES = ["predicted", "measured"] as const;

export function PredictedScatter({ marks, quantity, axes = USUAL_AXES, side, onSelect }: PredictedScatterProps) {
  const frame = useRef<HTMLDivElement>(null);
  const length = Math.min(side, useElementSize(frame).width);
  const { plot, points, ticks, zero } = useMemo(() => predictedScatter(marks, length), [marks, length]);
  const right = plot.left + plot.size;
  const bottom = plot.top + plot.size;
  return (
    <div ref={frame}>
      {length > 0 && (
        <svg
          width={length}
          height={bottom + 36}
          role="img"
          aria-label={`${axes[1].charAt(0).toUpperCase()}${axes[1].slice(1)} against ${axes[0]} ${quantity}, ${marks.length} points`}
          style={{ display: "block" }}
        >
          {ticks.map((tick) => (
            <g key={tick.value}>
              <line x1={tick.x} x2={tick.x} y1={plot.top} y2={bottom} stroke="var(--line)" />
              <line x1={plot.left} x2={right} y1={tick.y} y2={tick.y} stroke="var(--line)" />
              <text x={tick.x} y={bottom + 14} textAnchor="middle" style={TEXT}>
                {shortNumber(tick.value)}
              </text>
              <text x={plot.left - 6} y={tick.y} textAnchor="end" dominantBaseline="central" style={TEXT}>
                {shortNumber(tick.value)}
              </text>
            </g>
          ))}
          <line x1={zero.x} x2={zero.x} y1={plot.top} y2={bottom} stroke="var(--line-strong)" />
          <line x1={plot.left} x2={right} y1={zero.y} y2={zero.y} stroke="var(--line-strong)" />
          <line x1={plot.left} y1={bottom} x2={right} y2={plot.top} stroke="var(--ink-4)" strokeDasharray="3 3" />
          {marks.map((mark, i) => {
            const point = points[i];
            if (point === undefined) return null;
            return (
              // biome-ignore lint/a11y/noStaticElementInteractions: the table beside it holds the same rows
              <circle
                // biome-ignore lint/suspicious/noArrayIndexKey: marks of one answer keep their order
                key={i}
                cx={point.x}
                cy={point.y}
                r={mark.main ? 5 : 3}
                fill={mark.main ? "var(--counter)" : "var(--heat)"}
                fillOpacity={mark.main ? 1 : 0.55}
                stroke={mark.main ? "var(--ink)" : "none"}
                onClick={() => onSelect?.(i)}
                style={{ cursor: onSelect === undefined ? "default" : "pointer" }}
              >
                <title>{`${mark.name}: ${axes[0]} ${shortNumber(mark.predicted)}, ${axes[1]} ${shortNumber(mark.measured)}`}</title>
              </circle>
            );
          })}
          <text x={right} y={bottom + 30} textAnchor="end" style={TEXT}>
            {axes[0]} {quantity}
          </text>
          <text transform={`translate(11,${plot.top}) rotate(-90)`} textAnchor="end" style={TEXT}>
            {axes[1]}
          </text>
        </svg>
      )}
    </div>
  );
}

function shortNumber(value: number): string {
  return String(Number(value.toPrecision(3))).replace("-", "−");
}
