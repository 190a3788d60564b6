"use client";
/** Running text whose background says how strong a quantity is at each token. Arrows move along; the value is read aloud. */
import { type KeyboardEvent, useMemo, useState } from "react";
import { type HeatCell, type HeatToken, type TokenHeat, tokenHeat } from "../geometry/token-heat.ts";

export interface TokenHeatMapProps {
  readonly tokens: readonly HeatToken[];
  /** The quantity with its unit, such as "activation". */
  readonly quantity: string;
  /** Absolute value in full colour; default the strongest token. */
  readonly limit?: number | undefined;
  readonly selected?: number | undefined;
  readonly onSelect?: (position: number) => void;
  /** The line below while no token is pointed at; default what the colours mean. */
  readonly rest?: string;
}

export function TokenHeatMap({ tokens, quantity, limit, selected, onSelect, rest }: TokenHeatMapProps) {
  const heat = useMemo(() => tokenHeat(tokens, limit), [tokens, limit]);
  const [hovered, setHovered] = useState<number>();
  const current = heat.cells.find((cell) => cell.position === (hovered ?? selected));
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0 || onSelect === undefined) return;
    const index = heat.cells.findIndex((cell) => cell.position === selected);
    const next = heat.cells[Math.min(heat.cells.length - 1, Math.max(0, index + step))];
    if (next !== undefined) onSelect(next.position);
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div>
      <div
        role="listbox"
        aria-label={`${quantity} at each token`}
        tabIndex={0}
        onKeyDown={move}
        onMouseLeave={() => setHovered(undefined)}
        className="mono"
        style={{ fontSize: "var(--text-4)", lineHeight: 1.9, overflowWrap: "anywhere" }}
      >
        {heat.cells.map((cell) => (
          <Cell
            key={cell.position}
            cell={cell}
            selected={cell.position === selected}
            onHover={() => setHovered(cell.position)}
            onPress={() => onSelect?.(cell.position)}
          />
        ))}
      </div>
      <output
        style={{ display: "block", marginTop: 6, minHeight: 17, fontSize: "var(--text-2)", color: "var(--ink-3)" }}
      >
        {current === undefined ? (
          (rest ?? meaning(quantity, heat))
        ) : (
          <>
            <span className="mono" style={{ color: "var(--ink)" }}>
              {current.label}
            </span>{" "}
            position {current.position} · {quantity}{" "}
            <b style={{ color: "var(--ink)" }}>
              {current.value === undefined ? "not captured" : formatExact(current.value)}
            </b>
          </>
        )}
      </output>
    </div>
  );
}

function meaning(quantity: string, { cells, limit }: TokenHeat): string {
  const signed = cells.some(({ value }) => value !== undefined && value < 0);
  return signed
    ? `colour: ${quantity}, orange below zero, blue above; full at ±${formatHeat(limit)}`
    : `colour: ${quantity}; full at ${formatHeat(limit)}`;
}

interface CellProps {
  readonly cell: HeatCell;
  readonly selected: boolean;
  readonly onHover: () => void;
  readonly onPress: () => void;
}

function Cell({ cell, selected, onHover, onPress }: CellProps) {
  const share = Math.round(Math.abs(cell.strength) * 78);
  const hue = cell.strength < 0 ? "--counter" : "--heat";
  return (
    <>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the list holds the keyboard */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: the list holds the focus */}
      <span
        role="option"
        aria-selected={selected}
        aria-label={`${cell.label}: ${cell.value === undefined ? "no value" : formatHeat(cell.value)}`}
        onMouseEnter={onHover}
        onClick={onPress}
        style={{
          background: `color-mix(in oklab, var(${hue}) ${share}%, transparent)`,
          color: share > 66 ? "var(--paper)" : cell.special === true && share < 20 ? "var(--ink-3)" : "var(--ink)",
          outline: selected ? "1.5px solid var(--ink)" : undefined,
          borderRadius: 3,
          padding: "0 1px",
          marginRight: 1,
          // Lines break between tokens, never inside one.
          display: "inline-block",
          lineHeight: 1.35,
          maxWidth: "100%",
          whiteSpace: "pre-wrap",
          cursor: "pointer",
        }}
      >
        {cell.label}
      </span>
      {cell.breaksAfter && <br />}
    </>
  );
}

function formatHeat(value: number): string {
  return value.toFixed(2).replace("-", "−");
}

function formatExact(value: number): string {
  return value.toPrecision(6).replace("-", "−");
}
