"use client";
import { useRef } from "react";
import { depthCurvePath, depthCurvePoints, spacedLabels } from "../geometry/index.ts";
import { useElementSize } from "./use-element-size.ts";

export interface DepthSeries {
  readonly name: string;
  /** Embedding first; NaN where unknown. */
  readonly values: readonly number[];
  readonly dashed?: boolean;
  readonly colour: string;
}

/** A quantity through depth, for one token: before and, dashed, after. */
export function DepthCurve({
  series,
  labels,
  domain,
  inverted = false,
  selected,
  onSelect,
  format,
  height = 84,
}: {
  readonly series: readonly DepthSeries[];
  readonly labels: readonly string[];
  readonly domain: readonly [number, number];
  readonly inverted?: boolean;
  readonly selected: number | undefined;
  onSelect?(row: number): void;
  format(value: number): string;
  readonly height?: number;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const { width } = useElementSize(frame);
  const space = { width, height, domain, inverted };
  const axis = depthCurvePoints(
    labels.map(() => domain[inverted ? 1 : 0]),
    space,
  );
  const labelled = spacedLabels(labels.length, width, 30);
  const description = series.map(
    ({ name, values }) => `${name}: ${values.map((v, i) => `${labels[i]} ${format(v)}`).join(", ")}`,
  );
  return (
    <div ref={frame} style={{ height }}>
      {width > 0 && (
        <svg
          width={width}
          height={height}
          role="img"
          aria-label={description.join(". ")}
          style={{ display: "block", overflow: "visible" }}
        >
          <line x1={4} x2={width - 4} y1={height - 18} y2={height - 18} stroke="var(--line)" />
          {axis.map(({ x }, row) => (
            // biome-ignore lint/a11y/noStaticElementInteractions: the grid does the same by keyboard
            <g
              key={labels[row]}
              onClick={() => onSelect?.(row)}
              style={{ cursor: onSelect === undefined ? "default" : "pointer" }}
            >
              <rect
                x={x - width / labels.length / 2}
                y={0}
                width={width / labels.length}
                height={height}
                fill="transparent"
              />
              {row === selected && <line x1={x} x2={x} y1={2} y2={height - 18} stroke="var(--line-strong)" />}
              {labelled.includes(row) && (
                <text
                  x={x}
                  y={height - 4}
                  textAnchor="middle"
                  fontSize={10}
                  fill={row === selected ? "var(--ink)" : "var(--ink-3)"}
                >
                  {labels[row]}
                </text>
              )}
            </g>
          ))}
          {series.map(({ name, values, colour, dashed }) => {
            const points = depthCurvePoints(values, space);
            const dots = points.filter(({ value }) => Number.isFinite(value));
            return (
              <g key={name} pointerEvents="none">
                <path
                  d={depthCurvePath(points)}
                  fill="none"
                  stroke={colour}
                  strokeWidth={1.8}
                  strokeLinejoin="round"
                  strokeDasharray={dashed === true ? "4 3" : undefined}
                />
                {labels.length <= 26 &&
                  dots.map(({ x, y }) => (
                    <circle key={x} cx={x} cy={y} r={2.4} fill="var(--surface)" stroke={colour} strokeWidth={1.5} />
                  ))}
              </g>
            );
          })}
        </svg>
      )}
    </div>
  );
}
