import type { Token } from "@patchbay/contract";
import { automaticAlignment, needsOther, type SweepsView, toggleLink } from "@patchbay/workbench-state";
import { useMemo } from "react";
import { api } from "../../shell/api.ts";
import { useResource } from "../../shell/resource.ts";
import { Button } from "../../shell/ui/Button.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { DraftField } from "./DraftField.tsx";
import styles from "./Sweeps.module.css";
import { TokenLinks } from "./TokenLinks.tsx";
import { TokenToggles } from "./TokenToggles.tsx";
import type { UpdateSweeps } from "./use-sweeps-view.ts";

/** The prompts of the question, and their tokens: linked in pairs, or to be disturbed. */
export function PromptPair({
  view,
  model,
  update,
  onRun,
}: {
  readonly view: SweepsView;
  readonly model: string;
  readonly update: UpdateSweeps;
  onRun(): void;
}) {
  const pair =
    view.question === "edges" ||
    (view.question === "sweep" && needsOther(view)) ||
    (view.question === "tokens" && view.tokens.baseline === "prompt");
  const clean = useTokens(model, view.prompt, view.prependBos);
  const other = useTokens(model, pair ? view.corrupted : "", view.prependBos);
  const automatic = useMemo(
    () =>
      clean.tokens === undefined || other.tokens === undefined
        ? []
        : automaticAlignment(
            clean.tokens.map(({ id }) => id),
            other.tokens.map(({ id }) => id),
          ),
    [clean.tokens, other.tokens],
  );
  const editable = view.question === "sweep";
  const pairs = editable ? (view.alignment ?? automatic) : automatic;
  const unequal =
    clean.tokens !== undefined && other.tokens !== undefined && clean.tokens.length !== other.tokens.length;
  const problem = clean.problem ?? other.problem;
  const swap = () =>
    update(
      {
        prompt: view.corrupted,
        corrupted: view.prompt,
        alignment: view.alignment?.map(([a, b]) => [b, a] as const).toSorted(([a], [b]) => a - b),
      },
      { step: true },
    );
  return (
    <section className={styles.prompts} aria-label="Prompts">
      <div className={styles.promptLine}>
        <DraftField
          label={pair ? "clean" : "prompt"}
          value={view.prompt}
          onCommit={(prompt) => update({ prompt, alignment: undefined, noise: { ...view.noise, positions: [] } })}
          onEnter={onRun}
        />
      </div>
      {pair && (
        <div className={styles.promptLine}>
          <DraftField
            label="corrupted"
            value={view.corrupted}
            onCommit={(corrupted) => update({ corrupted, alignment: undefined })}
            onEnter={onRun}
          />
          <Button kind="bare" onClick={swap} title="Exchange the clean and the corrupted prompt">
            Swap
          </Button>
        </div>
      )}
      {problem !== undefined && <ErrorState inline problem={problem} />}
      {pair && clean.tokens !== undefined && other.tokens !== undefined && (
        <TokenLinks
          clean={clean.tokens}
          corrupted={other.tokens}
          pairs={pairs}
          onToggle={editable ? (a, b) => update({ alignment: toggleLink(pairs, a, b) }) : undefined}
          note={
            editable ? (
              view.alignment === undefined ? (
                <>
                  aligned automatically{unequal && " by the longest common part"}: click a token of one, then its
                  partner in the other
                </>
              ) : (
                <>
                  {pairs.length} {pairs.length === 1 ? "pair" : "pairs"}, aligned by hand{" "}
                  <Button kind="bare" onClick={() => update({ alignment: undefined })}>
                    Automatic again
                  </Button>
                </>
              )
            ) : unequal ? (
              <span role="alert">
                {clean.tokens.length} and {other.tokens.length} tokens: this question pairs positions by number, so both
                prompts need as many.
              </span>
            ) : (
              "position by position"
            )
          }
        />
      )}
      {view.question === "sweep" && view.setup === "noise" && clean.tokens !== undefined && (
        <TokenToggles
          tokens={clean.tokens}
          chosen={view.noise.positions}
          onToggle={(position) =>
            update({
              noise: {
                ...view.noise,
                positions: view.noise.positions.includes(position)
                  ? view.noise.positions.filter((each) => each !== position)
                  : [...view.noise.positions, position].toSorted((a, b) => a - b),
              },
            })
          }
        />
      )}
    </section>
  );
}

function useTokens(model: string, text: string, prependBos: boolean | undefined) {
  const { state } = useResource<{ tokens: readonly Token[] }>(
    text === "" ? undefined : `tokens ${model} ${prependBos ?? ""} ${text}`,
    (signal) =>
      api.tokenize({ params: { model }, body: { text, ...(prependBos === undefined ? {} : { prependBos }) }, signal }),
  );
  return {
    tokens: text === "" ? undefined : state.value?.tokens,
    problem: state.status === "failed" ? state.problem : undefined,
  };
}
