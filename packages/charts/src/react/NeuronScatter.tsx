"use client";
/**
 * Every neuron as a point: layer upwards, a measure to the right. The points are painted once for each size and theme; the
 * pointer moves only a light layer above them. Dragging along the axis chooses a range of the measure.
 */
import { type KeyboardEvent, type PointerEvent, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { neuronScatter, type ScatterGeometry } from "../geometry/neuron-scatter.ts";
import { paintPointer, paintPoints, sizeCanvas } from "./scatter-paint.ts";
import { useElementSize } from "./use-element-size.ts";
import { useThemeName } from "./use-theme-name.ts";

export interface NeuronScatterProps {
  readonly layers: number;
  readonly layer: ArrayLike<number>;
  readonly value: ArrayLike<number>;
  readonly scale: "linear" | "log";
  /** Name of the measure with its unit, under the axis. */
  readonly axisLabel: string;
  readonly label: string;
  /** Only this layer is in full colour. */
  readonly highlightedLayer?: number | undefined;
  /** Only these points are in full colour, such as the neurons that write a token. */
  readonly highlighted?: ReadonlySet<number> | undefined;
  /** A point that is ringed although the pointer is elsewhere, such as the table's row. */
  readonly marked?: number | undefined;
  readonly range?: readonly [number, number] | undefined;
  readonly onRange: (range: readonly [number, number] | undefined) => void;
  readonly onLayer: (layer: number) => void;
  readonly onOpen: (index: number) => void;
  /** What the label beside the pointer says. */
  readonly describe: (index: number) => ReactNode;
}

const REACH = 10;
/** A press that moves less than this is a click. */
const DRAG_THRESHOLD = 4;

export function NeuronScatter(props: NeuronScatterProps) {
  const { layers, layer, value, scale, highlightedLayer, highlighted, range, onRange, onOpen } = props;
  const frame = useRef<HTMLDivElement>(null);
  const points = useRef<HTMLCanvasElement>(null);
  const pointer = useRef<HTMLCanvasElement>(null);
  const size = useElementSize(frame);
  const theme = useThemeName();
  const [hovered, setHovered] = useState<number>();
  const [drag, setDrag] = useState<{ readonly from: number; readonly to: number }>();
  const geometry = useMemo(
    () => (size.width === 0 ? undefined : neuronScatter({ size, layers, layer, value, scale })),
    [size, layers, layer, value, scale],
  );

  useEffect(() => {
    if (geometry === undefined || points.current === null) return;
    // The theme decides the colours that the painter reads.
    void theme;
    const context = sizeCanvas(points.current, size);
    paintPoints(context, { geometry, size, layer, highlightedLayer, highlighted, range, value });
  }, [geometry, size, layer, value, highlightedLayer, highlighted, range, theme]);

  useEffect(() => {
    if (geometry === undefined || pointer.current === null) return;
    void theme;
    const shown =
      drag ??
      (range === undefined ? undefined : { from: geometry.positionOf(range[0]), to: geometry.positionOf(range[1]) });
    paintPointer(sizeCanvas(pointer.current, size), { geometry, size, hovered: hovered ?? props.marked, brush: shown });
  }, [geometry, size, hovered, props.marked, drag, range, theme]);

  const place = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const onPointerMove = (event: PointerEvent) => {
    const { x, y } = place(event);
    if (drag !== undefined) setDrag({ from: drag.from, to: x });
    setHovered(geometry?.nearest(x, y, REACH));
  };
  const onPointerUp = (event: PointerEvent) => {
    const { x, y } = place(event);
    setDrag(undefined);
    if (geometry === undefined || drag === undefined) return;
    if (Math.abs(x - drag.from) >= DRAG_THRESHOLD) {
      const ends = [geometry.valueAt(drag.from), geometry.valueAt(x)].sort((a, b) => a - b);
      onRange([ends[0] ?? 0, ends[1] ?? 0]);
      return;
    }
    const pressed = geometry.nearest(x, y, REACH);
    if (pressed !== undefined) onOpen(pressed);
    else if (x < geometry.plot.left) pressLane(geometry, y, props.onLayer);
    else onRange(undefined);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || range === undefined) return;
    onRange(undefined);
    event.stopPropagation();
  };

  return (
    <div
      ref={frame}
      role="application"
      aria-label={`${props.label}. Drag along the axis to choose a range; Escape clears it. The table below holds the same neurons.`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: Escape clears the range
      tabIndex={0}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        const { x } = place(event);
        setDrag({ from: x, to: x });
      }}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerUp}
      onPointerCancel={() => setDrag(undefined)}
      onPointerLeave={() => setHovered(undefined)}
      style={{
        position: "relative",
        width: "100%",
        height: "100%",
        cursor: hovered === undefined ? "crosshair" : "pointer",
        touchAction: "none",
      }}
    >
      <canvas ref={points} style={{ position: "absolute", inset: 0 }} />
      <canvas ref={pointer} style={{ position: "absolute", inset: 0 }} />
      <span
        style={{
          position: "absolute",
          right: 14,
          bottom: 0,
          fontSize: "var(--text-1)",
          color: "var(--ink-3)",
          pointerEvents: "none",
        }}
      >
        {props.axisLabel}
      </span>
      {geometry !== undefined && hovered !== undefined && (
        <div style={{ ...tipPlace(geometry, hovered, size), ...TIP }}>{props.describe(hovered)}</div>
      )}
    </div>
  );
}

function pressLane(geometry: ScatterGeometry, y: number, onLayer: (layer: number) => void) {
  const lane = geometry.lanes.find((candidate) => y >= candidate.top && y < candidate.top + candidate.height);
  if (lane !== undefined) onLayer(lane.layer);
}

/** Beside the point, on the side with room. */
function tipPlace({ x, y }: ScatterGeometry, index: number, size: { width: number; height: number }) {
  const px = x[index] ?? 0;
  const py = y[index] ?? 0;
  return {
    ...(px > size.width * 0.6 ? { right: size.width - px + 12 } : { left: px + 12 }),
    ...(py > size.height * 0.6 ? { bottom: size.height - py + 4 } : { top: py + 4 }),
  };
}

const TIP = {
  position: "absolute",
  pointerEvents: "none",
  background: "var(--surface)",
  border: "1px solid var(--line)",
  borderRadius: "var(--radius-2)",
  boxShadow: "var(--shadow)",
  padding: "5px 9px",
  fontSize: "var(--text-2)",
  whiteSpace: "nowrap",
  zIndex: 2,
} as const;
