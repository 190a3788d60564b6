import type { ModelSummary } from "@patchbay/contract";
import type { SweepsView } from "@patchbay/workbench-state";
import { Field } from "../../shell/ui/Field.tsx";
import { DraftField } from "./DraftField.tsx";
import { ExamplesField } from "./ExamplesField.tsx";
import { MetricFields } from "./MetricFields.tsx";
import { NumberField } from "./NumberField.tsx";
import { SweepSettings, VerifyField } from "./SweepSettings.tsx";
import styles from "./Sweeps.module.css";
import type { UpdateSweeps } from "./use-sweeps-view.ts";

interface SettingsProps {
  readonly view: SweepsView;
  readonly model: ModelSummary;
  readonly update: UpdateSweeps;
}

export function QuestionSettings(props: SettingsProps) {
  switch (props.view.question) {
    case "sweep":
      return <SweepSettings {...props} />;
    case "edges":
      return <EdgeSettings {...props} />;
    case "tokens":
      return <TokenSettings {...props} />;
  }
}

function EdgeSettings({ view, model, update }: SettingsProps) {
  const { edges } = view;
  return (
    <>
      <div className={styles.group}>
        <Field label="Gradients" hint="what the scores are made of">
          {(props) => (
            <select
              {...props}
              value={edges.method}
              onChange={(event) =>
                update({ edges: { ...edges, method: event.target.value as SweepsView["edges"]["method"] } })
              }
            >
              <option value="integrated-gradients">EAP-IG: corrupted to clean</option>
              <option value="gradient">EAP: at the clean run</option>
              <option value="clean-corrupted">mean of both ends</option>
            </select>
          )}
        </Field>
        {edges.method === "integrated-gradients" && (
          <NumberField
            label="Steps"
            value={edges.steps}
            low={1}
            high={100}
            onChange={(steps) => update({ edges: { ...edges, steps } })}
          />
        )}
        <VerifyField view={view} update={update} />
        <DraftField
          label="circuits of … edges"
          value={edges.circuits.join(", ")}
          onCommit={(text) => {
            const sizes = text.split(/[\s,]+/).filter((part) => /^[1-9]\d{0,5}$/.test(part));
            update({ edges: { ...edges, circuits: sizes.map(Number).slice(0, 32) } });
          }}
        />
      </div>
      <div className={styles.group}>
        <MetricFields metric={view.metric} model={model} onChange={(metric) => update({ metric })} />
      </div>
      <ExamplesField
        text={view.examples}
        pairs
        count={view.examples.split("\n").filter((line) => line.trim() !== "").length}
        onCommit={(examples) => update({ examples })}
      />
    </>
  );
}

function TokenSettings({ view, model, update }: SettingsProps) {
  const { tokens } = view;
  return (
    <>
      <div className={styles.group}>
        <Field label="Method">
          {(props) => (
            <select
              {...props}
              value={tokens.method}
              onChange={(event) =>
                update({ tokens: { ...tokens, method: event.target.value as SweepsView["tokens"]["method"] } })
              }
            >
              <option value="integrated-gradients">integrated gradients</option>
              <option value="gradient-times-input">gradient × input</option>
            </select>
          )}
        </Field>
        {tokens.method === "integrated-gradients" && (
          <NumberField
            label="Steps"
            value={tokens.steps}
            low={1}
            high={256}
            onChange={(steps) => update({ tokens: { ...tokens, steps } })}
          />
        )}
        <Field label="Baseline" hint="where the path begins">
          {(props) => (
            <select
              {...props}
              value={tokens.baseline}
              onChange={(event) =>
                update({ tokens: { ...tokens, baseline: event.target.value as SweepsView["tokens"]["baseline"] } })
              }
            >
              <option value="mean-embedding">mean embedding</option>
              <option value="zero">zero</option>
              <option value="prompt">another prompt</option>
            </select>
          )}
        </Field>
      </div>
      <div className={styles.group}>
        <MetricFields metric={view.metric} model={model} onChange={(metric) => update({ metric })} />
      </div>
    </>
  );
}
