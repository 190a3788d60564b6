import type { Token } from "@patchbay/contract";
import { visibleToken } from "../../shell/ui/token-text.ts";
import styles from "./Sweeps.module.css";

/** Tokens that can be chosen one by one: those whose embeddings are disturbed. */
export function TokenToggles({
  tokens,
  chosen,
  onToggle,
}: {
  readonly tokens: readonly Token[];
  readonly chosen: readonly number[];
  onToggle(position: number): void;
}) {
  return (
    <div>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset brings a form's look and meaning */}
      <div role="group" aria-label="Tokens whose embeddings are disturbed" className={styles.toggles}>
        {tokens.map((token, position) => (
          <button
            // biome-ignore lint/suspicious/noArrayIndexKey: a token is its position
            key={position}
            type="button"
            className={styles.toggle}
            aria-pressed={chosen.includes(position)}
            aria-label={`position ${position}, ${visibleToken(token.text, token.special)}`}
            onClick={() => onToggle(position)}
          >
            {visibleToken(token.text, token.special)}
          </button>
        ))}
      </div>
      <p className={styles.linksNote}>
        {chosen.length === 0
          ? "Click the tokens whose embeddings get noise."
          : `Noise on ${chosen.length} of ${tokens.length} tokens.`}
      </p>
    </div>
  );
}
