"use client";

import { type ReactNode, useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import styles from "./ui.module.css";

const GAP = 6;
const EDGE = 8;

/**
 * A small panel beside its button, above everything that would clip it. It closes on Escape, on a click elsewhere, and
 * gives the focus back. `trigger` gets what its button needs; `children` gets `close`.
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

  useLayoutEffect(() => {
    const [anchor, element] = [root.current, panel.current];
    if (!open || anchor === null || element === null) return undefined;
    element.showPopover();
    const place = () => placeBeside(element, anchor.getBoundingClientRect(), align, side);
    place();
    const observer = new ResizeObserver(place);
    observer.observe(element);
    return () => observer.disconnect();
  }, [open, align, side]);

  useEffect(() => {
    if (!open) return undefined;
    const before = document.activeElement;
    panel.current?.querySelector<HTMLElement>("[data-first], input, select, textarea, button, a")?.focus();
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
        <div ref={panel} id={id} role="dialog" aria-label={label} className={styles.popover} popover="manual">
          {children(() => setOpen(false))}
        </div>
      )}
    </span>
  );
}

/** On the wished side where there is room, on the other where there is not, and never beyond the window. */
function placeBeside(element: HTMLElement, anchor: DOMRect, align: "start" | "end", side: "bottom" | "top"): void {
  const { offsetWidth: width, offsetHeight: height } = element;
  const below = anchor.bottom + GAP;
  const above = anchor.top - GAP - height;
  const fitsBelow = below + height <= innerHeight - EDGE;
  const top = side === "bottom" ? (fitsBelow || above < EDGE ? below : above) : above >= EDGE ? above : below;
  const left = align === "start" ? anchor.left : anchor.right - width;
  element.style.top = `${Math.max(EDGE, Math.min(top, innerHeight - height - EDGE))}px`;
  element.style.left = `${Math.max(EDGE, Math.min(left, innerWidth - width - EDGE))}px`;
}
