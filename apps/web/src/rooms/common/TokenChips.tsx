import { Link } from "../../shell/Link.tsx";
import { formatFixed } from "../../shell/ui/format-number.ts";
import { TokenChip } from "../../shell/ui/TokenChip.tsx";
import styles from "./common.module.css";

export interface ChipToken {
  readonly id: number;
  readonly text: string;
  readonly score: number;
}

/** The first tokens of a ranking in one line; what does not fit is cut off. */
export function TokenChips({
  tokens,
  tone = "plain",
  quantity = "score",
  marked,
  hrefOf,
}: {
  readonly tokens: readonly ChipToken[];
  readonly tone?: "plain" | "heat" | "counter";
  readonly quantity?: string;
  /** A token that stands out, such as the one searched for. */
  readonly marked?: number | undefined;
  readonly hrefOf?: (token: ChipToken) => string;
}) {
  return (
    <span className={styles.chips}>
      {tokens.map((token) => {
        const chip = (
          <TokenChip
            text={token.text}
            tone={token.id === marked ? "heat" : tone}
            title={`${JSON.stringify(token.text)} · token ${token.id} · ${quantity} ${formatFixed(token.score, 3)}`}
          />
        );
        if (hrefOf === undefined) return <span key={token.id}>{chip}</span>;
        return (
          <Link key={token.id} href={hrefOf(token)} className={styles.chipLink} tabIndex={-1}>
            {chip}
          </Link>
        );
      })}
    </span>
  );
}
