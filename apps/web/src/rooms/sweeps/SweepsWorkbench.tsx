"use client";
import type { AskProgress, ModelSummary, SweepEvent, SweepRequest } from "@patchbay/contract";
import {
  edgeRequest,
  type ShownSweep,
  SWEEP_SCALES,
  type SweepQuestionKind,
  sweepOfResult,
  sweepRequest,
  takeSweepEvent,
  tokenRequest,
  withQuestion,
} from "@patchbay/workbench-state";
import { useCallback, useMemo, useRef, useState } from "react";
import { useCommands } from "../../shell/commands.ts";
import { useModels } from "../../shell/models.ts";
import { Room } from "../../shell/Room.tsx";
import { Button } from "../../shell/ui/Button.tsx";
import { Kbd } from "../../shell/ui/Kbd.tsx";
import { Segmented } from "../../shell/ui/Segmented.tsx";
import { Invitation, Progress, Stale } from "./AnswerFrame.tsx";
import { EdgeResults } from "./EdgeResults.tsx";
import { PromptPair } from "./PromptPair.tsx";
import { QuestionSettings } from "./QuestionSettings.tsx";
import { ShareSweep, type SweepPart } from "./ShareSweep.tsx";
import { SweepResults } from "./SweepResults.tsx";
import styles from "./Sweeps.module.css";
import { TokenResults } from "./TokenResults.tsx";
import { type Asking, useAsking } from "./use-asking.ts";
import { useSweepsView } from "./use-sweeps-view.ts";

const QUESTIONS: readonly { value: SweepQuestionKind; label: string; hint: string }[] = [
  { value: "sweep", label: "Sweep", hint: "Patch or ablate one place at a time" },
  { value: "edges", label: "Edges", hint: "Which edges between components carry the answer (EAP, EAP-IG)" },
  { value: "tokens", label: "Tokens", hint: "How much each input token counts, by gradients" },
];

