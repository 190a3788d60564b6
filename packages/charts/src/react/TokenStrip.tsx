"use client";
/** A window of text in one line: the background says how strong a unit is at each token, the peak is underlined. */
import { useLayoutEffect, useMemo, useRef, useState } from "react";
import { type HeatToken, tokenHeat } from "../geometry/token-heat.ts";

export interface TokenStripProps {
  readonly tokens: readonly HeatToken[];
  /** The quantity with its unit, such as "activation". */
  readonly quantity: string;
  /** Absolute value in full colour; default the strongest token of the strip. */
  readonly limit?: number | undefined;
  /** Position of the token that the strip is about: it is underlined and kept in view. */
  readonly peak?: number | undefined;
  /** Colour of values above zero: "counter" for a quantity of which less is better. */
  readonly tone?: "heat" | "counter";
  readonly onSelect?: (position: number) => void;
}

export function TokenStrip({ tokens, quantity, limit, peak, tone = "heat", onSelect }: TokenStripProps) {
  const { cells } = useMemo(() => tokenHeat(tokens, limit), [tokens, limit]);
  const [hovered, setHovered] = useState<number>();
  const line = useRef<HTMLDivElement>(null);
  const spoken = cells.find(({ position }) => position === (hovered ?? peak));
  // The peak a little right of the middle: what comes before it is what made it fire.
  // biome-ignore lint/correctness/useExhaustiveDependencies: other tokens lie elsewhere
  useLayoutEffect(() => {
    const frame = line.current;
    const at = frame?.querySelector<HTMLElement>("[data-peak]");
    if (frame !== null && at != null) frame.scrollLeft = at.offsetLeft + at.offsetWidth / 2 - frame.clientWidth * 0.62;
  }, [cells, peak]);
  return (
    <div style={{ display: "grid", gridTemplateColumns: "minmax(0, 1fr) 62px", alignItems: "baseline", gap: 10 }}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: hovering only shows what the title says too */}
      <div
        ref={line}
        className="mono"
        onMouseLeave={() => setHovered(undefined)}
        style={{
          position: "relative",
          overflow: "hidden",
          whiteSpace: "pre",
          fontSize: "var(--text-3)",
          lineHeight: 1.75,
          maskImage: "linear-gradient(to right, transparent, black 18px, black calc(100% - 18px), transparent)",
          padding: "0 14px",
        }}
      >
        {cells.map((cell) => {
          const share = Math.round(Math.abs(cell.strength) * 78);
          const title = `${JSON.stringify(cell.text)} · position ${cell.position} · ${quantity} ${formatFour(cell.value)}`;
          const style = {
            background: `color-mix(in oklab, var(${cell.strength < 0 ? "--counter" : `--${tone}`}) ${share}%, transparent)`,
            color: share > 66 ? "var(--paper)" : cell.special === true ? "var(--ink-3)" : "var(--ink)",
            borderRadius: 3,
            padding: "1px 0.5px",
            ...(cell.position === peak ? { boxShadow: "inset 0 -2px 0 var(--ink)" } : {}),
          };
          const facts = {
            title,
            style,
            onMouseEnter: () => setHovered(cell.position),
            ...(cell.position === peak ? { "data-peak": "" } : {}),
          };
          return onSelect === undefined ? (
            <span key={cell.position} {...facts}>
              {cell.label}
            </span>
          ) : (
            <button
              key={cell.position}
              type="button"
              tabIndex={-1}
              {...facts}
              style={{ ...style, fontFamily: "inherit" }}
              onClick={() => onSelect(cell.position)}
            >
              {cell.label}
            </button>
          );
        })}
      </div>
      <output
        aria-label={quantity}
        style={{ textAlign: "right", fontVariantNumeric: "tabular-nums", fontSize: "var(--text-2)" }}
      >
        {formatFour(spoken?.value)}
      </output>
    </div>
  );
}

/** Four significant digits. */
function formatFour(value: number | undefined): string {
  if (value === undefined) return "–";
  return value === 0 ? "0" : value.toPrecision(4).replace("-", "−");
}
