import { Field } from "../../../shell/ui/Field.tsx";
import type { QuestionState } from "../../common/use-question.ts";
import { AskLine } from "../AskLine.tsx";
import styles from "../Decompose.module.css";
import { submitKey } from "../submit-key.ts";
import { type EvaluationView, readExampleLines } from "./evaluation-view.ts";

/** On which prompts a circuit is tested, and what takes the place of everything else. */
export function EvaluationForm({
  draft,
  change,
  state,
  hasFeatures,
  onAsk,
  onCancel,
}: {
  readonly draft: EvaluationView;
  change(part: Partial<EvaluationView>): void;
  readonly state: QuestionState<"evaluateCircuit">;
  readonly hasFeatures: boolean;
  onAsk(): void;
  onCancel(): void;
}) {
  const { problem } = readExampleLines(draft.lines);
  return (
    <form
      className={styles.form}
      aria-label="Evaluation"
      onKeyDown={submitKey}
      onSubmit={(event) => {
        event.preventDefault();
        if (problem === undefined) onAsk();
      }}
    >
      <Field
        label="Examples"
        error={draft.lines === "" ? undefined : problem}
        hint="prompt | answer | minus | corrupted prompt, one a line; the last two can be left out. Answers get a leading space; ^ keeps them exact."
      >
        {(props) => (
          <textarea
            {...props}
            rows={10}
            value={draft.lines}
            onChange={(event) => change({ lines: event.target.value })}
          />
        )}
      </Field>
      <Field label="Everything else is set to">
        {(props) => (
          <select
            {...props}
            value={draft.ablation}
            onChange={(event) => {
              const ablation = (["mean", "resample", "zero"] as const).find((each) => each === event.target.value);
              change({ ablation: ablation ?? "mean" });
            }}
          >
            <option value="mean">its mean over the examples</option>
            <option value="resample">its value in the corrupted prompt</option>
            <option value="zero">zero</option>
          </select>
        )}
      </Field>
      {hasFeatures && (
        <Field label="What dictionaries do not explain is">
          {(props) => (
            <select
              {...props}
              value={draft.errors}
              onChange={(event) => change({ errors: event.target.value === "ablate" ? "ablate" : "keep" })}
            >
              <option value="keep">kept</option>
              <option value="ablate">ablated</option>
            </select>
          )}
        </Field>
      )}
      <Field label="Random circuits of equal size">
        {(props) => (
          <input
            {...props}
            type="number"
            min={0}
            max={256}
            value={draft.random}
            onChange={(event) => change({ random: Math.min(256, Math.max(0, Math.round(Number(event.target.value)))) })}
          />
        )}
      </Field>
      <AskLine label="Evaluate" state={state} disabled={problem} onCancel={onCancel} />
    </form>
  );
}