export function SweepsWorkbench({ model }: { readonly model: ModelSummary }) {
  const { view, notices, update } = useSweepsView();
  const { models } = useModels();
  const asked = useMemo(
    () => ({
      sweep: sweepRequest(view, model.name),
      edges: edgeRequest(view, model.name),
      tokens: tokenRequest(view, model.name),
    }),
    [view, model.name],
  );
  const wants = (question: SweepQuestionKind) => view.asked && view.question === question;
  const stream = useRef<SweepRequest | undefined>(undefined);
  const [coming, setComing] = useState<{ readonly request: SweepRequest; readonly sweep: ShownSweep }>();
  const onProgress = useCallback((progress: AskProgress | "begin") => {
    if (progress === "begin") {
      setComing(undefined);
      return;
    }
    const event = progress.details as SweepEvent | undefined;
    const request = stream.current;
    if (event === undefined || request === undefined) return;
    setComing((before) => {
      const sweep = takeSweepEvent(before?.sweep, event);
      return sweep === undefined ? before : { request, sweep };
    });
  }, []);
  if (wants("sweep")) stream.current = asked.sweep.request;
  const sweep = useAsking("sweep", asked.sweep.request, wants("sweep"), model.hash, onProgress);
  const edges = useAsking("attributeEdges", asked.edges.request, wants("edges"), model.hash);
  const tokens = useAsking("attributeTokens", asked.tokens.request, wants("tokens"), model.hash);
  const asking = { sweep, edges, tokens }[view.question];
  const { fault } = asked[view.question];
  const pending = asking.state.status === "pending";

  const run = () => {
    if (fault !== undefined) return;
    if (view.asked) asking.again();
    update({ asked: true }, { step: true });
  };
  const cancel = () => {
    asking.cancel();
    update({ asked: false });
  };
  useCommands([
    { id: "sweep-run", title: "Run the question", group: "Sweeps", keys: ["mod+enter"], inFields: true, run },
    ...(pending ? [{ id: "sweep-cancel", title: "Cancel", group: "Sweeps", keys: ["escape"], run: cancel }] : []),
    {
      id: "sweep-scale",
      title: "Normalised, effect or raw",
      group: "Sweeps",
      keys: ["n"],
      run: () =>
        update({
          scale: SWEEP_SCALES[(SWEEP_SCALES.indexOf(view.scale) + 1) % SWEEP_SCALES.length] ?? "normalised",
        }),
    },
    {
      id: "sweep-form",
      title: "Map or table",
      group: "Sweeps",
      keys: ["t"],
      run: () => update({ form: view.form === "map" ? "table" : "map" }),
    },
    {
      id: "sweep-figure",
      title: "Go to the figure",
      group: "Sweeps",
      keys: ["/"],
      run: () => document.querySelector<HTMLElement>("[data-cell-grid], [data-virtual-table]")?.focus(),
    },
  ]);

  return (
    <Room
      title="Sweeps"
      scroll={false}
      bar={
        <>
          {models.length > 1 ? (
            <select
              className={styles.model}
              aria-label="Model"
              value={model.name}
              onChange={(event) => update({ model: event.target.value }, { step: true })}
            >
              {models.map(({ name }) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          ) : (
            <strong>{model.name}</strong>
          )}
          <Segmented
            label="Question"
            value={view.question}
            options={QUESTIONS}
            onChange={(question) => update(withQuestion(view, question), { step: true })}
          />
          <span className={styles.fault} role="status">
            {fault}
          </span>
          {pending ? (
            <Button onClick={cancel}>
              Cancel <Kbd keys="escape" />
            </Button>
          ) : (
            <Button kind="primary" onClick={run} disabled={fault !== undefined}>
              Run <Kbd keys="mod+enter" />
            </Button>
          )}
          <ShareSweep
            part={partOf(view.question, asking.isCurrent ? asking.answered?.request : undefined)}
            title={titleOf(view.question, view.prompt)}
          />
        </>
      }
    >
      <div className={styles.layout}>
        <aside className={styles.settings} aria-label="Question">
          <QuestionSettings view={view} model={model} update={update} />
        </aside>
        <div className={styles.main}>
          {notices.map((notice) => (
            <p key={notice} role="alert" className={styles.notice}>
              {notice}
            </p>
          ))}
          <PromptPair view={view} model={model.name} update={update} onRun={run} />
          <Progress asking={asking} onRetry={run} />
          {view.question === "sweep" && (
            <Stale asking={sweep} shown={sweep.state.status === "pending" && coming !== undefined}>
              <SweepFigure asking={sweep} coming={coming} view={view} onLook={update} />
            </Stale>
          )}
          {view.question === "edges" && edges.answered !== undefined && (
            <Stale asking={edges}>
              <EdgeResults request={edges.answered.request} result={edges.answered.result} />
            </Stale>
          )}
          {view.question === "tokens" && tokens.answered !== undefined && (
            <Stale asking={tokens}>
              <TokenResults request={tokens.answered.request} result={tokens.answered.result} />
            </Stale>
          )}
          {asking.answered === undefined && !pending && asking.state.status !== "failed" && coming === undefined && (
            <Invitation question={view.question} onRun={run} disabled={fault !== undefined} />
          )}
        </div>
      </div>
    </Room>
  );
}

/** What has come so far while a sweep runs or after it was cancelled; else the last answer. */
function SweepFigure({
  asking,
  coming,
  view,
  onLook,
}: {
  readonly asking: Asking<"sweep">;
  readonly coming: { readonly request: SweepRequest; readonly sweep: ShownSweep } | undefined;
  readonly view: Parameters<typeof SweepResults>[0]["looking"];
  readonly onLook: Parameters<typeof SweepResults>[0]["onLook"];
}) {
  const { answered, state } = asking;
  const whole = useMemo(() => (answered === undefined ? undefined : sweepOfResult(answered.result)), [answered]);
  const partial = coming !== undefined && (state.status === "pending" || state.status === "cancelled");
  if (partial) return <SweepResults {...coming} looking={view} onLook={onLook} />;
  if (whole === undefined || answered === undefined) return null;
  return <SweepResults sweep={whole} request={answered.request} looking={view} onLook={onLook} />;
}

const PARTS = { sweep: "sweep", edges: "edge-attribution", tokens: "token-attribution" } as const;

function partOf(question: SweepQuestionKind, request: { readonly model: string } | undefined): SweepPart | undefined {
  return request === undefined ? undefined : { role: PARTS[question], kind: PARTS[question], request: { ...request } };
}

function titleOf(question: SweepQuestionKind, prompt: string): string {
  const words = { sweep: "Sweep", edges: "Edges", tokens: "Token attribution" };
  return `${words[question]}: ${prompt}`;
}
