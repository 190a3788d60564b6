import type { Decomposition } from "@patchbay/contract";
import { useEffect, useMemo, useState } from "react";
import { api, useApi } from "../../../shell/api.ts";
import { Button } from "../../../shell/ui/Button.tsx";
import { ErrorState } from "../../../shell/ui/ErrorState.tsx";
import { visibleToken } from "../../../shell/ui/token-text.ts";
import { Section } from "../../common/Section.tsx";
import styles from "../Decompose.module.css";
import { MatrixGrid } from "../MatrixGrid.tsx";
import { sharesRequest, type TargetDraft, type TokensView, targetOf } from "./tokens-view.ts";

/** The same sets for several targets: does a set carry this answer only, or every answer? */
export function SetMatrix({
  model,
  view,
  first,
  onOthers,
}: {
  readonly model: string;
  readonly view: TokensView;
  /** The answer for the view's own target. */
  readonly first: Decomposition;
  onOthers(others: readonly TargetDraft[]): void;
}) {
  const [draft, setDraft] = useState<TargetDraft>({ token: "", minus: "" });
  const { state, call, reset } = useApi<readonly Decomposition[]>();
  const key = JSON.stringify([view.prompt, view.sets, view.others]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for what is asked
  useEffect(() => {
    const requests = view.others.flatMap((target) => sharesRequest(model, view, target) ?? []);
    if (requests.length === 0 || (first.sets ?? []).length === 0) return reset();
    void call(async (signal) => {
      const answers: Decomposition[] = [];
      for (const body of requests) answers.push(await api.decompose({ body, signal }));
      return answers;
    });
    return undefined;
  }, [key, model, call, reset]);
  const columns = useMemo(() => [first, ...(state.value ?? [])], [first, state.value]);
  const sets = first.sets ?? [];
  if (sets.length === 0) return null;
  const values = new Float32Array(sets.length * columns.length);
  sets.forEach((_, row) => {
    columns.forEach((answer, column) => {
      values[row * columns.length + column] = answer.sets?.[row]?.relevant ?? Number.NaN;
    });
  });
  const canAdd = targetOf(draft) !== undefined;
  return (
    <div>
      <MatrixGrid
        title="Sets × targets"
        unit="relevant part, each in its target’s unit (logits)"
        axes={["set", "target"]}
        rowLabels={sets.map(({ name }) => name)}
        columns={columns.map(({ target }, i) => ({ text: targetText(target.text), label: String(i + 1) }))}
        values={values}
        fileName="sets-by-targets"
        headWidth={110}
      />
      <Section title="Further targets">
        <div className={styles.chipRow}>
          {view.others.map((target, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: targets have no other identity than their place
            <span key={i} className={styles.removable}>
              <span className="mono">
                {visibleToken(target.token)}
                {target.minus === "" ? "" : ` − ${visibleToken(target.minus)}`}
              </span>
              <button
                type="button"
                aria-label={`Remove target ${target.token}`}
                onClick={() => onOthers(view.others.filter((_, at) => at !== i))}
              >
                ×
              </button>
            </span>
          ))}
          <input
            className={`${styles.inline} mono`}
            aria-label="Token of a further target"
            placeholder=" Ben"
            size={8}
            value={draft.token}
            onChange={(event) => setDraft({ ...draft, token: event.target.value })}
          />
          <span className="quiet">−</span>
          <input
            className={`${styles.inline} mono`}
            aria-label="Minus token of a further target"
            placeholder="(none)"
            size={8}
            value={draft.minus}
            onChange={(event) => setDraft({ ...draft, minus: event.target.value })}
          />
          <Button
            disabled={!canAdd}
            onClick={() => {
              onOthers([...view.others, draft]);
              setDraft({ token: "", minus: "" });
            }}
          >
            Add target
          </Button>
          {state.status === "pending" && <span className="quiet">Computing …</span>}
        </div>
        {state.status === "failed" && <ErrorState inline problem={state.problem} />}
      </Section>
    </div>
  );
}

function targetText(text: string): string {
  return text.replaceAll("logit ", "").replaceAll(/“([^”]*)”/g, (_, token: string) => visibleToken(token));
}
