import type { DictionarySummary, ModelSummary } from "@patchbay/contract";
import { Button } from "../../shell/ui/Button.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { JobProgress } from "../jobs/JobProgress.tsx";
import { useJobRequest } from "../jobs/use-job-request.ts";
import styles from "./Dictionaries.module.css";

/** Dictionaries without numbers cannot be trusted or compared: says so, and measures them. */
export function MeasureMissing({
  model,
  dictionaries,
  onMeasured,
}: {
  readonly model: ModelSummary;
  readonly dictionaries: readonly Pick<DictionarySummary, "name" | "quality">[];
  readonly onMeasured: () => void;
}) {
  const missing = dictionaries.filter(({ quality }) => quality === null).map(({ name }) => name);
  const { job, starting, refusal, connection, start } = useJobRequest(
    { kind: "dictionary-quality", model: model.name, dictionaries: missing.length === 0 ? [""] : missing },
    onMeasured,
  );
  if (missing.length === 0) return null;
  return (
    <div className={styles.warning} role="note">
      <p>
        <b>
          {missing.length === 1 ? `${missing[0]} is not measured.` : `${missing.length} dictionaries are not measured.`}
        </b>{" "}
        What is left out is not known yet. Measuring reads 20,000 tokens of held-out text.
      </p>
      {job === undefined || job.state === "done" ? (
        <Button onClick={() => void start()} disabled={starting}>
          Measure
        </Button>
      ) : (
        <JobProgress job={job} connection={connection} onAgain={() => void start()} />
      )}
      {refusal !== undefined && <ErrorState inline problem={refusal} />}
    </div>
  );
}
