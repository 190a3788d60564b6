"use client";
import { useMemo, useRef, useState } from "react";
import { attentionArcs, fitMonospace, MONOSPACE_EM } from "../geometry/index.ts";
import { type AttentionPattern, weightOf } from "./attention-pattern.ts";
import { useElementSize } from "./use-element-size.ts";

const TOKEN_HEIGHT = 44;
const LEAST_SPACING = 26;

/** One head as arcs over the tokens: each query reaches back to what it reads. Blue and orange tell the sign of a change. */
export function AttentionArcs({
  pattern,
  tokens,
  query,
  onQuery,
  threshold,
  label,
  format,
}: {
  readonly pattern: AttentionPattern;
  readonly tokens: readonly string[];
  readonly query: number | undefined;
  onQuery(query: number): void;
  /** Weights below it (by magnitude) are left out. */
  readonly threshold: number;
  readonly label: string;
  format(weight: number): string;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const { width, height } = useElementSize(frame);
  const [hovered, setHovered] = useState<number | undefined>(undefined);
  const spacing = Math.max(LEAST_SPACING, Math.min(84, width / Math.max(1, tokens.length)));
  const drawn = spacing * tokens.length;
  const baseline = height - TOKEN_HEIGHT;
  const arcs = useMemo(() => {
    const centres = tokens.map((_, i) => (i + 0.5) * spacing);
    const strength = (q: number, k: number) => Math.abs(weightOf(pattern, q, k));
    return attentionArcs(strength, { centres, baseline, height: baseline - 20 }, threshold, hovered);
  }, [pattern, tokens, spacing, baseline, threshold, hovered]);
  const focus = hovered ?? query;
  return (
    <div ref={frame} style={{ height: "100%", minHeight: 200, overflowX: "auto", overflowY: "hidden" }}>
      {height > 0 && (
        <svg width={Math.max(drawn, 1)} height={height} role="img" aria-label={label} style={{ display: "block" }}>
          {arcs.map((arc) => {
            const weight = weightOf(pattern, arc.query, arc.key);
            const dim = focus !== undefined && arc.query !== focus;
            return (
              <path
                key={`${arc.query}-${arc.key}`}
                d={arc.path}
                fill="none"
                stroke={weight < 0 ? "var(--counter)" : "var(--heat)"}
                strokeWidth={0.6 + 4 * arc.weight}
                opacity={(dim ? 0.16 : 0.95) * Math.min(1, 0.25 + arc.weight)}
                strokeLinecap="round"
              />
            );
          })}
          {tokens.map((token, i) => {
            const read = focus === undefined || i > focus ? 0 : weightOf(pattern, focus, i);
            return (
              <g
                // biome-ignore lint/suspicious/noArrayIndexKey: a position is its own name
                key={i}
                transform={`translate(${i * spacing},${baseline})`}
                onPointerEnter={() => setHovered(i)}
                onPointerLeave={() => setHovered(undefined)}
                onPointerDown={() => onQuery(i)}
                style={{ cursor: "pointer" }}
              >
                <rect
                  x={1.5}
                  y={4}
                  width={spacing - 3}
                  height={20}
                  rx={4}
                  fill={i === query ? "var(--ink)" : "var(--sunken)"}
                />
                <text
                  x={spacing / 2}
                  y={18}
                  textAnchor="middle"
                  fontSize={11}
                  fontFamily="var(--mono)"
                  fill={i === query ? "var(--paper)" : "var(--ink)"}
                >
                  {fitMonospace(token, spacing - 5, 11 * MONOSPACE_EM)}
                </text>
                <text
                  x={spacing / 2}
                  y={38}
                  textAnchor="middle"
                  fontSize={10}
                  fill={Math.abs(read) >= threshold ? "var(--ink)" : "var(--ink-4)"}
                >
                  {focus === undefined ? i : i <= focus ? format(read) : ""}
                </text>
              </g>
            );
          })}
        </svg>
      )}
    </div>
  );
}
