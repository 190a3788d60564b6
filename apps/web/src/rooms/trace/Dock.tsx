import type { ModelSummary } from "@patchbay/contract";
import { useLayoutEffect } from "react";
import { ContinuationPanel } from "./ContinuationPanel.tsx";
import styles from "./Dock.module.css";
import { PatchCard } from "./PatchCard.tsx";
import { addPatch, neuronPatch } from "./patch-actions.ts";
import { useTraceStore, useView } from "./trace-context.tsx";
import type { TraceData } from "./use-trace-data.ts";

/** What you changed, and what it did. */
export function Dock({
  data,
  model,
  onLayout,
}: {
  readonly data: TraceData;
  readonly model: ModelSummary;
  onLayout(): void;
}) {
  const store = useTraceStore();
  const { patches } = useView();
  const on = patches.filter(({ muted }) => !muted).length;
  const audible = patches.filter(({ muted, positions }) => !muted && positions !== "generated");
  const leading = data.detailBefore?.results.ledger?.updates[0];
  // biome-ignore lint/correctness/useExhaustiveDependencies: cards moved
  useLayoutEffect(onLayout, [patches, data.patchProblem, onLayout]);

  function addAtSelection() {
    const layer = data.layer ?? model.layers - 1;
    addPatch(store, neuronPatch(layer, leading?.neuron ?? 0, 0));
  }

  return (
    <footer className={styles.dock}>
      <section className={styles.patches} aria-label="Patches">
        <h2 className="section-title">
          Patches
          <span>
            {patches.length > 0 && `${on} on${patches.length > on ? ` · ${patches.length - on} muted` : ""} · `}
            <button
              type="button"
              className={styles.link}
              onClick={addAtSelection}
              title="A neuron of the selected layer, set to 0 (P)"
            >
              add
            </button>
          </span>
        </h2>
        <div className={styles.patchList} data-patch-list="" onScroll={onLayout}>
          {patches.map((patch, index) => {
            const place = audible.indexOf(patch);
            const at = data.patchProblem?.at;
            const mine =
              place >= 0 && (at === undefined ? audible.length === 1 : at.startsWith(`interventions/${place}`));
            return (
              <PatchCard
                key={patch.cable}
                patch={patch}
                model={model}
                position={data.position}
                problem={mine ? data.patchProblem : undefined}
                first={index === 0}
                last={index === patches.length - 1}
              />
            );
          })}
          {patches.length === 0 && (
            <p className={styles.emptyPatches}>
              A patch changes what the model computes. Click a jack <i /> beside a row or a neuron: before and after
              then stand side by side.
            </p>
          )}
        </div>
      </section>
      <ContinuationPanel data={data} model={model} />
    </footer>
  );
}
