import { GREEDY, type SamplingChoice } from "@patchbay/workbench-state";
import { Field } from "../../shell/ui/Field.tsx";
import { Popover } from "../../shell/ui/Popover.tsx";
import styles from "./Menus.module.css";
import { useTraceStore, useView } from "./trace-context.tsx";

/** How the continuation is drawn. The summary is the button. */
export function SamplingControls() {
  const store = useTraceStore();
  const { sampling } = useView();
  const change = (next: Partial<SamplingChoice>) => store.update({ sampling: { ...sampling, ...next } });
  const summary =
    sampling.temperature === 0
      ? "greedy"
      : [
          `temperature ${sampling.temperature}`,
          sampling.topP && `top-p ${sampling.topP}`,
          sampling.topK && `top-k ${sampling.topK}`,
          `seed ${sampling.seed}`,
        ]
          .filter(Boolean)
          .join(", ");
  return (
    <Popover
      label="Sampling"
      side="top"
      trigger={(trigger) => (
        <button type="button" className={styles.link} title="Change the sampling" {...trigger}>
          {summary}, {sampling.maxTokens} tokens
        </button>
      )}
    >
      {() => (
        <div className={styles.sampling}>
          <NumberField
            label="Tokens"
            value={sampling.maxTokens}
            low={1}
            high={400}
            step={1}
            onChange={(value) => change({ maxTokens: value ?? GREEDY.maxTokens })}
          />
          <NumberField
            label="Temperature"
            hint="0 is greedy"
            value={sampling.temperature}
            low={0}
            high={10}
            step={0.1}
            onChange={(value) => change({ temperature: value ?? 0 })}
          />
          <NumberField
            label="Top-p"
            hint="empty: off"
            value={sampling.topP}
            low={0.01}
            high={1}
            step={0.05}
            onChange={(topP) => change({ topP })}
          />
          <NumberField
            label="Top-k"
            hint="empty: off"
            value={sampling.topK}
            low={1}
            high={100_000}
            step={1}
            onChange={(topK) => change({ topK })}
          />
          <NumberField
            label="Seed"
            value={sampling.seed}
            low={0}
            high={1e9}
            step={1}
            onChange={(value) => change({ seed: value ?? 0 })}
          />
        </div>
      )}
    </Popover>
  );
}

function NumberField({
  label,
  hint,
  value,
  low,
  high,
  step,
  onChange,
}: {
  readonly label: string;
  readonly hint?: string;
  readonly value: number | undefined;
  readonly low: number;
  readonly high: number;
  readonly step: number;
  onChange(value: number | undefined): void;
}) {
  return (
    <Field label={label} hint={hint}>
      {(props) => (
        <input
          {...props}
          type="number"
          min={low}
          max={high}
          step={step}
          value={value ?? ""}
          onChange={(event) => {
            const number = event.target.valueAsNumber;
            if (event.target.value === "") onChange(undefined);
            else if (number >= low && number <= high) onChange(step === 1 ? Math.round(number) : number);
          }}
        />
      )}
    </Field>
  );
}
