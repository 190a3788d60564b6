import type { ReactNode } from "react";
import styles from "./common.module.css";

/** A part of a page: its name, and at the right its unit, its normalisation or its controls. */
export function Section({
  title,
  aside,
  children,
}: {
  readonly title: ReactNode;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <section style={{ minWidth: 0 }}>
      <h2 className="section-title">
        <span className={styles.sectionName}>{title}</span>
        {aside !== undefined && <span>{aside}</span>}
      </h2>
      {children}
    </section>
  );
}
