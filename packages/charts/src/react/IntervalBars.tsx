"use client";
/** One value a row on a shared axis, from a stated origin, with its interval as a whisker where it has one. */
import { useMemo, useRef } from "react";
import { intervalBars } from "../geometry/interval-bars.ts";
import { useElementSize } from "./use-element-size.ts";

export interface IntervalBar {
  readonly name: string;
  readonly value: number;
  readonly low?: number | undefined;
  readonly high?: number | undefined;
  /** What the row is, on hover. */
  readonly meaning?: string;
  /** "strong" is the row that the figure is about. */
  readonly tone?: "strong" | "plain" | "counter";
}

export interface IntervalBarsProps {
  readonly bars: readonly IntervalBar[];
  /** The quantity with its unit: read aloud, and written below the axis. */
  readonly label: string;
  /** Where bars begin. */
  readonly origin: number;
  readonly originLabel?: string;
  readonly nameWidth?: number;
  format(value: number): string;
}

const ROW = 26;
const BAR = 14;
const VALUE_WIDTH = 58;
const TONES = { strong: "var(--heat)", plain: "var(--bar-heat)", counter: "var(--bar-counter)" } as const;

export function IntervalBars({ bars, label, origin, originLabel, nameWidth = 148, format }: IntervalBarsProps) {
  const frame = useRef<HTMLDivElement>(null);
  const { width } = useElementSize(frame);
  const plotWidth = Math.max(40, width - nameWidth - VALUE_WIDTH);
  const geometry = useMemo(() => intervalBars(bars, plotWidth, origin), [bars, plotWidth, origin]);
  const bottom = bars.length * ROW;
  return (
    <div ref={frame} style={{ height: bottom + 34 }}>
      {width > 0 && (
        <svg
          width={width}
          height={bottom + 34}
          role="img"
          aria-label={`${label}: ${bars.map((bar) => `${bar.name} ${spoken(bar, format)}`).join("; ")}`}
          style={{ display: "block", overflow: "visible" }}
        >
          <g transform={`translate(${nameWidth},0)`}>
            {geometry.ticks.map((tick) => (
              <g key={tick.value}>
                <line x1={tick.position} x2={tick.position} y1={0} y2={bottom} stroke="var(--line)" />
                <text
                  x={tick.position}
                  y={bottom + 14}
                  textAnchor="middle"
                  style={{ fontSize: 10.5, fill: "var(--ink-3)" }}
                >
                  {String(Number(tick.value.toPrecision(4))).replace("-", "−")}
                </text>
              </g>
            ))}
            <text x={plotWidth} y={bottom + 29} textAnchor="end" style={{ fontSize: 10.5, fill: "var(--ink-3)" }}>
              {label}
            </text>
            {originLabel !== undefined && (
              <text x={0} y={bottom + 29} style={{ fontSize: 10.5, fill: "var(--ink-3)" }}>
                {originLabel}
              </text>
            )}
          </g>
          {bars.map((bar, i) => {
            const row = geometry.rows[i];
            if (row === undefined) return null;
            const middle = i * ROW + ROW / 2;
            const tone = bar.tone ?? "plain";
            return (
              <g key={bar.name}>
                <title>{`${bar.name}: ${spoken(bar, format)}${bar.meaning === undefined ? "" : `. ${bar.meaning}`}`}</title>
                <rect x={0} y={i * ROW} width={width} height={ROW} fill="transparent" data-export="skip" />
                <text
                  x={0}
                  y={middle}
                  dominantBaseline="central"
                  style={{ fontSize: 11.5, fill: "var(--ink)", fontWeight: tone === "strong" ? 600 : 400 }}
                >
                  {bar.name}
                </text>
                <g transform={`translate(${nameWidth},0)`}>
                  <rect
                    x={Math.min(geometry.origin, row.x)}
                    y={middle - BAR / 2}
                    width={Math.max(1.5, Math.abs(row.x - geometry.origin))}
                    height={BAR}
                    fill={TONES[tone]}
                    fillOpacity={tone === "strong" ? 0.75 : 1}
                  />
                  {row.low !== undefined && row.high !== undefined && (
                    <path
                      d={`M${row.low},${middle - 4}v8M${row.low},${middle}H${row.high}M${row.high},${middle - 4}v8`}
                      stroke="var(--ink)"
                      strokeWidth={1.25}
                      fill="none"
                    />
                  )}
                </g>
                <text
                  x={width}
                  y={middle}
                  textAnchor="end"
                  dominantBaseline="central"
                  style={{ fontSize: 11.5, fill: "var(--ink)", fontWeight: tone === "strong" ? 600 : 400 }}
                >
                  {format(bar.value)}
                </text>
              </g>
            );
          })}
          <line
            x1={nameWidth + geometry.origin}
            x2={nameWidth + geometry.origin}
            y1={0}
            y2={bottom}
            stroke="var(--ink-3)"
          />
        </svg>
      )}
    </div>
  );
}

function spoken({ value, low, high }: IntervalBar, format: (value: number) => string): string {
  return low === undefined || high === undefined
    ? format(value)
    : `${format(value)} (95 % interval ${format(low)} to ${format(high)})`;
}
