import type { Job } from "@patchbay/contract";
import { useState } from "react";
import { api, useApi } from "../../shell/api.ts";
import { Link } from "../../shell/Link.tsx";
import { useModels } from "../../shell/models.ts";
import { Button } from "../../shell/ui/Button.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { Segmented } from "../../shell/ui/Segmented.tsx";
import common from "../common/common.module.css";
import type { JobRequest } from "../common/wire.ts";
import styles from "./Jobs.module.css";
import { MODEL_JOB_KINDS } from "./job-kinds.ts";

/** One button for each kind of job. The same job asked for twice is one job. */
export function StartJob({ onStarted }: { readonly onStarted: (job: Job) => void }) {
  const { models } = useModels();
  const [chosen, setChosen] = useState<string>();
  const model = models.find(({ name }) => name === chosen) ?? models[0];
  const started = useApi<Job>();
  const start = async (request: JobRequest) => {
    const job = await started.call((signal) => api.createJob({ body: request, signal }));
    if (job !== undefined) onStarted(job);
  };
  if (model === undefined) return null;
  const busy = started.state.status === "pending";
  return (
    <section className={styles.start} aria-label="Start a job">
      <h2 className="section-title">
        <span className={common.sectionName}>Start</span>
        {models.length > 1 && (
          <Segmented
            label="Model"
            value={model.name}
            options={models.map(({ name }) => ({ value: name, label: name }))}
            onChange={(name) => setChosen(name)}
          />
        )}
      </h2>
      <div className={styles.kinds}>
        {MODEL_JOB_KINDS.map(({ kind, title, purpose }) => (
          <div key={kind} className={styles.kind}>
            <h3>{title}</h3>
            <p>{purpose}</p>
            {kind === "specialised-neurons" ? (
              <TestForm disabled={busy} onStart={(settings) => void start({ kind, model: model.name, ...settings })} />
            ) : (
              <StartButton kind={kind} disabled={busy} onStart={() => void start({ kind, model: model.name })} />
            )}
          </div>
        ))}
      </div>
      <p className="quiet">
        Asked elsewhere: <Link href="/dictionaries/train">training</Link>, and dark matter and rewriting on the page of{" "}
        <Link href="/dictionaries">a dictionary</Link>.
      </p>
      {started.state.status === "failed" && <ErrorState inline problem={started.state.problem} />}
    </section>
  );
}

function StartButton({
  kind,
  disabled,
  onStart,
}: {
  readonly kind: string;
  readonly disabled: boolean;
  readonly onStart: () => void;
}) {
  return (
    <Button onClick={onStart} disabled={disabled} aria-label={`Start ${kind}`}>
      Start
    </Button>
  );
}

type Place = "post" | "up" | "written";

function TestForm({
  disabled,
  onStart,
}: {
  readonly disabled: boolean;
  readonly onStart: (settings: { readonly place: Place; readonly multiple: number; readonly prompt?: string }) => void;
}) {
  const [place, setPlace] = useState<Place>("post");
  const [multiple, setMultiple] = useState("2");
  const [prompt, setPrompt] = useState("");
  const value = Number(multiple);
  const valid = multiple.trim() !== "" && Number.isFinite(value);
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (valid) onStart({ place, multiple: value, ...(prompt.trim() !== "" && { prompt }) });
      }}
    >
      <input
        aria-label="Prompt"
        placeholder="Prompt: the model’s first example"
        value={prompt}
        onChange={(event) => setPrompt(event.target.value)}
      />
      <span className={styles.settings}>
        <Segmented
          label="Place"
          value={place}
          options={(["post", "up", "written"] as const).map((option) => ({ value: option, label: option }))}
          onChange={(next) => setPlace(next)}
        />
        <label>
          <input
            type="number"
            step="any"
            aria-label="Clamp value, multiples of the maximum"
            aria-invalid={!valid}
            value={multiple}
            onChange={(event) => setMultiple(event.target.value)}
          />{" "}
          × maximum
        </label>
        <Button type="submit" disabled={disabled || !valid}>
          Start
        </Button>
      </span>
    </form>
  );
}
