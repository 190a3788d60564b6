import type { Job } from "@patchbay/contract";
import { api, useApi } from "../../shell/api.ts";
import { Button } from "../../shell/ui/Button.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { canPause } from "./job-kinds.ts";

/** Pause, resume, cancel: what can be done with a job that has not ended. */
export function JobControls({ job, onChange }: { readonly job: Job; readonly onChange?: (job: Job) => void }) {
  const change = useApi<Job>();
  const busy = change.state.status === "pending";
  const ask = async (what: "pauseJob" | "resumeJob" | "cancelJob") => {
    const changed = await change.call((signal) => api[what]({ params: { id: job.id }, signal }));
    if (changed !== undefined) onChange?.(changed);
  };
  return (
    <>
      {job.state === "paused" && (
        <Button kind="bare" disabled={busy} onClick={() => void ask("resumeJob")}>
          Resume
        </Button>
      )}
      {job.state !== "paused" && canPause(job.request.kind) && (
        <Button
          kind="bare"
          disabled={busy}
          title="Stops at the next safe point and keeps what was done"
          onClick={() => void ask("pauseJob")}
        >
          Pause
        </Button>
      )}
      <Button kind="bare" disabled={busy} onClick={() => void ask("cancelJob")}>
        Cancel
      </Button>
      {change.state.status === "failed" && <ErrorState inline problem={change.state.problem} />}
    </>
  );
}
