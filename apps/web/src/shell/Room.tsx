import type { ReactNode } from "react";
import { useTitle } from "./location.ts";
import styles from "./Shell.module.css";

/** The frame of every room: a bar at the top with what the room is about, and the room below. */
export function Room({
  title,
  bar,
  children,
  scroll = true,
}: {
  readonly title: string;
  readonly bar?: ReactNode;
  readonly children: ReactNode;
  /** False where the room divides the height itself. */
  readonly scroll?: boolean;
}) {
  useTitle(title);
  return (
    <div className={styles.room}>
      <header className={styles.bar}>{bar ?? <h1 className={styles.roomTitle}>{title}</h1>}</header>
      <main className={styles.content} data-scroll={scroll} id="content">
        {children}
      </main>
    </div>
  );
}
