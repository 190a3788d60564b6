"use client";
/** A histogram that comes counted; a threshold may stand in it, and bars at or above it are inked. */
import { type ReactNode, useMemo, useRef } from "react";
import { type BinnedHistogramGeometry, type Bins, binnedHistogram } from "../geometry/binned-histogram.ts";
import { useElementSize } from "./use-element-size.ts";

export interface BinnedHistogramProps extends Bins {
  /** What is counted, with its unit: read aloud. */
  readonly label: string;
  readonly height: number;
  readonly domain?: readonly [number, number] | undefined;
  readonly heights?: "linear" | "root";
  /** Bars that begin at or above it have the full colour; the others are quiet. */
  readonly threshold?: number | undefined;
  /** Text at the threshold's line. */
  readonly thresholdLabel?: string;
  readonly onThreshold?: (value: number) => void;
  format?(value: number): string;
  children?(geometry: BinnedHistogramGeometry): ReactNode;
}

export function BinnedHistogram(props: BinnedHistogramProps) {
  const { edges, counts, label, height, domain, heights = "linear", threshold, thresholdLabel, onThreshold } = props;
  const format = props.format ?? plain;
  const frame = useRef<HTMLDivElement>(null);
  const { width } = useElementSize(frame);
  const geometry = useMemo(
    () => binnedHistogram({ edges, counts }, { width, height }, { domain, heights }),
    [edges, counts, width, height, domain, heights],
  );
  const { bars, baseline, ticks, total, highestCount, placeOf } = geometry;
  const line = threshold === undefined ? undefined : placeOf(threshold);
  return (
    <div ref={frame} style={{ height }}>
      {width > 0 && (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the form beside the figure sets the threshold by keyboard
        <svg
          width={width}
          height={height}
          role="img"
          aria-label={`${label}: ${total} counted, at most ${highestCount} in one step`}
          onClick={
            onThreshold &&
            ((event) => {
              const box = event.currentTarget.getBoundingClientRect();
              onThreshold(geometry.valueAt(event.clientX - box.left));
            })
          }
          style={{ display: "block", overflow: "visible", cursor: onThreshold === undefined ? "default" : "crosshair" }}
        >
          {bars.map((bar) => (
            <g key={bar.from}>
              <rect
                x={bar.x}
                y={bar.y}
                width={bar.width}
                height={bar.height}
                fill={threshold === undefined || bar.from >= threshold - 1e-9 ? "var(--heat)" : "var(--ink-4)"}
                fillOpacity={threshold === undefined || bar.from >= threshold - 1e-9 ? 0.62 : 0.55}
              />
              <rect x={bar.x} y={0} width={bar.width + 1} height={baseline} fill="transparent" data-export="skip">
                <title>{`${format(bar.from)} … ${format(bar.to)}: ${bar.count} (${share(bar.count, total)} %)`}</title>
              </rect>
            </g>
          ))}
          <line x1={0} x2={width} y1={baseline + 0.5} y2={baseline + 0.5} stroke="var(--line-strong)" />
          {line !== undefined && (
            <g pointerEvents="none">
              <line x1={line} x2={line} y1={0} y2={baseline} stroke="var(--counter)" strokeWidth={1.5} />
              {thresholdLabel !== undefined && (
                <text
                  x={line + (line > width * 0.7 ? -5 : 5)}
                  y={10}
                  textAnchor={line > width * 0.7 ? "end" : "start"}
                  style={{ fontSize: 10.5, fill: "var(--counter)" }}
                >
                  {thresholdLabel}
                </text>
              )}
            </g>
          )}
          {ticks.map((tick) => (
            <text
              key={tick.value}
              x={tick.position}
              y={height - 5}
              textAnchor={tick.position < 12 ? "start" : tick.position > width - 12 ? "end" : "middle"}
              style={{ fontSize: 10.5, fill: "var(--ink-3)" }}
            >
              {format(tick.value)}
            </text>
          ))}
          {props.children?.(geometry)}
        </svg>
      )}
    </div>
  );
}

function plain(value: number): string {
  return String(Number(value.toPrecision(3))).replace("-", "−");
}

function share(count: number, total: number): string {
  return total === 0 ? "0" : ((count / total) * 100).toFixed(1);
}
