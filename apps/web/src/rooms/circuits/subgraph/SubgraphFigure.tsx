import { BOX_HEIGHT, type SubgraphItem, subgraphEdge, subgraphLayout } from "@patchbay/charts/geometry";
import { ExportMenu, useElementSize } from "@patchbay/charts/react";
import type { CollapsedNode } from "@patchbay/circuit-graph";
import { type KeyboardEvent, type PointerEvent, useMemo, useRef, useState } from "react";
import { formatFigure } from "../../common/format-figure.ts";
import styles from "../Circuits.module.css";
import { useCircuitRoom, useCircuitsView } from "../circuits-context.tsx";
import { place, select } from "../edits.ts";
import type { Subgraph } from "../engine/circuit-tasks.ts";
import { figureLabel, nodeName } from "../node-words.ts";
import { groupColourName } from "./group-colour.ts";

interface Box extends SubgraphItem {
  readonly text: string;
  readonly node: CollapsedNode;
  readonly colour: string | undefined;
  readonly kind: string;
}

const NUDGE = 10;
const WIDEST = 5;
const CHARACTER = 6.6;

/** Boxes that can be dragged, or moved with Alt and the arrow keys. */
export function SubgraphFigure({ subgraph }: { readonly subgraph: Subgraph }) {
  const { store, circuit, noteOf } = useCircuitRoom();
  const { annotations } = useCircuitsView();
  const frame = useRef<HTMLDivElement>(null);
  const size = useElementSize(frame);
  const { graph } = circuit;
  const boxes = useMemo(
    () =>
      subgraph.nodes.map((node): Box => {
        const members = node.members.flatMap((at) => graph.nodes[at] ?? []);
        const mean = (value: (member: (typeof members)[number]) => number) =>
          members.reduce((sum, member) => sum + value(member), 0) / Math.max(1, members.length);
        const [first] = members;
        const group = annotations.supernodes.findIndex(({ id }) => id === node.id);
        const supernode = annotations.supernodes[group];
        const text =
          supernode !== undefined
            ? `${supernode.label === "" ? "unnamed" : supernode.label} (${members.length})`
            : first === undefined
              ? node.id
              : first.kind === "token"
                ? nodeName(first, graph.tokens)
                : figureLabel(first, annotations.labels, noteOf(first));
        return {
          id: node.id,
          node,
          text,
          kind: supernode === undefined ? (first?.kind ?? "other") : "supernode",
          colour: supernode === undefined ? undefined : `var(${groupColourName(group)})`,
          layer: mean(({ layer }) => layer),
          position: mean(({ position }) => position),
          width: Math.max(44, text.length * CHARACTER + 18),
        };
      }),
    [subgraph, graph, annotations, noteOf],
  );
  const [dragged, setDragged] = useState<{
    id: string;
    x: number;
    y: number;
    dx: number;
    dy: number;
    moved: boolean;
  }>();
  const put = dragged?.moved
    ? { ...annotations.positions, [dragged.id]: { x: dragged.x, y: dragged.y } }
    : annotations.positions;
  const { places, width, height } = subgraphLayout(boxes, size, put);
  const largest = Math.max(...subgraph.edges.map(({ weight }) => Math.abs(weight)), 1e-12);

  const at = (event: PointerEvent) => {
    const box = frame.current?.getBoundingClientRect();
    const scroll = frame.current;
    return {
      x: event.clientX - (box?.left ?? 0) + (scroll?.scrollLeft ?? 0),
      y: event.clientY - (box?.top ?? 0) + (scroll?.scrollTop ?? 0),
    };
  };
  const onDown = (event: PointerEvent, id: string) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const { x, y } = at(event);
    const box = places.get(id) ?? { x, y };
    setDragged({ id, x: box.x, y: box.y, dx: box.x - x, dy: box.y - y, moved: false });
  };
  const onMove = (event: PointerEvent) => {
    if (dragged === undefined) return;
    const { x, y } = at(event);
    const next = { x: Math.max(20, x + dragged.dx), y: Math.max(BOX_HEIGHT / 2, y + dragged.dy) };
    const moved = dragged.moved || Math.hypot(next.x - dragged.x, next.y - dragged.y) > 3;
    if (moved) setDragged({ ...dragged, ...next, moved });
  };
  const onUp = (box: Box) => {
    setDragged(undefined);
    if (dragged?.moved) place(store, dragged.id, { x: Math.round(dragged.x), y: Math.round(dragged.y) });
    else open(box);
  };
  const open = (box: Box) => {
    const first = graph.nodes[box.node.members[0] ?? -1];
    if (first !== undefined) select(store, first.id);
  };
  const onKeyDown = (event: KeyboardEvent, box: Box) => {
    const step = STEPS[event.key];
    const here = places.get(box.id);
    if (event.key === "Enter" || event.key === " ") open(box);
    else if (event.altKey && step !== undefined && here !== undefined)
      place(store, box.id, { x: here.x + step[0] * NUDGE, y: here.y + step[1] * NUDGE });
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className={styles.subgraphFrame}>
      <div ref={frame} className={styles.subgraph}>
        {size.width > 0 && (
          // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be a drawing
          <svg
            width={width}
            height={height}
            role="group"
            aria-label={`Subgraph: ${boxes.length} boxes, ${subgraph.edges.length} edges. Alt and arrow keys move a box, Enter selects it`}
          >
            {subgraph.edges.map(({ source, target, weight, count }) => {
              const [from, to] = [boxes[source], boxes[target]];
              const [a, b] = [places.get(from?.id ?? ""), places.get(to?.id ?? "")];
              if (from === undefined || to === undefined || a === undefined || b === undefined) return null;
              const share = Math.abs(weight) / largest;
              return (
                <path
                  key={`${source} ${target}`}
                  d={subgraphEdge(a, b)}
                  fill="none"
                  stroke={weight < 0 ? "var(--counter)" : "var(--heat)"}
                  strokeWidth={0.6 + share * WIDEST}
                  strokeOpacity={0.3 + 0.6 * share}
                  strokeDasharray={weight < 0 ? "6 3.5" : undefined}
                >
                  <title>{`${from.text} → ${to.text}: ${formatFigure(weight)}${count > 1 ? `, sum of ${count} edges` : ""}`}</title>
                </path>
              );
            })}
            {boxes.map((box) => {
              const middle = places.get(box.id) ?? { x: 0, y: 0 };
              const selected = box.node.members.some((member) => graph.nodes[member]?.id === annotations.clicked);
              return (
                // biome-ignore lint/a11y/useSemanticElements: a button element cannot stand inside a drawing
                <g
                  key={box.id}
                  role="button"
                  tabIndex={0}
                  aria-label={`${box.text}, ${box.kind}`}
                  transform={`translate(${middle.x},${middle.y})`}
                  onPointerDown={(event) => onDown(event, box.id)}
                  onPointerMove={onMove}
                  onPointerUp={() => onUp(box)}
                  onPointerCancel={() => setDragged(undefined)}
                  onKeyDown={(event) => onKeyDown(event, box)}
                  style={{ cursor: dragged?.id === box.id ? "grabbing" : "grab", touchAction: "none" }}
                >
                  <rect
                    x={-box.width / 2}
                    y={-BOX_HEIGHT / 2}
                    width={box.width}
                    height={BOX_HEIGHT}
                    rx={box.kind === "feature" || box.kind === "supernode" ? 12 : 3}
                    fill="var(--surface)"
                    stroke={box.colour ?? (selected ? "var(--ink)" : "var(--line-strong)")}
                    strokeWidth={box.colour !== undefined || selected ? 2 : 1}
                    strokeDasharray={box.kind === "error" ? "3 2" : undefined}
                  />
                  <text
                    textAnchor="middle"
                    dominantBaseline="central"
                    fontSize={11}
                    fontFamily={box.kind === "token" || box.kind === "logit" ? "var(--mono)" : "var(--sans)"}
                    fontWeight={box.kind === "supernode" ? 600 : 450}
                    fill="var(--ink)"
                  >
                    {box.text}
                  </text>
                </g>
              );
            })}
          </svg>
        )}
      </div>
      <ExportMenu
        name={`${graph.slug || "circuit"}-subgraph`}
        figure={frame}
        table={() => ({
          header: ["source", "target", "weight", "Σ|weight|", "edges"],
          rows: subgraph.edges.map(({ source, target, weight, size: sum, count }) => [
            boxes[source]?.text,
            boxes[target]?.text,
            weight,
            sum,
            count,
          ]),
        })}
      />
    </div>
  );
}

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
};
