"use client";
/** Edges between components, layers upwards. The list beside it holds the same edges for those who cannot point. */
import { useMemo, useRef } from "react";
import { type DiagramEdge, type DiagramNode, edgeDiagram, NODE_HEIGHT } from "../geometry/edge-diagram.ts";
import { useElementSize } from "./use-element-size.ts";

export interface EdgeDiagramProps {
  readonly label: string;
  readonly nodes: readonly DiagramNode[];
  readonly edges: readonly DiagramEdge[];
  /** Index of the emphasised edge. */
  readonly selected?: number | undefined;
  readonly onSelect?: (edge: number) => void;
  nameOf(edge: number): string;
}

export function EdgeDiagram({ label, nodes, edges, selected, onSelect, nameOf }: EdgeDiagramProps) {
  const frame = useRef<HTMLDivElement>(null);
  const { width } = useElementSize(frame);
  const geometry = useMemo(() => edgeDiagram(nodes, edges, width), [nodes, edges, width]);
  const ends = selected === undefined ? undefined : edges[selected];
  return (
    <div ref={frame}>
      {width > 0 && (
        <svg width={width} height={geometry.height} role="img" aria-label={label} style={{ display: "block" }}>
          {geometry.rows.map((row) => (
            <text
              key={row.label}
              x={0}
              y={row.y}
              dominantBaseline="central"
              style={{ fontSize: 10.5, fill: "var(--ink-3)" }}
            >
              {row.label}
            </text>
          ))}
          {geometry.edges.map(({ edge, path, width: stroke, negative, opacity }) => (
            // biome-ignore lint/a11y/noStaticElementInteractions: the list beside it holds the same edges
            <path
              key={edge}
              d={path}
              fill="none"
              stroke={negative ? "var(--counter)" : "var(--heat)"}
              strokeDasharray={negative ? "5 3" : undefined}
              strokeWidth={edge === selected ? stroke + 1.5 : stroke}
              strokeOpacity={selected === undefined || edge === selected ? opacity : opacity * 0.35}
              onClick={() => onSelect?.(edge)}
              style={{ cursor: onSelect === undefined ? "default" : "pointer" }}
            >
              <title>{nameOf(edge)}</title>
            </path>
          ))}
          {geometry.nodes.map(({ node, x, y, width: nodeWidth }) => {
            const { name = "", kind } = nodes[node] ?? {};
            const chosen = ends !== undefined && (ends.source === node || ends.target === node);
            return (
              <g key={node}>
                <rect
                  x={x - nodeWidth / 2}
                  y={y - NODE_HEIGHT / 2}
                  width={nodeWidth}
                  height={NODE_HEIGHT}
                  rx={kind === "head" ? 9 : 3}
                  fill="var(--surface)"
                  stroke={chosen ? "var(--ink)" : "var(--line-strong)"}
                  strokeWidth={chosen ? 1.75 : 1}
                />
                <text
                  x={x}
                  y={y + 0.5}
                  textAnchor="middle"
                  dominantBaseline="central"
                  style={{ fontSize: nodeWidth < 38 ? 8.5 : 10.5, fill: "var(--ink)", fontFamily: "var(--mono)" }}
                >
                  {name}
                </text>
              </g>
            );
          })}
        </svg>
      )}
    </div>
  );
}
