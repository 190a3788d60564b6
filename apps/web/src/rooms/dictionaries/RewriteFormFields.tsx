import type { ReactNode } from "react";
import { Button } from "../../shell/ui/Button.tsx";
import { Segmented } from "../../shell/ui/Segmented.tsx";
import styles from "./Dictionaries.module.css";
import { type FormProblems, type RewriteForm, SIMULATORS } from "./simulator-form.ts";

export function RewriteFormFields({
  form,
  problems,
  busy,
  onChange,
  onStart,
}: {
  readonly form: RewriteForm;
  readonly problems: FormProblems;
  readonly busy: boolean;
  readonly onChange: (form: RewriteForm) => void;
  readonly onStart: () => void;
}) {
  const set = (part: Partial<RewriteForm>) => onChange({ ...form, ...part });
  /** A list or an expression stands for features that must be named. */
  const listed = form.simulator === "tokens" || form.simulator === "regex";
  const meaning = SIMULATORS.find(({ kind }) => kind === form.simulator)?.meaning;
  const text = (
    name: "length" | "minimumCount" | "features" | "percent" | "heldOut" | "seed" | "pattern",
    hint: {
      readonly label: string;
      readonly placeholder: string;
      readonly size: number;
    },
  ) => (
    <Labelled
      label={hint.label}
      problem={form[name] === "" && name !== "percent" && name !== "features" ? undefined : problems[name]}
    >
      <input
        size={hint.size}
        className={name === "pattern" ? "mono" : undefined}
        placeholder={hint.placeholder}
        aria-invalid={problems[name] !== undefined}
        value={form[name]}
        onChange={(event) => set({ [name]: event.target.value })}
      />
    </Labelled>
  );
  return (
    <form
      className={styles.stack}
      style={{ gap: 10 }}
      onSubmit={(event) => {
        event.preventDefault();
        onStart();
      }}
    >
      <div className={styles.controls}>
        <span className={styles.control}>
          <span>simulator: {meaning}</span>
          <Segmented
            label="Simulator"
            value={form.simulator}
            options={SIMULATORS.map(({ kind, title, meaning: hint }) => ({ value: kind, label: title, hint }))}
            onChange={(simulator) => set({ simulator })}
          />
        </span>
        {form.simulator === "ngram" && (
          <>
            {text("length", { label: "n, 1 … 4", placeholder: "usual", size: 6 })}
            {text("minimumCount", { label: "seen at least", placeholder: "usual", size: 7 })}
          </>
        )}
        {form.simulator === "regex" &&
          text("pattern", { label: "regular expression on the text", placeholder: "\\b[Oo]nce\\b", size: 28 })}
        {form.simulator === "tokens" && (
          <Labelled label="tokens, one a line; spaces count" problem={form.tokens === "" ? undefined : problems.tokens}>
            <textarea
              className="mono"
              rows={3}
              cols={22}
              placeholder={" Lily\n Tom"}
              value={form.tokens}
              onChange={(event) => set({ tokens: event.target.value })}
            />
          </Labelled>
        )}
      </div>
      <div className={styles.controls}>
        {text("features", {
          label: "features, such as 12, 40-44",
          placeholder: listed ? "12, 40-44" : "a random choice",
          size: 22,
        })}
        {form.features.trim() === "" &&
          !listed &&
          text("percent", { label: "% of features", placeholder: "100", size: 6 })}
        {text("heldOut", { label: "held-out tokens", placeholder: "8,000", size: 9 })}
        {text("seed", { label: "seed", placeholder: "0", size: 5 })}
        <label className={styles.control}>
          <span title="The simulated activations get the distribution of the true ones">quantile calibration</span>
          <span className={styles.boxes}>
            <label>
              <input
                type="checkbox"
                checked={form.calibrate}
                onChange={(event) => set({ calibrate: event.target.checked })}
              />
              {form.calibrate ? "on" : "off"}
            </label>
          </span>
        </label>
        <Button type="submit" kind="primary" disabled={busy || Object.keys(problems).length > 0}>
          Rewrite
        </Button>
      </div>
    </form>
  );
}

function Labelled({
  label,
  problem,
  children,
}: {
  readonly label: string;
  readonly problem: string | undefined;
  readonly children: ReactNode;
}) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is its child
    <label className={styles.control} data-invalid={problem !== undefined}>
      <span>{label}</span>
      {children}
      {problem !== undefined && <small role="alert">{problem}</small>}
    </label>
  );
}
