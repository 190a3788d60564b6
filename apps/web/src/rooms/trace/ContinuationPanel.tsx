import type { ModelSummary } from "@patchbay/contract";
import {
  generationRequest,
  interventionsOf,
  markDifferences,
  type Patch,
  randomBaseline,
  trackedToken,
  trackRequest,
} from "@patchbay/workbench-state";
import { useEffect, useState } from "react";
import { Button } from "../../shell/ui/Button.tsx";
import { formatProbability } from "../../shell/ui/format-number.ts";
import { visibleToken } from "../../shell/ui/token-text.ts";
import { ContinuationRow } from "./ContinuationRow.tsx";
import styles from "./Dock.module.css";
import { patchLabel } from "./patch-label.ts";
import { RecipeChip } from "./RecipeChip.tsx";
import { SamplingControls } from "./SamplingControls.tsx";
import { useView } from "./trace-context.tsx";
import { useContinuation } from "./use-continuation.ts";
import { useRun } from "./use-run.ts";
import type { TraceData } from "./use-trace-data.ts";

/** Larger models are not asked to write on every change: a button asks. */
const WRITES_UNASKED = 300_000_000;
const BASELINE_SEED = 1;

/** What the model writes next: before, after, and after a random patch of the same kind. */
export function ContinuationPanel({ data, model }: { readonly data: TraceData; readonly model: ModelSummary }) {
  const view = useView();
  const [asked, setAsked] = useState(false);
  const [baselineOn, setBaselineOn] = useState(true);
  const subject = { model: model.name, prompt: view.prompt, prependBos: view.prependBos };
  // Reading comes before writing: the answers about the selected place are asked for first.
  const settled = data.status === "ready" && (data.detailBefore ?? data.detailProblem) !== undefined;
  const wanted = (asked || model.parameters <= WRITES_UNASKED) && settled;
  const generation = (patches: readonly Patch[]) =>
    generationRequest(subject, interventionsOf(patches, "generation"), view.sampling);
  const patched = interventionsOf(view.patches, "generation").length > 0;
  const { dictionaries } = data.features;
  const featuresOf = (name: string) => dictionaries.find((dictionary) => dictionary.name === name)?.features;
  const baseline = randomBaseline(view.patches, model.neuronsPerLayer, BASELINE_SEED, featuresOf);

  const before = useContinuation(wanted ? generation([]) : undefined, 60);
  const after = useContinuation(wanted && patched ? generation(view.patches) : undefined, 300);
  const random = useContinuation(
    wanted && baselineOn && baseline !== undefined ? generation(baseline) : undefined,
    700,
  );
  const target = data.target?.id;
  const randomRun = useRun(
    baseline !== undefined && baselineOn && target !== undefined && data.status === "ready"
      ? trackRequest(subject, interventionsOf(baseline, "run"), { norm: view.norm, tokens: [target] })
      : undefined,
    300,
  );
  const top = (data.before?.lens.rows ?? 1) - 1;
  const probability = (tracked: ReturnType<typeof trackedToken>) =>
    tracked === undefined ? "" : formatProbability(tracked.probability(top, data.position));
  const marks = markDifferences(before.tokens, after.tokens, (a, b) => a.id === b.id);
  const stopped = data.status === "failed" || data.status === "cancelled";
  const streaming = [before, after, random].some(({ status }) => status === "streaming");
  const tail = data.tokens
    .slice(-4)
    .map(({ text }) => text.replace(/^·/, " "))
    .join("");
  // Escape cancels what is being written, through the room's one cancel command.
  useEffect(() => {
    if (!streaming) return undefined;
    const stop = () => {
      for (const one of [before, after, random]) one.cancel();
    };
    window.addEventListener("patchbay:cancel", stop);
    return () => window.removeEventListener("patchbay:cancel", stop);
  }, [streaming, before, after, random]);

  return (
    <section className={styles.continuation} aria-label="Continuation">
      <div className={styles.continuationTitle}>
        <h2 className="section-title">Continuation</h2>
        <SamplingControls />
        {streaming && (
          <Button kind="bare" onClick={() => window.dispatchEvent(new Event("patchbay:cancel"))}>
            Stop
          </Button>
        )}
        {!wanted && data.status === "ready" && (
          <Button kind="bare" onClick={() => setAsked(true)}>
            Write
          </Button>
        )}
        {baseline !== undefined && (
          <label
            className={styles.baselineToggle}
            title="The same patches on units drawn at random: neurons of the same layers, features of the same dictionaries"
          >
            <input type="checkbox" checked={baselineOn} onChange={(event) => setBaselineOn(event.target.checked)} />{" "}
            random baseline
          </label>
        )}
        <RecipeChip data={data} />
        <span
          className={styles.probabilityHead}
          title={`Probability of the followed token after position ${data.position}`}
        >
          p(<span className="mono">{visibleToken(data.target?.text ?? "…")}</span>)
        </span>
      </div>
      {stopped ? (
        <p className="quiet">It is written once the prompt has run.</p>
      ) : (
        <div className={styles.rows}>
          <ContinuationRow
            name={patched ? "before" : "greedy"}
            title={undefined}
            continuation={before}
            marks={patched && after.tokens.length > 0 ? marks.before : undefined}
            tail={tail}
            probability={probability(data.before?.tracked)}
            sampled={view.sampling.temperature > 0}
          />
          {patched && (
            <ContinuationRow
              name="after"
              title={undefined}
              continuation={after}
              marks={marks.after}
              tail={tail}
              probability={probability(data.after?.tracked)}
              sampled={false}
              changed
            />
          )}
          {baseline !== undefined && baselineOn && (
            <ContinuationRow
              name="random"
              title={`The same patch on ${baseline.map(patchLabel).join(", ")}, drawn at random (seed ${BASELINE_SEED})`}
              continuation={random}
              marks={undefined}
              tail={tail}
              probability={probability(trackedToken(randomRun.state.value?.results.lens))}
              sampled={false}
              quiet
            />
          )}
        </div>
      )}
    </section>
  );
}
