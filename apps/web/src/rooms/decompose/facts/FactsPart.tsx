import type { FactTrace, ModelSummary } from "@patchbay/contract";
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
import { FactResult } from "./FactResult.tsx";
import { factsRequest, readFactLines, readFactsView, writeFactsView } from "./facts-view.ts";
import { TraceGridLinks } from "./TraceGridLinks.tsx";

/** Where a subject is read, moved to the end and turned into the answer; and what the last layer does against it. */
export function FactsPart({ model, query }: { readonly model: ModelSummary; readonly query: Query }) {
  const committed = readFactsView(query.get);
  const [draft, change] = useForm(committed);
  const request = factsRequest(model.name, committed);
  const { state, retry, cancel } = useAnswer("traceFact", committed.asked ? request : undefined);
  const { problem } = readFactLines(draft.lines);
  const ask = () => {
    const view = { ...draft, asked: true };
    if (JSON.stringify(view) === JSON.stringify(committed)) retry();
    else query.set(writeFactsView(view), { push: true });
  };
  return (
    <div className={styles.page}>
      <form
        className={styles.form}
        aria-label="Facts"
        onKeyDown={submitKey}
        onSubmit={(event) => {
          event.preventDefault();
          if (problem === undefined) ask();
        }}
      >
        <p className={styles.formIntroduction}>
          A prompt names a subject and asks for a word about it. Layer by layer: when the last position looks at the
          subject, when the answer arrives, and who brings it.
        </p>
        <Field
          label="Prompts"
          error={draft.lines === "" ? undefined : problem}
          hint="prompt | subject | answer, one a line, or pasted from a table. The answer gets a leading space; ^ before it keeps it exact."
        >
          {(props) => (
            <textarea
              {...props}
              rows={7}
              wrap="off"
              value={draft.lines}
              onChange={(event) => change({ lines: event.target.value })}
            />
          )}
        </Field>
        <div className={styles.pair}>
          <Field label="Mover heads ablated">
            {(props) => (
              <input
                {...props}
                type="number"
                min={1}
                max={64}
                value={draft.movers}
                onChange={(event) => change({ movers: Math.max(1, Math.round(Number(event.target.value))) })}
              />
            )}
          </Field>
          <Field label="Random draws">
            {(props) => (
              <input
                {...props}
                type="number"
                min={0}
                max={256}
                value={draft.random}
                onChange={(event) => change({ random: Math.max(0, Math.round(Number(event.target.value))) })}
              />
            )}
          </Field>
        </div>
        <AskLine label="Trace the facts" state={state} disabled={problem} onCancel={cancel} />
      </form>
      <div className={styles.results}>
        {!committed.asked || request === undefined ? (
          <EmptyState title="Where does the answer come from?">
            The example asks for the pronoun of “queen” and “king”: press Trace the facts. You see the layers where the
            subject is read and moved, the heads that move it, and whether the last layer holds the answer down.
          </EmptyState>
        ) : (
          <Answer<FactTrace> state={state} skeleton={<Skeleton height={420} />} onRetry={retry}>
            {(result) => (
              <div className={styles.answer}>
                <div className={styles.resultBar}>
                  <TraceGridLinks
                    model={model.name}
                    result={result}
                    texts={(request.prompts ?? []).map(({ text }) => text)}
                  />
                  <span className={styles.space} />
                  <SaveFinding
                    title={`Facts: ${(request.prompts ?? []).map(({ subject, answer }) => `${subject} → ${answer}`).join(", ")}`}
                    parts={[{ role: "facts", kind: "fact-trace", request: { ...request } }]}
                  />
                </div>
                <FactResult result={result} choices={query} />
              </div>
            )}
          </Answer>
        )}
      </div>
    </div>
  );
}
