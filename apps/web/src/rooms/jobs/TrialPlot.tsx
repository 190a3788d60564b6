/** Each trial as a point: probability before to the right, after upwards, both logarithmic. Above the diagonal: raised. */
import { useElementSize } from "@patchbay/charts/react";
import { neuronLabel } from "@patchbay/vocabulary";
import { useMemo, useRef } from "react";
import { visibleToken } from "../../shell/ui/token-text.ts";
import type { SpecialisedNeuronTest } from "../common/wire.ts";
import styles from "./Jobs.module.css";
import { trialGeometry } from "./trial-geometry.ts";

const HEIGHT = 300;
const MAXIMUM_WIDTH = 460;

export function TrialPlot({ trials }: { readonly trials: SpecialisedNeuronTest["trials"] }) {
  const frame = useRef<HTMLDivElement>(null);
  const width = Math.min(MAXIMUM_WIDTH, useElementSize(frame).width);
  const { points, ticks, plot } = useMemo(() => trialGeometry(trials, { width, height: HEIGHT }), [trials, width]);
  const right = plot.left + plot.size;
  const bottom = plot.top + plot.height;
  return (
    <div ref={frame}>
      <p className={styles.legend}>
        <span>
          <i data-group="peaked" /> peaked
        </span>
        <span>
          <i data-group="random" /> random
        </span>
        <span>above the diagonal: raised</span>
      </p>
      {width > 0 && (
        <svg
          width={width}
          height={HEIGHT}
          role="img"
          aria-label="Probability of each token before and after the clamp"
          className={styles.trialPlot}
        >
          {ticks.map((tick) => (
            <g key={tick.label}>
              <line x1={tick.x} x2={tick.x} y1={plot.top} y2={bottom} stroke="var(--line)" />
              <line x1={plot.left} x2={right} y1={tick.y} y2={tick.y} stroke="var(--line)" />
              <text x={tick.x} y={bottom + 15} textAnchor="middle">
                {tick.label}
              </text>
              <text x={plot.left - 6} y={tick.y} textAnchor="end" dominantBaseline="central">
                {tick.label}
              </text>
            </g>
          ))}
          <line x1={plot.left} y1={bottom} x2={right} y2={plot.top} stroke="var(--ink-4)" strokeDasharray="3 3" />
          <text x={right} y={bottom + 29} textAnchor="end">
            probability before
          </text>
          <text transform={`translate(11,${plot.top}) rotate(-90)`} textAnchor="end">
            probability after
          </text>
          {points.map(({ x, y, trial }) => (
            <g key={`${trial.group} ${trial.layer}.${trial.neuron} ${trial.token.id}`}>
              <title>{`${trial.group} ${neuronLabel(trial)} ${visibleToken(trial.token.text)}: ${trial.before.toExponential(2)} → ${trial.after.toExponential(2)}`}</title>
              {trial.group === "peaked" ? (
                <circle cx={x} cy={y} r={4} fill="var(--heat)" fillOpacity={0.75} />
              ) : (
                <rect
                  x={x - 3.2}
                  y={y - 3.2}
                  width={6.4}
                  height={6.4}
                  fill="none"
                  stroke="var(--ink-3)"
                  strokeWidth={1.4}
                />
              )}
            </g>
          ))}
        </svg>
      )}
    </div>
  );
}
