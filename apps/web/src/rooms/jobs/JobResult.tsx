import { type Job, SpecialisedNeuronTest } from "@patchbay/contract";
import { pathOfRoute } from "@patchbay/workbench-state";
import { Link } from "../../shell/Link.tsx";
import { formatCount } from "../../shell/ui/format-number.ts";
import styles from "./Jobs.module.css";
import { SpecialisedNeurons } from "./SpecialisedNeurons.tsx";

/** What a finished job found, by its kind; anything unexpected is shown as it is. */
export function JobResult({ job }: { readonly job: Job }) {
  if (job.request.kind === "specialised-neurons") {
    const test = SpecialisedNeuronTest.safeParse(job.result);
    if (test.success) return <SpecialisedNeurons model={job.request.model} test={test.data} />;
  }
  const { neurons, tokens, seconds } = numbersIn(job.result);
  if (seconds === undefined)
    return job.result === null ? null : <pre className={styles.raw}>{JSON.stringify(job.result, undefined, 2)}</pre>;
  return (
    <p className="quiet">
      {neurons !== undefined &&
        `${formatCount(neurons)} neurons mapped, ${formatCount(Math.round(neurons / seconds))} a second. `}
      {tokens !== undefined &&
        `${formatCount(tokens)} tokens of reference text read, ${formatCount(Math.round(tokens / seconds))} a second. `}
      <Link href={pathOfRoute({ room: "atlas", model: job.request.model })}>Open the Atlas</Link>
    </p>
  );
}

function numbersIn(result: unknown): Partial<Record<"neurons" | "tokens" | "seconds", number>> {
  if (typeof result !== "object" || result === null) return {};
  return Object.fromEntries(Object.entries(result).filter(([, value]) => typeof value === "number"));
}
