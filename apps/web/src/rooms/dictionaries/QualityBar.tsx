import styles from "./Dictionaries.module.css";

/** A number with a short bar for it: many rows can be judged at a glance. `share` is kept between 0 and 1. */
export function QualityBar({
  share,
  text,
  tone,
  title,
}: {
  readonly share: number;
  readonly text: string;
  /** "lack" where less is better. */
  readonly tone: "gain" | "lack";
  readonly title?: string;
}) {
  return (
    <span className={styles.quality} data-tone={tone} title={title}>
      <span className={styles.track} aria-hidden="true">
        <span className={styles.fill} style={{ width: `${Math.min(1, Math.max(0, share)) * 100}%` }} />
      </span>
      <span>{text}</span>
    </span>
  );
}
