import { visibleToken } from "./token-text.ts";
import styles from "./ui.module.css";

/** One token, exact: white space and special tokens can be seen. */
export function TokenChip({
  text,
  special = false,
  tone = "plain",
  title,
}: {
  readonly text: string;
  readonly special?: boolean;
  readonly tone?: "plain" | "heat" | "counter" | "bare";
  readonly title?: string;
}) {
  return (
    <span className={styles.token} data-tone={tone} title={title ?? JSON.stringify(text)}>
      {visibleToken(text, special)}
    </span>
  );
}
