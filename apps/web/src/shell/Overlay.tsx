import { type ReactNode, useEffect, useRef } from "react";
import styles from "./Overlay.module.css";

/** A dialog over the page. The browser's own dialog keeps the focus inside and closes on Escape. */
export function Overlay({
  label,
  close,
  children,
}: {
  readonly label: string;
  close(): void;
  readonly children: ReactNode;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className={styles.overlay}
      aria-label={label}
      onCancel={close}
      onPointerDown={(event) => {
        if (event.target === dialog.current) close();
      }}
    >
      <div className={styles.inside}>{children}</div>
    </dialog>
  );
}
