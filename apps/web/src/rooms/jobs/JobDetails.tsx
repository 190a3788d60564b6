import { type Job, TrainingLive } from "@patchbay/contract";
import { useState } from "react";
import { Link } from "../../shell/Link.tsx";
import { Button } from "../../shell/ui/Button.tsx";
import { formatCount } from "../../shell/ui/format-number.ts";
import { formatFigure } from "../common/format-figure.ts";
import { TrainingCharts } from "../dictionaries/TrainingCharts.tsx";
import styles from "./Jobs.module.css";

/** What a job tells beyond its progress while it runs: a training its curves, others their counts. */
export function JobDetails({ job }: { readonly job: Job }) {
  const [open, setOpen] = useState(false);
  if (job.request.kind === "train-dictionary") {
    const live = TrainingLive.safeParse(job.details);
    if (!live.success) return null;
    return (
      <div className={styles.details}>
        <p className={styles.counted}>
          <span>{formatCount(Math.round(live.data.tokensPerSecond))} tokens a second</span>
          <Button kind="bare" aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? "Hide the curves" : "Show the curves"}
          </Button>
          <Link href={`/dictionaries/train?model=${encodeURIComponent(job.request.model)}&job=${job.id}`}>
            Open the training
          </Link>
        </p>
        {open && (
          <TrainingCharts
            targets={live.data.targets}
            points={live.data.points}
            tokens={job.request.tokens}
            name={job.request.set ?? live.data.targets[0] ?? "training"}
          />
        )}
      </div>
    );
  }
  const counts = plainCounts(job.details);
  if (counts.length === 0) return null;
  return (
    <p className={styles.counted}>
      {counts.map(([name, value]) => (
        <span key={name}>
          {name} <b>{value}</b>
        </span>
      ))}
    </p>
  );
}

/** Numbers and words of an unknown report, named as their author named them: "tokensPerSecond" is "tokens per second". */
function plainCounts(details: unknown): [name: string, value: string][] {
  if (typeof details !== "object" || details === null) return [];
  return Object.entries(details).flatMap(([name, value]): [string, string][] => {
    const words = name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase();
    if (typeof value === "number") return [[words, Number.isInteger(value) ? formatCount(value) : formatFigure(value)]];
    return typeof value === "string" && value.length < 80 ? [[words, value]] : [];
  });
}
