/**
 * Every answer that the room shows, from a handful of small requests: the lens, the followed token, the selected place,
 * each before and after the patches. What nobody looks at is not asked for.
 */
import type { ModelSummary, RunRequest, RunResult } from "@patchbay/contract";
import {
  detailRequest,
  type GridCells,
  gridCells,
  interventionsOf,
  type LensAnswer,
  type LensSide,
  lensAnswer,
  lensRequest,
  type TraceView,
  trackedToken,
  trackRequest,
} from "@patchbay/workbench-state";
import { useMemo } from "react";
import type { ProblemFacts } from "../../shell/ui/ErrorState.tsx";
import { sameTokens } from "./same-tokens.ts";
import { type CellFeatures, useCellFeatures } from "./use-cell-features.ts";
import { runKey, useRun } from "./use-run.ts";
import { type VisibleToken, visibleTokens } from "./visible-tokens.ts";

export interface TraceData {
  readonly status: "empty" | "pending" | "ready" | "failed" | "cancelled";
  readonly problem: ProblemFacts | undefined;
  /** Why there is no "after", where the patches were refused. */
  readonly patchProblem: ProblemFacts | undefined;
  readonly tokenProblem: ProblemFacts | undefined;
  /** Something is still coming: the lens itself, or a part beside it. */
  readonly busy: boolean;
  readonly run: RunResult | undefined;
  /** `run` and what stands beside it answer the prompt in the view, not an older one. */
  readonly current: boolean;
  readonly tokens: readonly VisibleToken[];
  readonly before: LensSide | undefined;
  readonly after: LensSide | undefined;
  readonly cells: GridCells | undefined;
  /** The selected cell in data coordinates: row 0 is the embedding. */
  readonly row: number;
  readonly position: number;
  readonly layer: number | undefined;
  readonly target: { readonly id: number; readonly text: string } | undefined;
  readonly detailBefore: RunResult | undefined;
  readonly detailAfter: RunResult | undefined;
  readonly detailProblem: ProblemFacts | undefined;
  readonly features: CellFeatures;
  /** For sharing and copying. */
  readonly requests: { readonly before: RunRequest; readonly after: RunRequest | undefined } | undefined;
  reload(): void;
  cancel(): void;
}

const WALK_DELAY = 90;
const DOSE_DELAY = 120;
const FULL_RANKING = 10;
const SHORT_RANKING = 5;
const LONG_PROMPT = 80;
/** After the patches the token that led before is looked for far down: the difference follows it. */
const PATCHED_RANKING = 50;
const LONG_PATCHED_RANKING = 20;

export function useTraceData(view: TraceView, model: ModelSummary): TraceData {
  const subject = { model: model.name, prompt: view.prompt, prependBos: view.prependBos };
  const interventions = interventionsOf(view.patches, "run");
  const patched = interventions.length > 0;
  const empty = view.prompt === "";
  const long = view.prompt.length > LONG_PROMPT * 4;
  const { norm } = view;
  const beforeRequest = empty
    ? undefined
    : lensRequest(subject, [], { norm, top: long ? SHORT_RANKING : FULL_RANKING });
  const afterTop = long ? LONG_PATCHED_RANKING : PATCHED_RANKING;
  const afterRequest = empty || !patched ? undefined : lensRequest(subject, interventions, { norm, top: afterTop });
  const beforeRun = useRun(beforeRequest);
  const afterRun = useRun(afterRequest, DOSE_DELAY);

  const run = beforeRun.state.value;
  const lensBefore = useMemo(() => run && lensAnswer(run), [run]);
  const patchedRun = patched ? sameTokens(afterRun.state.value, run) : undefined;
  const lensAfter = useMemo(() => patchedRun && lensAnswer(patchedRun), [patchedRun]);
  const tokens = useMemo(() => visibleTokens(run?.tokens[0] ?? []), [run]);

  const place = placeOf(view, lensBefore);
  const fresh = beforeRun.state.status === "ready";
  const leader = lensBefore?.topId((lensBefore.rows ?? 1) - 1, place.position);
  const target = view.pinned ?? leader;
  const followed = fresh && target !== undefined ? { norm: view.norm, tokens: [target] } : undefined;
  const trackBefore = useRun(followed && trackRequest(subject, [], followed));
  const trackAfter = useRun(
    followed && patched ? trackRequest(subject, interventions, followed) : undefined,
    DOSE_DELAY,
  );

  const detailPlace =
    fresh && target !== undefined
      ? { layer: place.layer, position: place.position, target, minus: view.minus }
      : undefined;
  const detailBefore = useRun(detailPlace && detailRequest(subject, [], detailPlace), WALK_DELAY);
  const detailAfter = useRun(
    detailPlace && patched ? detailRequest(subject, interventions, detailPlace) : undefined,
    DOSE_DELAY,
  );

  const features = useCellFeatures({ view, model, place, run: fresh ? run : undefined });

  const before = useMemo(
    (): LensSide | undefined =>
      lensBefore && { lens: lensBefore, tracked: trackedToken(sameTokens(trackBefore.state.value, run)?.results.lens) },
    [lensBefore, trackBefore.state.value, run],
  );
  const after = useMemo(
    (): LensSide | undefined =>
      lensAfter && { lens: lensAfter, tracked: trackedToken(sameTokens(trackAfter.state.value, run)?.results.lens) },
    [lensAfter, trackAfter.state.value, run],
  );
  const cells = useMemo(
    () => before && gridCells({ before, after, compare: view.compare, measure: view.measure }),
    [before, after, view.compare, view.measure],
  );

  const resources = [beforeRun, afterRun, trackBefore, trackAfter, detailBefore, detailAfter, ...features.resources];
  const { state } = beforeRun;
  return {
    status: empty ? "empty" : state.status === "idle" ? "pending" : state.status,
    problem: state.status === "failed" ? state.problem : undefined,
    patchProblem: afterRun.state.status === "failed" ? afterRun.state.problem : undefined,
    tokenProblem: trackBefore.state.status === "failed" ? trackBefore.state.problem : undefined,
    busy: resources.some((resource) => resource.state.status === "pending"),
    run,
    current: beforeRequest !== undefined && beforeRun.valueKey === runKey(beforeRequest),
    tokens,
    before,
    after,
    cells,
    ...place,
    target: before?.tracked ?? targetOf(target, leader, run),
    detailBefore: sameTokens(detailBefore.state.value, run),
    detailAfter: patched ? sameTokens(detailAfter.state.value, run) : undefined,
    features,
    detailProblem: detailBefore.state.status === "failed" ? detailBefore.state.problem : undefined,
    requests: beforeRequest && { before: beforeRequest, after: afterRequest },
    reload: () => {
      for (const resource of resources) resource.reload();
    },
    cancel: () => {
      for (const resource of resources) resource.cancel();
    },
  };
}

/** The selection in the numbers of this answer; what lies outside it is moved to its edge. */
function placeOf({ selected }: TraceView, lens: LensAnswer | undefined) {
  const [rows, columns] = [lens?.rows ?? 1, lens?.columns ?? 1];
  const wanted = selected.depth === "last" ? rows - 1 : selected.depth === "embed" ? 0 : selected.depth + 1;
  const row = Math.max(0, Math.min(rows - 1, wanted));
  const position = selected.position === -1 ? columns - 1 : Math.min(columns - 1, selected.position);
  return { row, position, layer: row === 0 ? undefined : row - 1 };
}

function targetOf(target: string | number | undefined, leader: number | undefined, run: RunResult | undefined) {
  if (target === undefined || target !== leader || leader === undefined) return undefined;
  return { id: leader, text: run?.texts[String(leader)] ?? "" };
}
