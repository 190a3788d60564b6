/** The axes of the dose-response chart. */
import type { AxisTick, DoseResponseGeometry } from "../geometry/dose-response.ts";

const TEXT = { fontSize: 10.5, fill: "var(--ink-3)" } as const;

interface VerticalAxisProps {
  readonly frame: DoseResponseGeometry["plot"];
  readonly ticks: readonly AxisTick[];
  readonly title: string;
}

export function VerticalAxis({ frame, ticks, title }: VerticalAxisProps) {
  return (
    <g>
      {ticks.map((tick) => (
        <g key={tick.label}>
          <line
            x1={frame.left}
            x2={frame.left + frame.width}
            y1={tick.position}
            y2={tick.position}
            stroke="var(--line)"
          />
          <text x={frame.left - 6} y={tick.position} textAnchor="end" dominantBaseline="central" style={TEXT}>
            {tick.label}
          </text>
        </g>
      ))}
      <text
        transform={`translate(${frame.left - 38},${frame.top + frame.height / 2}) rotate(-90)`}
        textAnchor="middle"
        style={TEXT}
      >
        {title}
      </text>
    </g>
  );
}

interface ValueAxisProps {
  readonly geometry: DoseResponseGeometry;
  readonly chosenValue: number | undefined;
}

export function ValueAxis({ geometry, chosenValue }: ValueAxisProps) {
  const { plot, klPlot, valueTicks, observedX, doses } = geometry;
  const bottom = klPlot.top + klPlot.height;
  const chosen = chosenValue === undefined ? undefined : interpolate(doses, chosenValue);
  return (
    <g>
      <line x1={observedX} x2={observedX} y1={plot.top} y2={bottom} stroke="var(--ink-4)" strokeDasharray="2 3" />
      {chosen !== undefined && (
        <line x1={chosen} x2={chosen} y1={plot.top} y2={bottom} stroke="var(--cable-orange)" strokeWidth={1.5} />
      )}
      {valueTicks.map((tick) => (
        <text key={tick.label} x={tick.position} y={bottom + 15} textAnchor="middle" style={TEXT}>
          {tick.label}
        </text>
      ))}
      <text x={plot.left + plot.width + 13} y={bottom + 15} style={TEXT}>
        clamp value
      </text>
    </g>
  );
}

/** Where a value stands among the doses; undefined outside them. */
function interpolate(doses: DoseResponseGeometry["doses"], value: number): number | undefined {
  const low = doses.findLast((dose) => dose.value <= value);
  const high = doses.find((dose) => dose.value >= value);
  if (low === undefined || high === undefined) return undefined;
  if (low.value === high.value) return low.x;
  return low.x + ((value - low.value) / (high.value - low.value)) * (high.x - low.x);
}
