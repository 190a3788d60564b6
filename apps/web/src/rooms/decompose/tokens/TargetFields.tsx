import { Field } from "../../../shell/ui/Field.tsx";
import { Segmented } from "../../../shell/ui/Segmented.tsx";
import { visibleToken } from "../../../shell/ui/token-text.ts";
import styles from "../Decompose.module.css";
import type { TokensView } from "./tokens-view.ts";
import { UNIT_NOTATION } from "./unit-target.ts";

/** The prompt and the number of its run that is taken apart. */
export function TargetFields({
  draft,
  ofCircuit,
  change,
}: {
  readonly draft: TokensView;
  /** Circuits are of logits alone. */
  readonly ofCircuit: boolean;
  change(part: Partial<TokensView>): void;
}) {
  return (
    <>
      <Field label="Prompt">
        {(props) => (
          <textarea
            {...props}
            rows={4}
            value={draft.prompt}
            onChange={(event) => change({ prompt: event.target.value })}
          />
        )}
      </Field>
      {!ofCircuit && (
        <Segmented
          label="What is taken apart"
          value={draft.unit === undefined ? "logit" : "unit"}
          options={[
            { value: "logit", label: "a logit" },
            { value: "unit", label: "an inner number", hint: UNIT_NOTATION },
          ]}
          onChange={(next) => change({ unit: next === "logit" ? undefined : "" })}
        />
      )}
      {!ofCircuit && draft.unit !== undefined ? (
        <Field label="Unit" hint={UNIT_NOTATION}>
          {(props) => (
            <input
              {...props}
              className="mono"
              value={draft.unit}
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => change({ unit: event.target.value })}
            />
          )}
        </Field>
      ) : (
        <div className={styles.pair}>
          <Field label="Answer" hint={tokenHint(draft.token)}>
            {(props) => (
              <input
                {...props}
                className="mono"
                value={draft.token}
                autoComplete="off"
                spellCheck={false}
                onChange={(event) => change({ token: event.target.value })}
              />
            )}
          </Field>
          <Field label="Minus" hint={draft.minus === "" ? "empty: the logit alone" : tokenHint(draft.minus)}>
            {(props) => (
              <input
                {...props}
                className="mono"
                value={draft.minus}
                autoComplete="off"
                spellCheck={false}
                onChange={(event) => change({ minus: event.target.value })}
              />
            )}
          </Field>
        </div>
      )}
      <Field label="Position" hint="from 0, negative from the end; empty: the last">
        {(props) => (
          <input
            {...props}
            inputMode="numeric"
            value={draft.position}
            onChange={(event) => change({ position: event.target.value })}
          />
        )}
      </Field>
    </>
  );
}

function tokenHint(token: string): string {
  return token === ""
    ? "exact, with its space"
    : token.startsWith("#")
      ? "a token’s id"
      : `reads ${visibleToken(token)}`;
}
