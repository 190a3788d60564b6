"use client";
/**
 * Probability of each followed token against the clamp value, and below it how far the whole distribution moved. The
 * unclamped model stands as a short stroke at each curve's height, on the vertical line of the neuron's own value.
 */
import { type KeyboardEvent, type PointerEvent, useMemo, useRef, useState } from "react";
import { type DoseResponseData, type DoseResponseGeometry, doseResponse } from "../geometry/dose-response.ts";
import { ValueAxis, VerticalAxis } from "./DoseResponseAxes.tsx";
import { useElementSize } from "./use-element-size.ts";

export interface DoseResponseChartProps {
  readonly data: DoseResponseData;
  /** The leader at each clamp value, in the order of the data. */
  readonly topTokens: readonly { readonly text: string; readonly probability: number }[];
  readonly scale: "linear" | "log";
  readonly height: number;
  /** The clamp value in use elsewhere on the page. */
  readonly chosenValue?: number | undefined;
  readonly onChoose?: (value: number) => void;
  /** Curves in full ink beside the first token's, which has the heat colour; the others are context. */
  readonly inked?: ReadonlySet<number> | undefined;
}

export function DoseResponseChart(props: DoseResponseChartProps) {
  const { data, scale, height, topTokens, chosenValue, onChoose } = props;
  const frame = useRef<HTMLDivElement>(null);
  const { width } = useElementSize(frame);
  const [dose, setDose] = useState<number>();
  const [named, setNamed] = useState<number>();
  const geometry = useMemo(() => doseResponse(data, { width, height }, scale), [data, width, height, scale]);
  const toneOf = (id: number): Tone => {
    if (named !== undefined) return named === id ? "heat" : "context";
    if (id === data.tokens[0]?.id) return "heat";
    return props.inked?.has(id) === true ? "ink" : "context";
  };
  const shown = dose === undefined ? undefined : geometry.doses[dose];

  const onMove = (event: PointerEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    setDose(geometry.nearestDose(event.clientX - box.left));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step !== 0) setDose((known) => Math.min(geometry.doses.length - 1, Math.max(0, (known ?? 0) + step)));
    else if (event.key === "Enter" && shown !== undefined) onChoose?.(shown.value);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div ref={frame}>
      {width > 0 && (
        <svg
          width={width}
          height={height}
          role="application"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: arrows walk the doses, Enter takes one
          tabIndex={0}
          aria-label={`Dose and response: ${summary(data)}. Left and right walk the doses.`}
          onPointerMove={onMove}
          onPointerLeave={() => setDose(undefined)}
          onClick={() => shown !== undefined && onChoose?.(shown.value)}
          onKeyDown={onKeyDown}
          style={{ display: "block", cursor: onChoose === undefined ? "default" : "pointer", overflow: "visible" }}
        >
          <VerticalAxis frame={geometry.plot} ticks={geometry.probabilityTicks} title="probability" />
          <VerticalAxis frame={geometry.klPlot} ticks={geometry.klTicks} title="KL, nats" />
          <ValueAxis geometry={geometry} chosenValue={chosenValue} />
          {geometry.curves.map((curve) => (
            <Curve
              key={curve.id}
              curve={curve}
              geometry={geometry}
              tone={toneOf(curve.id)}
              dose={dose}
              onName={(on) => setNamed(on ? curve.id : undefined)}
            />
          ))}
          <path d={geometry.klPath} fill="none" stroke="var(--ink-3)" strokeWidth={1.25} />
          {geometry.klPoints.map((p, i) => (
            <circle key={p.x} cx={p.x} cy={p.y} r={i === dose ? 3.5 : 1.75} fill="var(--ink-3)" />
          ))}
          {shown !== undefined && (
            <line
              x1={shown.x}
              x2={shown.x}
              y1={geometry.plot.top}
              y2={geometry.klPlot.top + geometry.klPlot.height}
              stroke="var(--ink)"
              strokeOpacity={0.35}
              data-export="skip"
            />
          )}
        </svg>
      )}
      <Readout data={data} shown={shown} topTokens={topTokens} />
    </div>
  );
}

