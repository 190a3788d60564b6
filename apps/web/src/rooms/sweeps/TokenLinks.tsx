import { type AlignedBox, tokenAlignment } from "@patchbay/charts/geometry";
import type { Token } from "@patchbay/contract";
import type { TokenPair } from "@patchbay/workbench-state";
import { type ReactNode, useMemo, useState } from "react";
import { visibleToken } from "../../shell/ui/token-text.ts";
import styles from "./Sweeps.module.css";

const ROW = 22;
const BETWEEN = 20;

interface End {
  readonly side: "clean" | "corrupted";
  readonly position: number;
}

/** The tokens of two prompts under each other; partners are linked. Two clicks link or part a pair. */
export function TokenLinks({
  clean,
  corrupted,
  pairs,
  onToggle,
  note,
}: {
  readonly clean: readonly Token[];
  readonly corrupted: readonly Token[];
  readonly pairs: readonly TokenPair[];
  /** Undefined: the links cannot be changed here. */
  readonly onToggle: ((clean: number, corrupted: number) => void) | undefined;
  readonly note: ReactNode;
}) {
  const [held, setHeld] = useState<End>();
  const labels = useMemo(() => [clean, corrupted].map((tokens) => tokens.map(labelOf)), [clean, corrupted]);
  const geometry = useMemo(() => tokenAlignment(labels[0] ?? [], labels[1] ?? [], pairs), [labels, pairs]);
  const partnerOf = useMemo(
    () => ({ clean: new Map(pairs), corrupted: new Map(pairs.map(([a, b]) => [b, a] as const)) }),
    [pairs],
  );
  const press = (end: End) => {
    if (onToggle === undefined) return;
    if (held === undefined || held.side === end.side) {
      setHeld(held?.position === end.position && held.side === end.side ? undefined : end);
      return;
    }
    const [a, b] = end.side === "corrupted" ? [held.position, end.position] : [end.position, held.position];
    onToggle(a, b);
    setHeld(undefined);
  };
  const row = (side: "clean" | "corrupted", tokens: readonly Token[], boxes: readonly AlignedBox[], top: number) =>
    tokens.map((token, position) => {
      const box = boxes[position];
      if (box === undefined) return null;
      const partner = partnerOf[side].get(position);
      const other = (side === "clean" ? corrupted : clean)[partner ?? -1];
      const label = labels[side === "clean" ? 0 : 1]?.[position] ?? "";
      const says =
        other === undefined ? "no partner" : `partner: position ${partner} ${visibleToken(other.text, other.special)}`;
      return (
        <button
          // biome-ignore lint/suspicious/noArrayIndexKey: a token is its position
          key={`${side} ${position}`}
          type="button"
          className={styles.token}
          disabled={onToggle === undefined}
          data-held={held?.side === side && held.position === position}
          data-free={partner === undefined}
          data-differs={other !== undefined && other.id !== token.id}
          aria-pressed={held?.side === side && held.position === position}
          aria-label={`${side}, position ${position}, ${label}; ${says}`}
          title={`position ${position} · ${says}`}
          style={{ left: box.x, top, width: box.width, height: ROW }}
          onClick={() => press({ side, position })}
          onKeyDown={(event) => {
            if (event.key === "Escape") setHeld(undefined);
            const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
            if (step === undefined) return;
            const next = event.currentTarget.parentElement?.querySelector<HTMLElement>(
              `[data-place="${side} ${position + step}"]`,
            );
            next?.focus();
            event.preventDefault();
          }}
          data-place={`${side} ${position}`}
        >
          {label}
        </button>
      );
    });
  return (
    <div>
      <div className={styles.links}>
        {/* biome-ignore lint/a11y/useSemanticElements: a fieldset brings a form's look and meaning */}
        <div
          role="group"
          aria-label="Alignment of the two prompts"
          style={{ position: "relative", width: geometry.width, height: 2 * ROW + BETWEEN }}
        >
          <svg width={geometry.width} height={2 * ROW + BETWEEN} aria-hidden="true" style={{ position: "absolute" }}>
            {geometry.links.map(({ clean: a, corrupted: b, x1, x2, straight }) => (
              // biome-ignore lint/a11y/noStaticElementInteractions: the tokens part by keyboard
              <path
                key={`${a} ${b}`}
                d={`M${x1},${ROW}C${x1},${ROW + BETWEEN / 2} ${x2},${ROW + BETWEEN / 2} ${x2},${ROW + BETWEEN}`}
                fill="none"
                stroke={clean[a]?.id === corrupted[b]?.id ? "var(--line-strong)" : "var(--heat)"}
                strokeWidth={straight ? 1.5 : 2}
                pointerEvents="stroke"
                onClick={() => onToggle?.(a, b)}
                style={{ cursor: onToggle === undefined ? "default" : "pointer" }}
              >
                <title>Click to part this pair</title>
              </path>
            ))}
          </svg>
          {row("clean", clean, geometry.clean, 0)}
          {row("corrupted", corrupted, geometry.corrupted, ROW + BETWEEN)}
        </div>
      </div>
      <p className={styles.linksNote}>
        {held === undefined ? note : "Now click its partner in the other prompt (Escape lets go)."}
      </p>
    </div>
  );
}

function labelOf({ text, special }: Token): string {
  return visibleToken(text, special);
}
