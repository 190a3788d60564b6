import type { ModelSummary, ObservableResult } from "@patchbay/contract";
import { Button } from "../../../shell/ui/Button.tsx";
import { EmptyState } from "../../../shell/ui/EmptyState.tsx";
import { Field } from "../../../shell/ui/Field.tsx";
import { Skeleton } from "../../../shell/ui/Skeleton.tsx";
import { Answer } from "../../common/Answer.tsx";
import type { Query } from "../../common/query.ts";
import { AskLine } from "../AskLine.tsx";
import styles from "../Decompose.module.css";
import { SaveFinding } from "../SaveFinding.tsx";
import { submitKey } from "../submit-key.ts";
import { useAnswer } from "../use-answer.ts";
import { useForm } from "../use-form.ts";
import { ObservableFields } from "./ObservableFields.tsx";
import { ObservablesResult } from "./ObservablesResult.tsx";
import { observablesRequest, readObservablesView, writeObservablesView } from "./observables-view.ts";
import { SteeringTest } from "./SteeringTest.tsx";

/** A task as a difference of tokens, carried back through every head and MLP to what each would read. */
export function ObservablesPart({ model, query }: { readonly model: ModelSummary; readonly query: Query }) {
  const committed = readObservablesView(query.get, query.getAll);
  const [draft, change] = useForm(committed);
  const request = observablesRequest(model.name, committed);
  const { state, retry, cancel } = useAnswer("observe", committed.asked ? request : undefined);
  const problem =
    observablesRequest(model.name, draft) === undefined
      ? "Name at least one token, and a reference prompt."
      : undefined;
  const ask = () => {
    const view = { ...draft, asked: true };
    if (JSON.stringify(view) === JSON.stringify(committed)) retry();
    else query.set({ ...writeObservablesView(view), o: undefined, path: undefined }, { push: true });
  };
  return (
    <div className={styles.page}>
      <form
        className={styles.form}
        aria-label="Observables"
        onKeyDown={submitKey}
        onSubmit={(event) => {
          event.preventDefault();
          if (problem === undefined) ask();
        }}
      >
        <p className={styles.formIntroduction}>
          An observable is a weighted sum of logits. Carried back through a head or an MLP it becomes a direction of the
          residual stream: what that component would have to read to move it.
        </p>
        {draft.observables.map((observable, i) => (
          <ObservableFields
            // biome-ignore lint/suspicious/noArrayIndexKey: observables have no other identity than their place
            key={i}
            model={model.name}
            observable={observable}
            onChange={(next) => change({ observables: draft.observables.map((each, at) => (at === i ? next : each)) })}
            {...(draft.observables.length > 1
              ? { onRemove: () => change({ observables: draft.observables.filter((_, at) => at !== i) }) }
              : {})}
          />
        ))}
        <Button
          disabled={draft.observables.length >= 16}
          onClick={() =>
            change({
              observables: [
                ...draft.observables,
                { name: `observable ${draft.observables.length + 1}`, plus: [], minus: [] },
              ],
            })
          }
        >
          Add an observable
        </Button>
        <Field label="Reference prompt" hint="where MLPs are linearised, at its last position">
          {(props) => (
            <textarea
              {...props}
              rows={2}
              value={draft.prompt}
              onChange={(event) => change({ prompt: event.target.value })}
            />
          )}
        </Field>
        <Field label="Check on these texts" hint="one a line; empty: story prompts">
          {(props) => (
            <textarea
              {...props}
              rows={2}
              value={draft.heldOut}
              onChange={(event) => change({ heldOut: event.target.value })}
            />
          )}
        </Field>
        <label>
          <input type="checkbox" checked={draft.scale} onChange={(event) => change({ scale: event.target.checked })} />{" "}
          divide by the norms’ scales <span className="quiet">(logits per unit of stream)</span>
        </label>
        <AskLine label="Carry back" state={state} disabled={problem} onCancel={cancel} />
      </form>
      <div className={styles.results}>
        {!committed.asked || request === undefined ? (
          <EmptyState title="What does this difference read?">
            The example asks for “ he” against “ she”: press Carry back. Every head and MLP is ranked by how strongly it
            can write the difference, with the tokens that it reads for it, and its prediction is checked on other
            texts.
          </EmptyState>
        ) : (
          <Answer<ObservableResult> state={state} skeleton={<Skeleton height={420} />} onRetry={retry}>
            {(result) => (
              <div className={styles.answer}>
                <div className={styles.resultBar}>
                  <span className={styles.space} />
                  <SaveFinding
                    title={`What ${request.observables.map(({ name }) => name).join(", ")} reads`}
                    parts={[{ role: "observables", kind: "observable", request: { ...request } }]}
                  />
                </div>
                <ObservablesResult result={result} choices={query} />
                <SteeringTest model={model} request={request} result={result} query={query} />
              </div>
            )}
          </Answer>
        )}
      </div>
    </div>
  );
}