type Tone = "heat" | "ink" | "context";
const TONES: Readonly<Record<Tone, string>> = { heat: "var(--heat)", ink: "var(--ink)", context: "var(--ink-4)" };

interface CurveProps {
  readonly curve: DoseResponseGeometry["curves"][number];
  readonly geometry: DoseResponseGeometry;
  readonly tone: Tone;
  readonly dose: number | undefined;
  readonly onName: (on: boolean) => void;
}

function Curve({ curve, geometry, tone, dose, onName }: CurveProps) {
  const colour = TONES[tone];
  const strong = tone !== "context";
  const right = geometry.plot.left + geometry.plot.width;
  const end = curve.points.at(-1);
  const marked = dose === undefined ? undefined : curve.points[dose];
  return (
    <g onPointerEnter={() => onName(true)} onPointerLeave={() => onName(false)}>
      <path d={curve.path} fill="none" stroke={colour} strokeWidth={strong ? 2 : 1.25} strokeLinejoin="round" />
      <line
        x1={geometry.observedX - 5}
        x2={geometry.observedX + 5}
        y1={curve.baselineY}
        y2={curve.baselineY}
        stroke={strong ? "var(--ink)" : "var(--ink-3)"}
        strokeWidth={strong ? 2.5 : 1.5}
      />
      {strong && curve.points.map((p) => <circle key={p.x} cx={p.x} cy={p.y} r={2.25} fill={colour} />)}
      {marked !== undefined && (
        <circle cx={marked.x} cy={marked.y} r={3.5} fill={colour} stroke="var(--paper)" strokeWidth={1.5} />
      )}
      <path
        d={`M${right + 3},${end?.y ?? curve.labelY}L${right + 10},${curve.labelY}`}
        stroke={colour}
        strokeWidth={0.75}
        fill="none"
        opacity={0.7}
      />
      <text
        x={right + 13}
        y={curve.labelY}
        dominantBaseline="central"
        style={{
          fontFamily: "var(--mono)",
          fontSize: 11.5,
          fill: strong ? colour : "var(--ink-3)",
          fontWeight: strong ? 600 : 400,
          whiteSpace: "pre",
        }}
      >
        {curve.text}
      </text>
    </g>
  );
}

interface ReadoutProps {
  readonly data: DoseResponseData;
  readonly shown: DoseResponseGeometry["doses"][number] | undefined;
  readonly topTokens: DoseResponseChartProps["topTokens"];
}

/** Always one line high, so that the page stays still. */
function Readout({ data, shown, topTokens }: ReadoutProps) {
  const leader = shown === undefined ? undefined : topTokens[shown.index];
  return (
    <output style={{ display: "block", minHeight: 18, fontSize: "var(--text-2)", color: "var(--ink-3)" }}>
      {shown === undefined ? (
        `short strokes: the unclamped model, where this neuron is ${signed(data.baseline.observed, 3)}`
      ) : (
        <>
          at <b style={{ color: "var(--ink)" }}>{signed(shown.value, 4)}</b>: leader{" "}
          <span className="mono" style={{ color: "var(--ink)" }}>
            {leader?.text}
          </span>{" "}
          {leader?.probability.toFixed(3)} · KL {(data.kl[shown.index] ?? 0).toFixed(3)} nats
          {data.tokens.map((token, t) => (
            <span key={token.id} style={{ marginLeft: 10 }}>
              <span className="mono">{token.text}</span> {probability(data.probabilities[t]?.[shown.index] ?? 0)}
            </span>
          ))}
        </>
      )}
    </output>
  );
}

function summary(data: DoseResponseData): string {
  const low = Math.min(...data.values);
  const high = Math.max(...data.values);
  return `${data.tokens.map((token) => token.text).join(", ")} from ${signed(low, 3)} to ${signed(high, 3)}`;
}

function signed(value: number, digits: number): string {
  return String(Number(value.toPrecision(digits))).replace("-", "−");
}

function probability(value: number): string {
  return value >= 0.001 || value === 0 ? value.toFixed(3) : value.toExponential(1).replace("-", "−");
}
