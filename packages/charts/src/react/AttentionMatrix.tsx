"use client";
import { useLayoutEffect, useMemo, useRef, useState } from "react";
import { type ColourScale, fitMonospace, MONOSPACE_EM } from "../geometry/index.ts";
import { type AttentionPattern, patternImage, weightOf } from "./attention-pattern.ts";
import { sharpContext, themeColour } from "./canvas-surface.ts";
import { useElementSize } from "./use-element-size.ts";
import { useThemeName } from "./use-theme-name.ts";

const LABEL = 76;
const LABELLED_CELL = 10;

/** One head: queries downwards, the keys that they read to the right. */
export function AttentionMatrix({
  pattern,
  scale,
  tokens,
  query,
  onQuery,
  label,
  format,
}: {
  readonly pattern: AttentionPattern;
  readonly scale: ColourScale;
  readonly tokens: readonly string[];
  /** The query whose row is marked. */
  readonly query: number | undefined;
  onQuery(query: number): void;
  readonly label: string;
  format(weight: number): string;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height } = useElementSize(frame);
  const theme = useThemeName();
  const [hovered, setHovered] = useState<{ readonly query: number; readonly key: number } | undefined>(undefined);
  const side = Math.max(0, Math.min(width - LABEL, height - LABEL - 20, tokens.length * 34));
  const cell = side / Math.max(1, tokens.length);
  const image = useMemo(() => patternImage(pattern, scale), [pattern, scale]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn again when the theme changes
  useLayoutEffect(() => {
    const element = canvas.current;
    if (element === null || side <= 0) return;
    const context = sharpContext(element, width, height);
    if (context === undefined) return;
    const [ink, quiet, empty] = [
      themeColour(element, "--ink"),
      themeColour(element, "--ink-3"),
      themeColour(element, "--sunken"),
    ];
    context.clearRect(0, 0, width, height);
    context.fillStyle = empty;
    context.beginPath();
    context.moveTo(LABEL, LABEL);
    context.lineTo(LABEL, LABEL + side);
    context.lineTo(LABEL + side, LABEL + side);
    context.fill();
    context.imageSmoothingEnabled = image.width > side;
    context.drawImage(image, LABEL, LABEL, side, side);
    const marked = hovered?.query ?? query;
    if (cell >= LABELLED_CELL) {
      const size = Math.min(11, cell * 0.75);
      context.font = `450 ${size}px ${themeColour(element, "--mono")}`;
      context.textBaseline = "middle";
      const room = LABEL - 10;
      tokens.forEach((token, i) => {
        const text = fitMonospace(token, room, size * MONOSPACE_EM);
        context.textAlign = "right";
        context.fillStyle = i === marked ? ink : quiet;
        context.fillText(text, LABEL - 6, LABEL + (i + 0.5) * cell);
        context.save();
        context.translate(LABEL + (i + 0.5) * cell, LABEL - 6);
        context.rotate(-Math.PI / 2);
        context.textAlign = "left";
        context.fillStyle = i === hovered?.key ? ink : quiet;
        context.fillText(text, 0, 0);
        context.restore();
      });
    }
    context.strokeStyle = ink;
    context.lineWidth = 1.5;
    if (marked !== undefined && cell > 0) context.strokeRect(LABEL, LABEL + marked * cell, (marked + 1) * cell, cell);
    if (hovered !== undefined) context.strokeRect(LABEL + hovered.key * cell, LABEL + hovered.query * cell, cell, cell);
  }, [image, tokens, query, hovered, width, height, side, cell, theme]);

  function cellUnder(event: { clientX: number; clientY: number; currentTarget: Element }) {
    const box = event.currentTarget.getBoundingClientRect();
    const key = Math.floor((event.clientX - box.left - LABEL) / cell);
    const row = Math.floor((event.clientY - box.top - LABEL) / cell);
    const inside = row >= 0 && row < tokens.length && key >= 0 && key <= row;
    return inside ? { query: row, key } : undefined;
  }

  const read = hovered ?? (query === undefined ? undefined : { query, key: strongestKey(pattern, query) });
  return (
    <div ref={frame} style={{ position: "relative", height: "100%", minHeight: 240 }}>
      <canvas
        ref={canvas}
        role="img"
        aria-label={`${label}. ${read === undefined ? "" : sentence(read, tokens, pattern, format)}`}
        onPointerMove={(event) => setHovered(cellUnder(event))}
        onPointerLeave={() => setHovered(undefined)}
        onPointerDown={(event) => {
          const under = cellUnder(event);
          if (under !== undefined) onQuery(under.query);
        }}
        style={{ display: "block", width, height }}
      />
      {read !== undefined && (
        <p
          style={{
            position: "absolute",
            left: LABEL,
            top: LABEL + side + 4,
            fontSize: "var(--text-2)",
            color: "var(--ink-2)",
            whiteSpace: "nowrap",
          }}
        >
          {sentence(read, tokens, pattern, format)}
        </p>
      )}
    </div>
  );
}

function sentence(
  { query, key }: { readonly query: number; readonly key: number },
  tokens: readonly string[],
  pattern: AttentionPattern,
  format: (weight: number) => string,
): string {
  return `${tokens[query]} (${query}) reads ${tokens[key]} (${key}): ${format(weightOf(pattern, query, key))}`;
}

function strongestKey(pattern: AttentionPattern, query: number): number {
  let best = 0;
  for (let key = 1; key <= query; key++) if (weightOf(pattern, query, key) > weightOf(pattern, query, best)) best = key;
  return best;
}
