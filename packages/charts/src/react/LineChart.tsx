"use client";
/**
 * Several curves over one axis, each named at its end. Left and right walk along the axis; the values stand in one line
 * below, so that nothing covers the curves.
 */
import { type KeyboardEvent, type PointerEvent, type ReactNode, useMemo, useRef, useState } from "react";
import { type LineSeries, type LineSeriesGeometry, lineSeries, nearestPoint } from "../geometry/line-series.ts";
import { useElementSize } from "./use-element-size.ts";

export interface LineChartSeries extends LineSeries {
  /** A CSS colour. */
  readonly colour: string;
  readonly dashed?: boolean;
}

export interface LineChartProps {
  readonly series: readonly LineChartSeries[];
  /** What is drawn, with its unit: read aloud. */
  readonly label: string;
  readonly height: number;
  readonly scale?: "linear" | "log";
  readonly domainX?: readonly [number, number] | undefined;
  readonly domainY?: readonly [number, number] | undefined;
  /** What the horizontal axis is, such as "tokens". */
  readonly unitX: string;
  /** The curve drawn over the others. */
  readonly emphasised?: string | undefined;
  readonly onEmphasise?: (name: string | undefined) => void;
  /** A place on the horizontal axis, shared with other charts. */
  readonly at?: number | undefined;
  readonly onAt?: (value: number | undefined) => void;
  /** Where the values below are read while nothing is pointed at; default the end. */
  readonly restAt?: number | undefined;
  readonly nameWidth?: number;
  format(value: number): string;
  formatX?(value: number): string;
  /** Drawn into the plot, above the curves. */
  children?(geometry: LineSeriesGeometry): ReactNode;
}

const TEXT = { fontSize: 10.5, fill: "var(--ink-3)" } as const;

