"use client";
import type { ColourScale } from "../geometry/index.ts";

/** The colour scale with its two ends; what it means stands beside it. */
export function ColourLegend({
  scale,
  low,
  high,
}: {
  readonly scale: ColourScale;
  readonly low: string;
  readonly high: string;
}) {
  const stops = scale.colours.filter((_, i) => i % 16 === 0 || i === scale.colours.length - 1);
  return (
    <span
      style={{
        display: "inline-flex",
        alignItems: "center",
        gap: 6,
        fontSize: "var(--text-1)",
        color: "var(--ink-3)",
        whiteSpace: "nowrap",
      }}
    >
      {low}
      <i
        style={{
          width: 64,
          height: 8,
          borderRadius: 2,
          background: `linear-gradient(90deg, ${stops.join(", ")})`,
          boxShadow: "inset 0 0 0 1px rgb(128 128 128 / 18%)",
        }}
      />
      {high}
    </span>
  );
}
