/** One bar a frequency; those that are marked in the accent colour, with their numbers. */
import { frequencyBars } from "./frequency-rows.ts";

const WIDTH = 320;
const HEIGHT = 96;

export interface FrequencyBarsProps {
  /** What the bars are, with its unit: the figure's title. */
  readonly label: string;
  /** 0 … 1, from frequency 1 on. */
  readonly shares: readonly number[];
  readonly marked: readonly number[];
}

export function FrequencyBars({ label, shares, marked }: FrequencyBarsProps) {
  const { bars, baseline, highest } = frequencyBars(shares, marked, { width: WIDTH, height: HEIGHT });
  return (
    <figure>
      <figcaption className="quiet">
        {label}; highest {(100 * highest).toFixed(1)} %
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width="100%" role="img" aria-label={`${label}, by frequency`}>
        {bars.map(({ frequency, share, x, y, width, height, isMarked }) => (
          <g key={frequency}>
            <rect
              x={x}
              y={y}
              width={width}
              height={height}
              fill={isMarked ? "var(--counter)" : "var(--heat)"}
              fillOpacity={isMarked ? 0.9 : 0.55}
            >
              <title>{`frequency ${frequency}: ${(100 * share).toFixed(2)} %`}</title>
            </rect>
            {isMarked && (
              // Small enough that two digits stay apart two frequencies on, of the 56 of a prime such as 113.
              <text
                x={x + width / 2}
                y={HEIGHT - 3}
                textAnchor="middle"
                style={{ fontSize: 7.5, fill: "var(--ink-2)" }}
              >
                {frequency}
              </text>
            )}
          </g>
        ))}
        <line x1={0} x2={WIDTH} y1={baseline + 0.5} y2={baseline + 0.5} stroke="var(--line-strong)" />
      </svg>
    </figure>
  );
}