export function LineChart(props: LineChartProps) {
  const { series, label, height, scale = "linear", domainX, domainY, unitX, emphasised, nameWidth = 44 } = props;
  const frame = useRef<HTMLDivElement>(null);
  const { width } = useElementSize(frame);
  const [own, setOwn] = useState<number>();
  const geometry = useMemo(
    () => lineSeries(series, { width, height, scale, domainX, domainY, nameWidth }),
    [series, width, height, scale, domainX, domainY, nameWidth],
  );
  const { plot, curves, ticksX, ticksY } = geometry;
  const bottom = plot.top + plot.height;
  const right = plot.left + plot.width;
  const at = props.at ?? own;
  const setAt = props.onAt ?? setOwn;
  const longest = curves.reduce<(typeof curves)[number] | undefined>(
    (best, curve) => (curve.points.length > (best?.points.length ?? 0) ? curve : best),
    undefined,
  );
  const onMove = (event: PointerEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const x = geometry.valueAt(event.clientX - box.left);
    setAt(longest === undefined ? undefined : nearestPoint(longest, x)?.at);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0 || longest === undefined) return;
    const known = at === undefined ? -1 : longest.points.findIndex((point) => point.at >= at);
    const next = known === -1 ? longest.points.length - 1 : known + step;
    setAt(longest.points[Math.min(longest.points.length - 1, Math.max(0, next))]?.at);
    event.preventDefault();
    event.stopPropagation();
  };
  const toneOf = (name: string) => (emphasised === undefined || emphasised === name ? 1 : 0.28);
  const order = curves.toSorted((a, b) => Number(a.name === emphasised) - Number(b.name === emphasised));

  return (
    <div ref={frame}>
      {width > 0 && (
        <svg
          width={width}
          height={height}
          role="application"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: arrows walk along the axis
          tabIndex={0}
          aria-label={`${label}: ${summary(props)}. Left and right walk along ${unitX}.`}
          onPointerMove={onMove}
          onPointerLeave={() => setAt(undefined)}
          onKeyDown={onKeyDown}
          onBlur={() => setAt(undefined)}
          style={{ display: "block", overflow: "visible" }}
        >
          {ticksY.map((tick) => (
            <g key={tick.value}>
              <line x1={plot.left} x2={right} y1={tick.position} y2={tick.position} stroke="var(--line)" />
              <text x={plot.left - 6} y={tick.position} textAnchor="end" dominantBaseline="central" style={TEXT}>
                {tick.label}
              </text>
            </g>
          ))}
          <line x1={plot.left} x2={right} y1={bottom} y2={bottom} stroke="var(--line-strong)" />
          {ticksX.map((tick) => (
            <text key={tick.value} x={tick.position} y={bottom + 14} textAnchor="middle" style={TEXT}>
              {tick.label}
            </text>
          ))}
          {order.map((curve) => {
            const { colour = "var(--heat)", dashed = false } = series.find(({ name }) => name === curve.name) ?? {};
            const marked = at === undefined ? undefined : nearestPoint(curve, at);
            return (
              <g
                key={curve.name}
                opacity={toneOf(curve.name)}
                onPointerEnter={() => props.onEmphasise?.(curve.name)}
                onPointerLeave={() => props.onEmphasise?.(undefined)}
              >
                <path
                  d={curve.path}
                  fill="none"
                  stroke={colour}
                  strokeWidth={curve.name === emphasised ? 2.25 : 1.5}
                  strokeLinejoin="round"
                  strokeDasharray={dashed ? "4 3" : undefined}
                />
                {curve.points.length === 1 && curve.end !== undefined && (
                  <circle cx={curve.end.x} cy={curve.end.y} r={2.5} fill={colour} />
                )}
                {marked !== undefined && <circle cx={marked.x} cy={marked.y} r={3} fill={colour} data-export="skip" />}
                {curve.end !== undefined && nameWidth > 0 && (
                  <>
                    <path
                      d={`M${curve.end.x + 2},${curve.end.y}L${curve.end.x + 9},${curve.nameY}`}
                      stroke={colour}
                      strokeWidth={0.75}
                      opacity={0.6}
                      fill="none"
                    />
                    <text
                      x={curve.end.x + 12}
                      y={curve.nameY}
                      dominantBaseline="central"
                      style={{
                        fontSize: 10.5,
                        fill: "var(--ink-2)",
                        fontWeight: curve.name === emphasised ? 600 : 400,
                      }}
                    >
                      {curve.name}
                    </text>
                  </>
                )}
              </g>
            );
          })}
          {at !== undefined && (
            <line
              x1={geometry.placeX(at)}
              x2={geometry.placeX(at)}
              y1={plot.top}
              y2={bottom}
              stroke="var(--ink)"
              strokeOpacity={0.3}
              data-export="skip"
            />
          )}
          {props.children?.(geometry)}
        </svg>
      )}
      <Readout {...props} geometry={geometry} at={at} />
    </div>
  );
}

/** Always one line high, so that the page stays still. */
function Readout(props: LineChartProps & { readonly geometry: LineSeriesGeometry; readonly at: number | undefined }) {
  const { geometry, at, unitX, format, formatX = String } = props;
  const places = geometry.curves.flatMap(({ points }) => points.map((point) => point.at));
  const wanted = at ?? props.restAt ?? places.reduce((a, b) => Math.max(a, b), 0);
  // A place that has values: what stands beside it was measured there.
  const where = places.reduce(
    (best, place) => (Math.abs(place - wanted) < Math.abs(best - wanted) ? place : best),
    places[0] ?? wanted,
  );
  return (
    <output
      style={{
        display: "block",
        height: 18,
        overflow: "hidden",
        whiteSpace: "nowrap",
        textOverflow: "ellipsis",
        fontSize: "var(--text-2)",
        color: "var(--ink-3)",
        fontVariantNumeric: "tabular-nums",
      }}
    >
      {formatX(where)} {unitX}
      {geometry.curves.map((curve) => {
        const point = nearestPoint(curve, where);
        return (
          point !== undefined && (
            <span key={curve.name} style={{ marginLeft: 10 }}>
              {curve.name} <b style={{ color: "var(--ink)", fontWeight: 550 }}>{format(point.value)}</b>
            </span>
          )
        );
      })}
    </output>
  );
}

function summary({ series, format }: LineChartProps): string {
  return series
    .map(({ name, points }) => {
      const [first, last] = [points[0], points.at(-1)];
      return first === undefined || last === undefined
        ? `${name} without values`
        : `${name} from ${format(first.y)} to ${format(last.y)}`;
    })
    .join(", ");
}
