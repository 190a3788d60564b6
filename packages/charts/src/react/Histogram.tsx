"use client";
/** Counts of a quantity; a marked value stands in the accent colour. */
import { useMemo } from "react";
import { histogram } from "../geometry/histogram.ts";

export interface HistogramProps {
  readonly values: readonly number[];
  readonly width: number;
  readonly height: number;
  readonly steps?: number;
  /** What is counted, with its unit: read aloud and shown on hover. */
  readonly label: string;
  readonly marked?: number | undefined;
}

export function Histogram({ values, width, height, steps, label, marked }: HistogramProps) {
  const { bars, baseline, ticks, positionOf } = useMemo(
    () => histogram(values, { width, height }, steps),
    [values, width, height, steps],
  );
  return (
    <svg
      width={width}
      height={height}
      role="img"
      aria-label={`${label}, ${values.length} values`}
      style={{ display: "block" }}
    >
      {bars.map((bar) => (
        <rect
          key={bar.from}
          x={bar.x}
          y={bar.y}
          width={bar.width}
          height={bar.height}
          fill="var(--heat)"
          fillOpacity={0.55}
        >
          <title>{`${format(bar.from)} … ${format(bar.to)}: ${bar.count}`}</title>
        </rect>
      ))}
      <line x1={0} x2={width} y1={baseline + 0.5} y2={baseline + 0.5} stroke="var(--line-strong)" />
      {marked !== undefined && (
        <line
          x1={positionOf(marked)}
          x2={positionOf(marked)}
          y1={0}
          y2={baseline}
          stroke="var(--counter)"
          strokeWidth={1.5}
        />
      )}
      {ticks.map((tick, i) => (
        <text
          key={tick.label}
          x={tick.position}
          y={height - 4}
          textAnchor={i === 0 ? "start" : i === ticks.length - 1 ? "end" : "middle"}
          style={{ fontSize: 10, fill: "var(--ink-3)" }}
        >
          {tick.label}
        </text>
      ))}
    </svg>
  );
}

function format(value: number): string {
  return String(Number(value.toPrecision(3))).replace("-", "−");
}
