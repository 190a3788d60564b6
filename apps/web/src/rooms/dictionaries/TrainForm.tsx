import type { ModelSummary, TrainingRequest } from "@patchbay/contract";
import type { ReactNode } from "react";
import { Button } from "../../shell/ui/Button.tsx";
import { formatCount } from "../../shell/ui/format-number.ts";
import { Segmented } from "../../shell/ui/Segmented.tsx";
import styles from "./Dictionaries.module.css";
import {
  readTrainingForm,
  TRAINING_SITES,
  type TrainingForm,
  type TrainingProblems,
  usualName,
  withKind,
} from "./training-form.ts";

const KINDS = [
  { value: "transcoder", label: "transcoder", hint: "reads what the MLP reads, writes what it writes" },
  { value: "skip-transcoder", label: "skip transcoder", hint: "a transcoder with a linear path beside the features" },
  { value: "sae", label: "SAE", hint: "reads a site and writes it again" },
] as const;
const SPARSITIES = [
  { value: "topk", label: "TopK", hint: "the k largest of each token" },
  { value: "batch-topk", label: "BatchTopK", hint: "k a token on average over the batch; a threshold afterwards" },
  { value: "jumprelu", label: "JumpReLU", hint: "a learned threshold for each feature, L0 penalised" },
  { value: "relu", label: "ReLU + L1", hint: "the sum of activations penalised" },
] as const;

export function TrainForm({
  model,
  form,
  onChange,
  busy,
  onStart,
}: {
  readonly model: ModelSummary;
  readonly form: TrainingForm;
  readonly onChange: (form: TrainingForm) => void;
  readonly busy: boolean;
  readonly onStart: (request: TrainingRequest) => void;
}) {
  const { request, problems, names } = readTrainingForm(form, model.name);
  const set = (part: Partial<TrainingForm>) => onChange({ ...form, ...part });
  const counted = form.sparsity === "topk" || form.sparsity === "batch-topk";
  const text = (
    name: TextField,
    label: string,
    { placeholder = "", size = 9, hint, mono = false }: TextOptions = {},
  ) => (
    <Labelled label={label} problem={problems[name]} hint={hint}>
      <input
        size={size}
        className={mono ? "mono" : undefined}
        placeholder={placeholder}
        aria-invalid={problems[name] !== undefined}
        value={form[name]}
        onChange={(event) => set({ [name]: event.target.value })}
      />
    </Labelled>
  );
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (request !== undefined) onStart(request);
      }}
    >
      <div className={styles.fieldRow}>
        <span className={styles.control}>
          <span>kind</span>
          <Segmented
            label="Kind"
            value={form.kind}
            options={KINDS}
            onChange={(kind) => onChange(withKind(form, kind))}
          />
        </span>
        <SiteChoice
          label={form.kind === "sae" ? "site" : "reads"}
          value={form.inputSite}
          onChange={(site) => set({ inputSite: site })}
        />
        {form.kind !== "sae" && (
          <SiteChoice label="writes" value={form.outputSite} onChange={(site) => set({ outputSite: site })} />
        )}
      </div>
      <Layers model={model} form={form} problems={problems} onChange={set} />
      <div className={styles.fieldRow}>
        {text("features", "features", { hint: expansion(form.features, model.residualWidth) })}
        <span className={styles.control}>
          <span>sparsity</span>
          <Segmented
            label="Sparsity"
            value={form.sparsity}
            options={SPARSITIES}
            onChange={(sparsity) => set({ sparsity, coefficient: sparsity === "relu" ? "0.02" : "0.001" })}
          />
        </span>
        {counted
          ? text("k", "k", { size: 5, hint: "features a token" })
          : text("coefficient", "λ", { size: 7, hint: "more is sparser" })}
        {text("seeds", "seeds", { size: 7, hint: "“0, 1” trains a pair" })}
      </div>
      <div className={styles.fieldRow}>
        <span className={styles.control}>
          <span>text</span>
          <Segmented
            label="Text"
            value={form.corpus}
            options={[
              { value: "samples", label: "the model’s own samples", hint: "temperature 1, top-p 0.95" },
              {
                value: "file",
                label: "a file",
                hint: "on the server’s machine: one text a line, or .jsonl(.gz) with text",
              },
            ]}
            onChange={(corpus) => set({ corpus })}
          />
        </span>
        {form.corpus === "file" &&
          text("path", "path on the server’s machine", { size: 30, placeholder: "/data/stories.jsonl.gz", mono: true })}
        {text("tokens", "tokens", { size: 11 })}
        {text("name", "name", { size: 20, placeholder: usualName(form), mono: true })}
      </div>
      <details>
        <summary className="quiet">Optimiser and measuring</summary>
        <div className={styles.fieldRow} style={{ marginTop: 10 }}>
          {text("learningRate", "learning rate (Adam)", { placeholder: "0.001" })}
          {text("batch", "tokens a step", { placeholder: "2,048" })}
          {text("warmup", "warm-up, share of steps", { placeholder: "0.02" })}
          {text("decay", "decay, share of steps", { placeholder: "0.5" })}
          {text("reviveAfter", "dead after tokens", { placeholder: "100,000", hint: "0: never revived" })}
          {text("evaluationTokens", "held-out tokens", { placeholder: "20,000", hint: "0: not measured" })}
        </div>
      </details>
      <div className={styles.actions}>
        <Button type="submit" kind="primary" disabled={busy || request === undefined}>
          Train {names.length > 1 ? `${names.length} dictionaries` : ""}
        </Button>
        <span className="quiet">
          {request === undefined ? "Something above does not fit yet." : summary(request, names)}
        </span>
      </div>
    </form>
  );
}

