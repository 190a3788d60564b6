"use client";
/** Parts of a whole as one bar; its legend says every number, so that nothing is told by colour alone. */
import { useMemo, useRef } from "react";
import { stackedBar } from "../geometry/stacked-bar.ts";
import { useElementSize } from "./use-element-size.ts";

export interface StackedBarPart {
  readonly name: string;
  readonly value: number;
  readonly colour: string;
  /** Drawn in hatching beside its colour, to be told apart without it. */
  readonly hatched?: boolean;
}

export function StackedBar({
  parts,
  label,
  height = 34,
  format,
}: {
  readonly parts: readonly StackedBarPart[];
  readonly label: string;
  readonly height?: number;
  format(value: number): string;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const { width } = useElementSize(frame);
  const { segments, wholeX } = useMemo(() => stackedBar(parts, width), [parts, width]);
  return (
    <div ref={frame} style={{ height }}>
      {width > 0 && (
        <svg
          width={width}
          height={height}
          role="img"
          aria-label={`${label}: ${parts.map(({ name, value }) => `${name} ${format(value)}`).join(", ")}`}
          style={{ display: "block" }}
        >
          <defs>
            <pattern
              id="stacked-hatch"
              width="5"
              height="5"
              patternUnits="userSpaceOnUse"
              patternTransform="rotate(45)"
            >
              <line x1="0" x2="0" y1="0" y2="5" stroke="var(--paper)" strokeWidth="1.6" strokeOpacity="0.55" />
            </pattern>
          </defs>
          <rect x={0} y={0} width={wholeX} height={height} rx={3} fill="var(--sunken)" />
          {segments.map((segment, i) => {
            const part = parts[i];
            if (part === undefined) return null;
            return (
              <g key={segment.name}>
                <title>{`${segment.name}: ${format(segment.value)}`}</title>
                <rect
                  x={segment.x}
                  y={0}
                  width={Math.max(0, segment.width - 1)}
                  height={height}
                  fill={part.colour}
                  fillOpacity={0.85}
                />
                {part.hatched === true && (
                  <rect
                    x={segment.x}
                    y={0}
                    width={Math.max(0, segment.width - 1)}
                    height={height}
                    fill="url(#stacked-hatch)"
                  />
                )}
              </g>
            );
          })}
          {wholeX < width - 1 && (
            <line x1={wholeX} x2={wholeX} y1={0} y2={height} stroke="var(--ink)" strokeDasharray="2 2" />
          )}
        </svg>
      )}
    </div>
  );
}
