import { DarkMatter, type Job, Rewrite, SpecialisedNeuronTest, TrainingOutcome } from "@patchbay/contract";
import { pathOfRoute } from "@patchbay/workbench-state";
import type { ReactNode } from "react";
import { Link } from "../../shell/Link.tsx";
import { formatCount, formatFixed, formatSigned } from "../../shell/ui/format-number.ts";
import { dictionaryAddresses } from "../dictionaries/dictionary-address.ts";
import styles from "./Jobs.module.css";
import { SpecialisedNeurons } from "./SpecialisedNeurons.tsx";

/** What a finished job found, by its kind; anything unexpected is shown as it is. */
export function JobResult({ job }: { readonly job: Job }) {
  if (job.request.kind === "specialised-neurons") {
    const test = SpecialisedNeuronTest.safeParse(job.result);
    if (test.success) return <SpecialisedNeurons model={job.request.model} test={test.data} />;
  }
  const sentence = dictionaryResult(job) ?? countedResult(job);
  if (sentence !== undefined) return <p className="quiet">{sentence}</p>;
  return job.result === null ? null : <pre className={styles.raw}>{JSON.stringify(job.result, undefined, 2)}</pre>;
}

/** The one or two numbers that matter, and the page that shows the rest. */
function dictionaryResult({ request, result, id }: Job): ReactNode {
  const to = dictionaryAddresses(request.model);
  if (request.kind === "train-dictionary") {
    const outcome = TrainingOutcome.safeParse(result).data;
    if (outcome === undefined) return undefined;
    const measured = outcome.dictionaries.flatMap(({ quality }) => (quality === null ? [] : [quality]));
    const worst = measured.reduce((most, { unexplained }) => Math.max(most, unexplained), 0);
    return (
      <>
        {formatCount(outcome.tokens)} tokens in {formatFixed(outcome.seconds / 60, 1)} min.{" "}
        {measured.length > 0 && `Variance unexplained at most ${formatFixed(worst, 3)}. `}
        <Link href={to.train({ job: id })}>Curves and numbers</Link>
      </>
    );
  }
  if (request.kind === "dark-matter") {
    const split = DarkMatter.safeParse(result).data;
    if (split === undefined) return undefined;
    return (
      <>
        R² of the error {formatFixed(split.vectorR2.value, 3)}, of its squared length{" "}
        {formatFixed(split.normR2.value, 3)} (shuffled {formatFixed(split.vectorR2.shuffled, 3)} and{" "}
        {formatFixed(split.normR2.shuffled, 3)}).{" "}
        <Link href={to.page(request.dictionary, "dark-matter", { job: id })}>Open it</Link>
      </>
    );
  }
  if (request.kind === "rewrite") {
    const rewrite = Rewrite.safeParse(result).data;
    if (rewrite === undefined) return undefined;
    return (
      <>
        {rewrite.verdict} Rewritten − zeroed: {formatSigned(rewrite.difference.mean, 3)} nats.{" "}
        <Link href={to.page(request.dictionary, "rewriting", { job: id })}>Open it</Link>
      </>
    );
  }
  if (request.kind === "dictionary-quality") return <Link href={to.list()}>See the numbers</Link>;
  return undefined;
}

function countedResult({ request, result }: Job): ReactNode {
  const { neurons, units, tokens, seconds } = numbersIn(result);
  if (seconds === undefined) return undefined;
  const indexed = request.kind === "unit-index";
  return (
    <>
      {neurons !== undefined &&
        `${formatCount(neurons)} neurons mapped, ${formatCount(Math.round(neurons / seconds))} a second. `}
      {units !== undefined && `${formatCount(units)} units indexed. `}
      {tokens !== undefined &&
        `${formatCount(tokens)} tokens ${indexed ? "" : "of reference text "}read, ${formatCount(Math.round(tokens / seconds))} a second. `}
      {indexed ? (
        <Link href={`/search?model=${encodeURIComponent(request.model)}`}>Search the units</Link>
      ) : (
        <Link href={pathOfRoute({ room: "atlas", model: request.model })}>Open the Atlas</Link>
      )}
    </>
  );
}

function numbersIn(result: unknown): Partial<Record<"neurons" | "units" | "tokens" | "seconds", number>> {
  if (typeof result !== "object" || result === null) return {};
  return Object.fromEntries(Object.entries(result).filter(([, value]) => typeof value === "number"));
}
