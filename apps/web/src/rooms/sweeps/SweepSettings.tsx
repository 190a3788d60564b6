import type { ModelSummary } from "@patchbay/contract";
import { exampleLines, needsOther, type SweepSetup, type SweepsView } from "@patchbay/workbench-state";
import { Field } from "../../shell/ui/Field.tsx";
import { Segmented } from "../../shell/ui/Segmented.tsx";
import { DraftField } from "./DraftField.tsx";
import { ExamplesField } from "./ExamplesField.tsx";
import { MetricFields } from "./MetricFields.tsx";
import { NumberField } from "./NumberField.tsx";
import { PanelFields } from "./PanelFields.tsx";
import styles from "./Sweeps.module.css";
import type { UpdateSweeps } from "./use-sweeps-view.ts";

const SETUPS: readonly { value: SweepSetup; label: string; hint: string }[] = [
  { value: "patching", label: "patch", hint: "Values of one prompt put into the run of another" },
  { value: "noise", label: "trace", hint: "Causal tracing: noise on chosen tokens, clean values put back" },
  { value: "ablation", label: "ablate", hint: "Values removed: zero, mean, or another text's" },
  { value: "path", label: "path", hint: "From a sender only to chosen receivers" },
];

/** How a sweep is made: what is put where, what is read, and whether it is run or estimated. */
export function SweepSettings({
  view,
  model,
  update,
}: {
  readonly view: SweepsView;
  readonly model: ModelSummary;
  readonly update: UpdateSweeps;
}) {
  const { setup, ablation, noise } = view;
  const chooseSetup = (next: SweepSetup) =>
    update(
      {
        setup: next,
        scale: next === "path" || (next === "patching" && view.direction === "noise") ? "effect" : "normalised",
        ...(next === "path" ? { panels: [{ site: "z", by: ["layer", "head"], window: 1, groups: "" }] as const } : {}),
        ...(next === "path" || next === "noise" ? { estimate: "exact" as const } : {}),
        ...(next === "noise" ? { direction: "denoise" as const } : {}),
      },
      { step: true },
    );
  return (
    <>
      <div className={styles.group}>
        <Segmented label="Method" value={setup} options={SETUPS} onChange={chooseSetup} />
        {needsOther(view) && setup === "patching" && (
          <Segmented
            label="Direction"
            value={view.direction}
            options={[
              { value: "denoise", label: "denoise", hint: "The corrupted run with clean values: what is enough" },
              { value: "noise", label: "noise", hint: "The clean run with corrupted values: what is needed" },
            ]}
            // In a noising sweep "as clean" is where nothing happened.
            onChange={(direction) => update({ direction, scale: direction === "noise" ? "effect" : "normalised" })}
          />
        )}
        {setup === "noise" && (
          <div className={styles.pairFields}>
            <NumberField
              label="Noise"
              hint="× sd of embeddings"
              value={noise.scale}
              low={0}
              high={100}
              whole={false}
              onChange={(scale) => update({ noise: { ...noise, scale } })}
            />
            <NumberField
              label="Samples"
              value={noise.samples}
              low={1}
              high={256}
              onChange={(samples) => update({ noise: { ...noise, samples } })}
            />
          </div>
        )}
        {setup === "ablation" && (
          <>
            <Segmented
              label="Replaced by"
              value={ablation.how}
              options={[
                { value: "zero", label: "zero" },
                { value: "mean", label: "mean", hint: "Over the model's reference texts" },
                { value: "resample", label: "resample", hint: "Values of other reference texts" },
              ]}
              onChange={(how) => update({ ablation: { ...ablation, how } })}
            />
            <div className={styles.pairFields}>
              <NumberField
                label="Greedy steps"
                hint="0: one at a time"
                value={ablation.greedy}
                low={0}
                high={4096}
                onChange={(greedy) => update({ ablation: { ...ablation, greedy } })}
              />
              {ablation.greedy > 0 && (
                <Field label="Remove first" hint="what changes the metric">
                  {(props) => (
                    <select
                      {...props}
                      value={ablation.order}
                      onChange={(event) =>
                        update({ ablation: { ...ablation, order: event.target.value === "most" ? "most" : "least" } })
                      }
                    >
                      <option value="least">least</option>
                      <option value="most">most</option>
                    </select>
                  )}
                </Field>
              )}
            </div>
          </>
        )}
        {setup === "path" && (
          <>
            <DraftField label="receivers" value={view.receivers} onCommit={(receivers) => update({ receivers })} />
            <p className="quiet">q:L3.H2, k:L4, v:L4.H0, mlp_in:L5, logits</p>
            <Segmented
              label="MLPs between"
              value={view.mlps}
              options={[
                { value: "recompute", label: "MLPs recomputed" },
                { value: "freeze", label: "MLPs frozen" },
              ]}
              onChange={(mlps) => update({ mlps })}
            />
          </>
        )}
      </div>
      <div className={styles.group}>
        <MetricFields metric={view.metric} model={model} onChange={(metric) => update({ metric })} />
      </div>
      <div className={styles.group}>
        <h2 className={styles.groupTitle}>{setup === "path" ? "Senders" : "Changed, one cell at a time"}</h2>
        <PanelFields
          panels={view.panels}
          model={model}
          path={setup === "path"}
          onChange={(panels) => update({ panels })}
        />
      </div>
      {(setup === "patching" || setup === "ablation") && (
        <div className={styles.group}>
          <Field label="Computed" hint={view.estimate === "exact" ? "a run a cell" : "Σ (put in − own) · gradient"}>
            {(props) => (
              <select
                {...props}
                value={view.estimate}
                onChange={(event) => update({ estimate: event.target.value as SweepsView["estimate"] })}
              >
                <option value="exact">exactly</option>
                <option value="gradient">estimated by gradients</option>
                <option value="integrated-gradients">estimated by integrated gradients</option>
              </select>
            )}
          </Field>
          {view.estimate !== "exact" && <VerifyField view={view} update={update} />}
        </div>
      )}
      <ExamplesField
        text={view.examples}
        pairs={needsOther(view)}
        count={exampleLines(view.examples).length}
        onCommit={(examples) => update({ examples })}
      />
    </>
  );
}

export function VerifyField({ view, update }: { readonly view: SweepsView; readonly update: UpdateSweeps }) {
  return (
    <NumberField
      label="Verify the top … exactly"
      hint="and as many at random"
      value={view.verify}
      low={0}
      high={200}
      onChange={(verify) => update({ verify })}
    />
  );
}