type TextField = Exclude<keyof TrainingForm, "kind" | "inputSite" | "outputSite" | "layers" | "sparsity" | "corpus">;

interface TextOptions {
  readonly placeholder?: string;
  readonly size?: number;
  readonly hint?: string | undefined;
  readonly mono?: boolean;
}

function Layers({
  model,
  form,
  problems,
  onChange,
}: {
  readonly model: ModelSummary;
  readonly form: TrainingForm;
  readonly problems: TrainingProblems;
  readonly onChange: (part: Partial<TrainingForm>) => void;
}) {
  const all = Array.from({ length: model.layers }, (_, layer) => layer);
  const every = form.layers.length === model.layers;
  return (
    <fieldset className={`${styles.control} ${styles.layers}`} data-invalid={problems.layers !== undefined}>
      <legend>layers: all are trained from one harvest of activations</legend>
      <span className={styles.boxes}>
        {all.map((layer) => (
          <label key={layer}>
            <input
              type="checkbox"
              checked={form.layers.includes(layer)}
              onChange={(event) =>
                onChange({
                  layers: event.target.checked
                    ? [...form.layers, layer]
                    : form.layers.filter((known) => known !== layer),
                })
              }
            />
            L{layer}
          </label>
        ))}
        <Button kind="bare" onClick={() => onChange({ layers: every ? [] : all })}>
          {every ? "none" : "all"}
        </Button>
      </span>
      {problems.layers !== undefined && <small role="alert">{problems.layers}</small>}
    </fieldset>
  );
}

function SiteChoice<Site extends TrainingForm["inputSite"]>({
  label,
  value,
  onChange,
}: {
  readonly label: string;
  readonly value: Site;
  readonly onChange: (site: TrainingForm["inputSite"]) => void;
}) {
  const sites: readonly string[] = TRAINING_SITES;
  return (
    <label className={styles.control}>
      <span>{label}</span>
      <select
        className="mono"
        value={value}
        onChange={(event) => {
          const site = TRAINING_SITES.find((known) => known === event.target.value);
          if (site !== undefined) onChange(site);
        }}
      >
        {!sites.includes(value) && <option value={value}>{value}</option>}
        {TRAINING_SITES.map((site) => (
          <option key={site} value={site}>
            {site}
          </option>
        ))}
      </select>
    </label>
  );
}

function Labelled({
  label,
  problem,
  hint,
  children,
}: {
  readonly label: string;
  readonly problem: string | undefined;
  readonly hint?: string | undefined;
  readonly children: ReactNode;
}) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is its child
    <label className={styles.control} data-invalid={problem !== undefined}>
      <span>{label}</span>
      {children}
      {(problem ?? hint) !== undefined && <small>{problem ?? hint}</small>}
    </label>
  );
}

function expansion(features: string, width: number): string | undefined {
  const count = Number(features.replaceAll(",", ""));
  return count > 0 ? `${Number((count / width).toPrecision(3))} × residual width` : undefined;
}

function summary(request: TrainingRequest, names: readonly string[]): string {
  const steps = Math.ceil(request.tokens / (request.batch ?? 2048));
  const [first] = names;
  const last = names.at(-1);
  const named = names.length === 1 ? first : `${first} … ${last}`;
  return `${formatCount(steps)} steps of ${formatCount(request.batch ?? 2048)} tokens: ${named}`;
}
