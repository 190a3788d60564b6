import { Button } from "../../../shell/ui/Button.tsx";
import { TokenChip } from "../../../shell/ui/TokenChip.tsx";
import { TokenSearch } from "../../common/TokenSearch.tsx";
import { tokenSpelling } from "../../common/token-spelling.ts";
import styles from "../Decompose.module.css";
import { writeToken } from "../parts-text.ts";
import type { ObservableDraft } from "./observables-view.ts";

/** One observable: its name and its two lists of tokens. */
export function ObservableFields({
  model,
  observable,
  onChange,
  onRemove,
}: {
  readonly model: string;
  readonly observable: ObservableDraft;
  onChange(next: ObservableDraft): void;
  readonly onRemove?: () => void;
}) {
  return (
    <div className={styles.observable}>
      <span className={styles.setRow}>
        <input
          className={styles.inline}
          aria-label="Name of the observable"
          value={observable.name}
          maxLength={120}
          onChange={(event) => onChange({ ...observable, name: event.target.value })}
        />
        <span className={styles.space} />
        {onRemove !== undefined && (
          <Button kind="bare" aria-label={`Remove ${observable.name}`} onClick={onRemove}>
            ×
          </Button>
        )}
      </span>
      {(["plus", "minus"] as const).map((side) => (
        <div key={side} className={styles.chipRow}>
          <span className="quiet">{side === "plus" ? "+" : "−"}</span>
          {observable[side].map((token) => (
            <span key={token} className={styles.removable}>
              <TokenChip text={token} tone={side === "plus" ? "heat" : "counter"} />
              <button
                type="button"
                aria-label={`Remove ${token}`}
                onClick={() => onChange({ ...observable, [side]: observable[side].filter((each) => each !== token) })}
              >
                ×
              </button>
            </span>
          ))}
          <div className={styles.search}>
            <TokenSearch
              model={model}
              label={`${observable.name}: add a token that counts ${side}`}
              placeholder="add a token"
              note={side}
              onToken={(found) => {
                const spelling = tokenSpelling(found);
                const token = /^#\d+$/.test(spelling) ? spelling : writeToken(spelling);
                if (!observable[side].includes(token))
                  onChange({ ...observable, [side]: [...observable[side], token] });
              }}
            />
          </div>
        </div>
      ))}
    </div>
  );
}
