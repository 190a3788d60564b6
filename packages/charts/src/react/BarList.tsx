"use client";
import type { ReactNode } from "react";

export interface Bar {
  readonly key: string;
  readonly label: ReactNode;
  readonly value: number;
  /** A second value on the same scale, as a tick: the same bar before. */
  readonly reference?: number | undefined;
  readonly text: string;
  readonly title?: string;
  readonly quiet?: boolean;
  onClick?(): void;
}

/** Rows with a bar behind their label. Positive bars are blue and go right of the zero, negative ones orange and left. */
export function BarList({
  bars,
  extent,
  signed = false,
  valueWidth = 52,
  label,
}: {
  readonly bars: readonly Bar[];
  /** The value that fills the track. */
  readonly extent: number;
  readonly signed?: boolean;
  readonly valueWidth?: number;
  readonly label: string;
}) {
  const zero = signed ? 50 : 0;
  const share = (value: number) => Math.min(1, Math.abs(value) / (extent || 1)) * (100 - zero);
  const position = (value: number) => zero + Math.sign(value) * share(value);
  return (
    <ul aria-label={label} style={{ margin: 0, padding: 0, listStyle: "none", display: "grid", gap: 2 }}>
      {bars.map((bar) => {
        const content = (
          <>
            <span
              style={{
                position: "relative",
                display: "block",
                height: 20,
                borderRadius: 3,
                background: "var(--sunken)",
                overflow: "hidden",
                minWidth: 0,
              }}
            >
              <i
                style={{
                  position: "absolute",
                  top: 0,
                  bottom: 0,
                  left: `${Math.min(zero, position(bar.value))}%`,
                  width: `${share(bar.value)}%`,
                  background: bar.value < 0 ? "var(--bar-counter)" : "var(--bar-heat)",
                }}
              />
              {signed && (
                <i
                  style={{
                    position: "absolute",
                    top: 0,
                    bottom: 0,
                    left: "50%",
                    width: 1,
                    background: "var(--line-strong)",
                  }}
                />
              )}
              {bar.reference !== undefined && (
                <i
                  title="before"
                  style={{
                    position: "absolute",
                    top: 3,
                    bottom: 3,
                    left: `calc(${position(bar.reference)}% - 1px)`,
                    width: 2,
                    background: "var(--ink)",
                    opacity: 0.65,
                  }}
                />
              )}
              <span
                style={{
                  position: "relative",
                  padding: "0 7px",
                  lineHeight: "20px",
                  whiteSpace: "pre",
                  fontSize: "var(--text-2)",
                  color: bar.quiet === true ? "var(--ink-3)" : "var(--ink)",
                }}
              >
                {bar.label}
              </span>
            </span>
            <span
              style={{
                width: valueWidth,
                textAlign: "right",
                fontVariantNumeric: "tabular-nums",
                fontSize: "var(--text-2)",
                color: bar.quiet === true ? "var(--ink-3)" : "var(--ink)",
              }}
            >
              {bar.text}
            </span>
          </>
        );
        const row = {
          display: "grid",
          gridTemplateColumns: "minmax(0, 1fr) auto",
          alignItems: "center",
          width: "100%",
          textAlign: "left",
        } as const;
        return (
          <li key={bar.key} title={bar.title}>
            {bar.onClick === undefined ? (
              <div style={row}>{content}</div>
            ) : (
              <button type="button" onClick={bar.onClick} style={row}>
                {content}
              </button>
            )}
          </li>
        );
      })}
    </ul>
  );
}
