"use client";
/** Which share of features has a partner, for every threshold; the chosen threshold and what chance gives stand in it. */
import { useMemo } from "react";
import { LineChart } from "./LineChart.tsx";

export interface SharedFractionCurveProps {
  readonly thresholds: readonly number[];
  readonly shared: readonly number[];
  readonly threshold: number;
  /** Shared share against random directions, at the threshold. */
  readonly random: number;
  readonly height: number;
  readonly domainX?: readonly [number, number] | undefined;
}

export function SharedFractionCurve(props: SharedFractionCurveProps) {
  const { thresholds, shared, threshold, random, height, domainX } = props;
  const series = useMemo(
    () => [
      { name: "shared", colour: "var(--heat)", points: thresholds.map((x, i) => ({ x, y: shared[i] ?? Number.NaN })) },
    ],
    [thresholds, shared],
  );
  return (
    <LineChart
      series={series}
      label="Share of features with a partner, against the threshold of similarity"
      height={height}
      unitX="threshold"
      restAt={threshold}
      domainX={domainX}
      domainY={[0, 1]}
      nameWidth={0}
      format={(value) => `${(value * 100).toFixed(1)} %`}
      formatX={(value) => value.toFixed(2).replace("-", "−")}
    >
      {({ plot, placeX, placeY }) => (
        <g pointerEvents="none">
          <line
            x1={placeX(threshold)}
            x2={placeX(threshold)}
            y1={plot.top}
            y2={plot.top + plot.height}
            stroke="var(--counter)"
            strokeWidth={1.5}
          />
          <line
            x1={plot.left}
            x2={plot.left + plot.width}
            y1={placeY(random)}
            y2={placeY(random)}
            stroke="var(--ink-3)"
            strokeDasharray="3 3"
          />
          <text x={plot.left + 4} y={placeY(random) - 5} style={{ fontSize: 10.5, fill: "var(--ink-3)" }}>
            random directions: {random > 0 && random < 0.001 ? "<0.1" : (random * 100).toFixed(1)} % at this threshold
          </text>
        </g>
      )}
    </LineChart>
  );
}
