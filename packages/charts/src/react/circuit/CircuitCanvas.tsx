"use client";
/**
 * A circuit to look at and to work in: drag to pan, wheel to zoom, click to select, shift-click or shift-drag to choose
 * several. Arrows walk along the strongest edges. Nodes stand at their token and layer, and cannot be moved from there. What it shows is also a list elsewhere.
 */
import { type KeyboardEvent, type PointerEvent, useEffect, useMemo, useRef, useState } from "react";
import { toDrawing } from "../../geometry/circuit/circuit-view.ts";
import { nodeFinder } from "../../geometry/circuit/node-finder.ts";
import { type CircuitStep, walkCircuit } from "../../geometry/circuit/walk-circuit.ts";
import { useElementSize } from "../use-element-size.ts";
import { useThemeName } from "../use-theme-name.ts";
import { CircuitStage, type PaintBitmap } from "./circuit-stage.ts";
import { pagePalette } from "./page-palette.ts";
import type { StageContent, StageFocus } from "./stage-content.ts";

export interface CircuitCanvasProps {
  readonly content: StageContent;
  readonly paint: PaintBitmap;
  /** The drawing is fitted to the screen when this changes. */
  readonly fitKey: string;
  readonly label: string;
  /** Of the selected node, read by a screen reader when it changes. */
  readonly announcement: string;
  readonly selected: number | undefined;
  readonly chosen: ReadonlySet<number>;
  readonly pinned: ReadonlySet<number>;
  readonly lit?: ReadonlySet<number> | undefined;
  readonly hovered?: number | undefined;
  onHover(node: number | undefined, at: { readonly x: number; readonly y: number }): void;
  onSelect(node: number | undefined): void;
  onChoose(nodes: readonly number[]): void;
  onOpen(node: number): void;
}

/** Pixels around a node that still count as the node. */
const REACH = 9;
const DRAG_THRESHOLD = 4;
const STEPS: Readonly<Record<string, CircuitStep>> = {
  ArrowUp: "up",
  ArrowDown: "down",
  ArrowLeft: "left",
  ArrowRight: "right",
};

type Press =
  | { readonly kind: "pan"; x: number; y: number; moved: boolean }
  | { readonly kind: "node"; readonly node: number }
  | { readonly kind: "rectangle"; readonly x: number; readonly y: number };

