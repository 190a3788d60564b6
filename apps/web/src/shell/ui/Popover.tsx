"use client";

import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import styles from "./ui.module.css";

/**
 * A small panel beside its button. It closes on Escape, on a click elsewhere, and gives the focus back.
 * `trigger` gets what its button needs; `children` gets `close`.
 */
export function Popover({
  label,
  trigger,
  children,
  align = "start",
  side = "bottom",
}: {
  readonly label: string;
  trigger(props: {
    readonly onClick: () => void;
    readonly "aria-expanded": boolean;
    readonly "aria-haspopup": "dialog";
    readonly "aria-controls": string;
  }): ReactNode;
  children(close: () => void): ReactNode;
  readonly align?: "start" | "end";
  readonly side?: "bottom" | "top";
}) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLSpanElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const id = useId();

  useEffect(() => {
    if (!open) return undefined;
    const before = document.activeElement;
    panel.current?.querySelector<HTMLElement>("[autofocus], input, select, textarea, button, a")?.focus();
    function onPointerDown(event: PointerEvent) {
      if (event.target instanceof Node && root.current?.contains(event.target) !== true) setOpen(false);
    }
    function onKeyDown(event: KeyboardEvent) {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      setOpen(false);
      if (before instanceof HTMLElement) before.focus();
    }
    window.addEventListener("pointerdown", onPointerDown, true);
    window.addEventListener("keydown", onKeyDown, true);
    return () => {
      window.removeEventListener("pointerdown", onPointerDown, true);
      window.removeEventListener("keydown", onKeyDown, true);
    };
  }, [open]);

  return (
    <span className={styles.popoverRoot} ref={root}>
      {trigger({
        onClick: () => setOpen(!open),
        "aria-expanded": open,
        "aria-haspopup": "dialog",
        "aria-controls": id,
      })}
      {open && (
        <div
          ref={panel}
          id={id}
          role="dialog"
          aria-label={label}
          className={styles.popover}
          data-align={align}
          data-side={side}
        >
          {children(() => setOpen(false))}
        </div>
      )}
    </span>
  );
}
