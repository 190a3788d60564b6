import { Field } from "../../../shell/ui/Field.tsx";
import type { TokensView } from "./tokens-view.ts";

/** What the deletion curves attribute, and what a deleted token becomes. */
export function DeletionFields({
  draft,
  change,
}: {
  readonly draft: TokensView;
  change(part: Partial<TokensView>): void;
}) {
  return (
    <>
      <Field label="What is attributed">
        {(props) => (
          <select
            {...props}
            value={draft.contrast}
            onChange={(event) => change({ contrast: event.target.value === "none" ? "none" : "runner-up" })}
          >
            <option value="none">the leading token’s logit</option>
            <option value="runner-up">its difference to the runner-up</option>
          </select>
        )}
      </Field>
      <Field label="A deleted token’s embedding becomes">
        {(props) => (
          <select
            {...props}
            value={draft.baseline}
            onChange={(event) => change({ baseline: event.target.value === "mean" ? "mean" : "zero" })}
          >
            <option value="mean">the vocabulary’s mean</option>
            <option value="zero">zero</option>
          </select>
        )}
      </Field>
      <Field label="Random orders a prompt">
        {(props) => (
          <input
            {...props}
            type="number"
            min={1}
            max={50}
            value={draft.draws}
            onChange={(event) => change({ draws: Math.min(50, Math.max(1, Math.round(Number(event.target.value)))) })}
          />
        )}
      </Field>
    </>
  );
}
