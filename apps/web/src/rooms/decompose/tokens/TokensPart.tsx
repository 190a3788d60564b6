import type { Decomposition, DecompositionCircuit, DeletionCurve, ModelSummary } from "@patchbay/contract";
import { EmptyState } from "../../../shell/ui/EmptyState.tsx";
import { Segmented } from "../../../shell/ui/Segmented.tsx";
import { Skeleton } from "../../../shell/ui/Skeleton.tsx";
import { Answer } from "../../common/Answer.tsx";
import type { Query } from "../../common/query.ts";
import { AskLine } from "../AskLine.tsx";
import styles from "../Decompose.module.css";
import { SaveFinding } from "../SaveFinding.tsx";
import { submitKey } from "../submit-key.ts";
import { useAnswer } from "../use-answer.ts";
import { useForm } from "../use-form.ts";
import { AutomaticCircuit } from "./AutomaticCircuit.tsx";
import { DeletionCurves } from "./DeletionCurves.tsx";
import { DeletionFields } from "./DeletionFields.tsx";
import { SetBuilder } from "./SetBuilder.tsx";
import { SetMatrix } from "./SetMatrix.tsx";
import { SetResults } from "./SetResults.tsx";
import { TargetFields } from "./TargetFields.tsx";
import { TokenShares } from "./TokenShares.tsx";
import {
  circuitRequest,
  deletionRequest,
  readTokensView,
  sharesRequest,
  shareTargetOf,
  type TokenShow,
  type TokensView,
  targetOf,
  writeTokensView,
} from "./tokens-view.ts";

const SHOWS: readonly { readonly value: TokenShow; readonly label: string; readonly hint: string }[] = [
  { value: "shares", label: "Shares", hint: "what each token gives, and which way it travels" },
  { value: "sets", label: "Sets", hint: "what chosen heads, MLPs and tokens give together" },
  { value: "circuit", label: "Automatic circuit", hint: "heads by contextual decomposition, with their faithfulness" },
  { value: "deletion", label: "Deletion curve", hint: "is the order of the shares worth anything?" },
];