export function CircuitCanvas(props: CircuitCanvasProps) {
  const { content, selected, chosen, pinned, lit } = props;
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const stage = useRef<CircuitStage | undefined>(undefined);
  const press = useRef<Press | undefined>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const size = useElementSize(frame);
  const theme = useThemeName();
  const [own, setOwn] = useState<number>();
  const [rectangle, setRectangle] = useState<StageFocus["rectangle"]>();
  const finder = useMemo(() => nodeFinder(content.scene.x, content.scene.y), [content.scene]);
  const hovered = own ?? props.hovered;

  useEffect(() => {
    if (canvas.current === null) return undefined;
    const created = new CircuitStage(canvas.current, () => latest.current.paint, pagePalette);
    stage.current = created;
    return () => {
      stage.current = undefined;
      created.dispose();
    };
  }, []);
  useEffect(() => {
    if (size.width > 0) stage.current?.setSize(size.width, size.height);
  }, [size]);
  const fitted = useRef<string | undefined>(undefined);
  useEffect(() => {
    stage.current?.setContent(content, fitted.current !== props.fitKey);
    fitted.current = props.fitKey;
  }, [content, props.fitKey]);
  useEffect(() => {
    stage.current?.setFocus({ hovered, selected, chosen, pinned, lit, rectangle });
  }, [hovered, selected, chosen, pinned, lit, rectangle]);
  useEffect(() => {
    if (theme !== "") stage.current?.repaint();
  }, [theme]);
  useWheelZoom(frame, stage);

  const placeOf = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const nodeAt = (x: number, y: number) => {
    const transform = stage.current?.transform ?? { scale: 1, x: 0, y: 0 };
    const at = toDrawing(transform, x, y);
    return finder.nearest(at.x, at.y, REACH / transform.scale);
  };
  const onPointerDown = (event: PointerEvent) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const { x, y } = placeOf(event);
    const node = nodeAt(x, y);
    if (node !== undefined) press.current = { kind: "node", node };
    else if (event.shiftKey) press.current = { kind: "rectangle", x, y };
    else press.current = { kind: "pan", x, y, moved: false };
  };
  const onPointerMove = (event: PointerEvent) => {
    const { x, y } = placeOf(event);
    const held = press.current;
    if (held === undefined) {
      const node = nodeAt(x, y);
      setOwn(node);
      props.onHover(node, { x, y });
      return;
    }
    if (held.kind === "pan") {
      if (!held.moved && Math.hypot(x - held.x, y - held.y) < DRAG_THRESHOLD) return;
      stage.current?.pan(x - held.x, y - held.y);
      press.current = { kind: "pan", x, y, moved: true };
    } else if (held.kind === "rectangle") setRectangle({ x1: held.x, y1: held.y, x2: x, y2: y });
  };
  const onPointerUp = (event: PointerEvent) => {
    const { x, y } = placeOf(event);
    const held = press.current;
    press.current = undefined;
    setRectangle(undefined);
    if (held === undefined) return;
    const transform = stage.current?.transform ?? { scale: 1, x: 0, y: 0 };
    if (held.kind === "rectangle") {
      const [a, b] = [toDrawing(transform, held.x, held.y), toDrawing(transform, x, y)];
      const inside = finder.within(Math.min(a.x, b.x), Math.min(a.y, b.y), Math.max(a.x, b.x), Math.max(a.y, b.y));
      props.onChoose([...new Set([...chosen, ...inside])]);
    } else if (held.kind === "node") {
      if (event.shiftKey) props.onChoose(toggled(chosen, held.node));
      else props.onSelect(held.node);
    } else if (!held.moved) props.onSelect(undefined);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    const step = STEPS[event.key];
    if (step !== undefined) {
      const next =
        selected === undefined ? firstOf(content) : walkCircuit(content.scene, content.adjacency, selected, step);
      if (next !== undefined) {
        props.onSelect(next);
        stage.current?.reveal(next);
      }
    } else if (event.key === "Enter" && selected !== undefined) props.onOpen(selected);
    else if (event.key === " " && selected !== undefined) props.onChoose(toggled(chosen, selected));
    else if (event.key === "Escape") {
      if (chosen.size > 0) props.onChoose([]);
      else if (selected !== undefined) props.onSelect(undefined);
      else return;
    } else if (event.key === "+" || event.key === "=") stage.current?.zoom(1.3);
    else if (event.key === "-") stage.current?.zoom(1 / 1.3);
    else if (event.key === "0") stage.current?.fit();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div
      ref={frame}
      role="application"
      aria-label={`${props.label}. Arrow keys walk along the strongest edges, Enter opens the node, Space chooses it. The lists hold the same nodes and edges.`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: arrows walk inside
      tabIndex={0}
      data-circuit=""
      onKeyDown={onKeyDown}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerUp}
      onPointerCancel={() => {
        press.current = undefined;
        setRectangle(undefined);
      }}
      onPointerLeave={() => {
        if (press.current !== undefined) return;
        setOwn(undefined);
        props.onHover(undefined, { x: 0, y: 0 });
      }}
      onDoubleClick={(event) => {
        const box = event.currentTarget.getBoundingClientRect();
        if (nodeAt(event.clientX - box.left, event.clientY - box.top) === undefined) stage.current?.fit();
      }}
      style={{
        position: "relative",
        width: "100%",
        height: "100%",
        overflow: "hidden",
        cursor: own === undefined ? "grab" : "pointer",
        touchAction: "none",
      }}
    >
      <canvas ref={canvas} style={{ position: "absolute", inset: 0, width: "100%", height: "100%" }} />
      <span className="visually-hidden" aria-live="polite">
        {props.announcement}
      </span>
    </div>
  );
}

function toggled(chosen: ReadonlySet<number>, node: number): number[] {
  return chosen.has(node) ? [...chosen].filter((other) => other !== node) : [...chosen, node];
}

/** The walk begins on top: at a target, or at the highest node. */
function firstOf({ scene }: StageContent): number | undefined {
  let first: number | undefined;
  for (let n = 0; n < scene.x.length; n++) {
    if (first === undefined || (scene.y[n] ?? 0) < (scene.y[first] ?? 0)) first = n;
    else if (scene.y[n] === scene.y[first] && (scene.x[n] ?? 0) > (scene.x[first] ?? 0)) first = n;
  }
  return first;
}

/** React's wheel events are passive; the page would scroll or zoom as well. */
function useWheelZoom(
  frame: { readonly current: HTMLDivElement | null },
  stage: { readonly current: CircuitStage | undefined },
): void {
  useEffect(() => {
    const element = frame.current;
    if (element === null) return undefined;
    function onWheel(event: WheelEvent) {
      event.preventDefault();
      const box = element?.getBoundingClientRect();
      if (box === undefined) return;
      if (event.shiftKey) stage.current?.pan(-event.deltaX - event.deltaY, 0);
      else {
        const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * 16 : event.deltaY;
        stage.current?.zoom(Math.exp(-pixels * 0.0016), event.clientX - box.left, event.clientY - box.top);
      }
    }
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, [frame, stage]);
}
