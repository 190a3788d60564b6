"use client";
import { headLabel } from "@patchbay/vocabulary";
import { type KeyboardEvent, useLayoutEffect, useMemo, useRef } from "react";
import type { ColourScale } from "../geometry/index.ts";
import { type AttentionPattern, patternImage } from "./attention-pattern.ts";
import { sharpContext, themeColour } from "./canvas-surface.ts";
import { useElementSize } from "./use-element-size.ts";
import { useThemeName } from "./use-theme-name.ts";

export interface HeadAddress {
  readonly layer: number;
  readonly head: number;
}

const GAP = 5;
const HEAD_WIDTH = 26;
/** Room above the first row for the frame of a chosen head. */
const TOP = 2;
const MAXIMUM_TILE = 76;

/** Every head as a small picture of its pattern: layers upwards, heads to the right. */
export function HeadMap({
  patterns,
  scale,
  selected,
  onSelect,
}: {
  /** [layer][head]; a layer that is not there yet is undefined. */
  readonly patterns: readonly (readonly AttentionPattern[] | undefined)[];
  readonly scale: ColourScale;
  readonly selected: HeadAddress;
  onSelect(head: HeadAddress): void;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width } = useElementSize(frame);
  const theme = useThemeName();
  const layers = patterns.length;
  const heads = Math.max(1, ...patterns.map((layer) => layer?.length ?? 0));
  const tile = Math.max(10, Math.min(MAXIMUM_TILE, Math.floor((width - HEAD_WIDTH) / heads) - GAP));
  const step = tile + GAP;
  const height = layers * step + 18 + TOP;
  const images = useMemo(
    () => patterns.map((layer) => layer?.map((pattern) => patternImage(pattern, scale))),
    [patterns, scale],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn again when the theme changes
  useLayoutEffect(() => {
    const element = canvas.current;
    if (element === null || width === 0) return;
    const context = sharpContext(element, width, height);
    if (context === undefined) return;
    const [ink, quiet, empty] = [
      themeColour(element, "--ink"),
      themeColour(element, "--ink-3"),
      themeColour(element, "--sunken"),
    ];
    context.clearRect(0, 0, width, height);
    context.translate(0, TOP);
    context.font = `10px ${themeColour(element, "--sans")}`;
    context.textBaseline = "middle";
    // Patterns larger than their tile are averaged, smaller ones keep their cells.
    for (let layer = 0; layer < layers; layer++) {
      const y = (layers - 1 - layer) * step;
      context.textAlign = "left";
      context.fillStyle = layer === selected.layer ? ink : quiet;
      context.fillText(`L${layer}`, 0, y + tile / 2);
      for (let head = 0; head < heads; head++) {
        const x = HEAD_WIDTH + head * step;
        context.fillStyle = empty;
        context.fillRect(x, y, tile, tile);
        const image = images[layer]?.[head];
        if (image !== undefined) {
          context.imageSmoothingEnabled = image.width > tile;
          context.drawImage(image, x, y, tile, tile);
        }
        if (layer === selected.layer && head === selected.head) {
          context.strokeStyle = ink;
          context.lineWidth = 2;
          context.strokeRect(x - 1, y - 1, tile + 2, tile + 2);
        }
      }
    }
    context.textAlign = "center";
    for (let head = 0; head < heads; head++) {
      context.fillStyle = head === selected.head ? ink : quiet;
      context.fillText(`H${head}`, HEAD_WIDTH + head * step + tile / 2, layers * step + 6);
    }
  }, [images, selected.layer, selected.head, width, height, theme]);

  function onKeyDown(event: KeyboardEvent) {
    const move = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (move === undefined) return;
    event.preventDefault();
    const clamp = (value: number, end: number) => Math.max(0, Math.min(end - 1, value));
    onSelect({
      layer: clamp(selected.layer + (move[0] ?? 0), layers),
      head: clamp(selected.head + (move[1] ?? 0), heads),
    });
  }

  return (
    <div
      ref={frame}
      role="application"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: heads are chosen with the arrow keys
      tabIndex={0}
      aria-label={`Attention heads; ${headLabel(selected.layer, selected.head)} is chosen. Arrow keys choose another.`}
      onKeyDown={onKeyDown}
    >
      <canvas
        ref={canvas}
        onPointerDown={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          const layer = layers - 1 - Math.floor((event.clientY - box.top) / step);
          const head = Math.floor((event.clientX - box.left - HEAD_WIDTH) / step);
          if (layer >= 0 && layer < layers && head >= 0 && head < heads) onSelect({ layer, head });
        }}
        style={{ display: "block", width: "100%", height, cursor: "pointer" }}
      />
    </div>
  );
}