/** One prompt and one answer, taken apart exactly. */
export function TokensPart({ model, query }: { readonly model: ModelSummary; readonly query: Query }) {
  const committed = readTokensView(query.get, query.getAll);
  const [draft, change] = useForm(committed);
  const { show, asked } = committed;
  const shares = useAnswer(
    "decompose",
    asked && (show === "shares" || show === "sets") ? sharesRequest(model.name, committed) : undefined,
  );
  const circuit = useAnswer(
    "decompositionCircuit",
    asked && show === "circuit" ? circuitRequest(model.name, committed) : undefined,
  );
  const deletion = useAnswer(
    "deletionCurve",
    asked && show === "deletion" ? deletionRequest(model.name, committed) : undefined,
  );
  const current = show === "circuit" ? circuit : show === "deletion" ? deletion : shares;
  const commit = (view: TokensView, push = true) => query.set(writeTokensView(view), { push });
  const problem =
    show === "deletion"
      ? undefined
      : draft.prompt === ""
        ? "Write a prompt."
        : show !== "circuit" && draft.unit !== undefined && shareTargetOf(draft) === undefined
          ? "Name the neuron, head’s side or feature."
          : targetOf(draft, draft.position) === undefined && (show === "circuit" || draft.unit === undefined)
            ? "Name the answer’s token, and a whole number as its position."
            : undefined;
  const ask = () => {
    const view = { ...draft, show, asked: true };
    if (JSON.stringify(view) === JSON.stringify(committed)) current.retry();
    else commit(view);
  };
  const finding = findingOf(model.name, committed);

  return (
    <div className={styles.page}>
      <form
        className={styles.form}
        aria-label="Question"
        onKeyDown={submitKey}
        onSubmit={(event) => {
          event.preventDefault();
          if (problem === undefined) ask();
        }}
      >
        <p className={styles.formIntroduction}>{show === "deletion" ? DELETION_INTRODUCTION : INTRODUCTION}</p>
        {show !== "deletion" && <TargetFields draft={draft} ofCircuit={show === "circuit"} change={change} />}
        {show === "circuit" && (
          <Segmented
            label="MLPs in the circuit"
            value={draft.mlps}
            options={[
              { value: "keep", label: "MLPs always kept" },
              { value: "choose", label: "chosen too" },
            ]}
            onChange={(mlps) => change({ mlps })}
          />
        )}
        {show === "deletion" && <DeletionFields draft={draft} change={change} />}
        <AskLine
          label={show === "circuit" ? "Find the circuit" : show === "deletion" ? "Draw the curves" : "Decompose"}
          state={current.state}
          disabled={problem}
          onCancel={current.cancel}
        />
        {show === "sets" && (
          <SetBuilder
            model={model}
            tokens={shares.state.value?.tokens}
            sets={draft.sets}
            onChange={(sets) => {
              change({ sets });
              if (asked) commit({ ...draft, sets, show, asked }, false);
            }}
          />
        )}
      </form>
      <div className={styles.results}>
        <div className={styles.resultBar}>
          <Segmented
            label="What is shown"
            value={show}
            options={SHOWS}
            onChange={(next) => commit({ ...draft, show: next, asked })}
          />
          <span className={styles.space} />
          {asked && current.state.status === "ready" && finding.length > 0 && (
            <SaveFinding title={titleOf(committed)} parts={finding} />
          )}
        </div>
        {!asked ? (
          <EmptyState title={EMPTY[show][0]}>{EMPTY[show][1]}</EmptyState>
        ) : show === "circuit" ? (
          <Answer<DecompositionCircuit>
            state={circuit.state}
            skeleton={<Skeleton height={320} />}
            onRetry={circuit.retry}
          >
            {(result) => (
              <AutomaticCircuit result={result} choices={query} request={circuitRequest(model.name, committed)} />
            )}
          </Answer>
        ) : show === "deletion" ? (
          <Answer<DeletionCurve> state={deletion.state} skeleton={<Skeleton height={320} />} onRetry={deletion.retry}>
            {(result) => <DeletionCurves result={result} choices={query} />}
          </Answer>
        ) : (
          <Answer<Decomposition> state={shares.state} skeleton={<Skeleton height={420} />} onRetry={shares.retry}>
            {(result) =>
              show === "shares" ? (
                <TokenShares result={result} choices={query} />
              ) : (
                <div className={styles.answer}>
                  <SetResults result={result} />
                  <SetMatrix
                    model={model.name}
                    view={committed}
                    first={result}
                    onOthers={(others) => commit({ ...draft, others, show, asked }, false)}
                  />
                </div>
              )
            }
          </Answer>
        )}
      </div>
    </div>
  );
}

const INTRODUCTION =
  "With norms, attention patterns and the MLPs’ slopes held as they were, a logit is a linear function of the embeddings: its parts sum to it, to the last digit.";
const DELETION_INTRODUCTION =
  "If the shares are right, deleting the tokens with the largest first should take the answer away fastest. Measured on a dozen of the server’s own story prompts.";

const EMPTY: Readonly<Record<TokenShow, readonly [string, string]>> = {
  shares: [
    "Which tokens made this answer?",
    "The example is ready: press Decompose. Every token gets its exact share of the logit, the biases theirs, and what is left over is shown.",
  ],
  sets: [
    "What do these parts give together?",
    "Click heads, MLPs and tokens together into a set at the left, and press Decompose: relevant and irrelevant parts sum to the logit.",
  ],
  circuit: [
    "Which heads does the decomposition choose?",
    "Heads are taken one by one by what they give the answer through those already taken; then everything else is set to its mean, and the answer is read.",
  ],
  deletion: [
    "Is the order of the shares worth anything?",
    "On a dozen story prompts tokens are deleted in order of their share, of gradient × input, and at random: the better the order, the faster the answer falls.",
  ],
};

function findingOf(model: string, view: TokensView) {
  const [kind, request] =
    view.show === "circuit"
      ? (["decomposition-circuit", circuitRequest(model, view)] as const)
      : view.show === "deletion"
        ? (["deletion-curve", deletionRequest(model, view)] as const)
        : (["decomposition", sharesRequest(model, view)] as const);
  return request === undefined ? [] : [{ role: view.show, kind, request: { ...request } }];
}

function titleOf(view: TokensView): string {
  if (view.show === "deletion") return "Deletion curves: decomposition against gradient × input";
  const answer =
    view.unit !== undefined && view.show !== "circuit"
      ? view.unit
      : view.minus === ""
        ? `“${view.token}”`
        : `“${view.token}” − “${view.minus}”`;
  return `${view.show === "circuit" ? "Automatic circuit of" : "Shares of"} ${answer} after “${view.prompt}”`;
}
