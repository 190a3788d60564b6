import type { Snapshot } from "@patchbay/contract";
import { useMemo } from "react";
import type { Run } from "../common/wire.ts";
import { DecompositionParts } from "./DecompositionParts.tsx";
import { DosePart } from "./DosePart.tsx";
import styles from "./Findings.module.css";
import { pairUp, sortParts } from "./finding-parts.ts";
import { GenerationPart } from "./GenerationPart.tsx";
import { GraphParts } from "./GraphParts.tsx";
import { InterventionList } from "./InterventionList.tsx";
import { RunPart } from "./RunPart.tsx";
import { SweepParts } from "./SweepParts.tsx";

/** Every stored part, drawn by its kind: runs before and after side by side, curves, texts. */
export function FindingParts({ finding }: { readonly finding: Snapshot }) {
  const { runs, generations, doses } = useMemo(() => sortParts(finding.parts), [finding]);
  const runPairs = pairUp(runs, (a, b) => questionOf(a.result) === questionOf(b.result));
  const textPairs = pairUp(generations, () => true);
  const interventions = [...runs, ...generations].find((part) => part.interventions.length > 0)?.interventions ?? [];
  return (
    <div className={styles.parts}>
      {interventions.length > 0 && <InterventionList interventions={interventions} />}
      {runPairs.map((pair, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: parts are immutable and keep their order
        <RunPart key={i} pair={pair} />
      ))}
      {doses.map((part, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: parts are immutable and keep their order
        <DosePart key={i} result={part.result} />
      ))}
      {textPairs.map((pair, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: parts are immutable and keep their order
        <GenerationPart key={i} pair={pair} />
      ))}
      <GraphParts finding={finding} />
      <SweepParts finding={finding} />
      <DecompositionParts finding={finding} />
    </div>
  );
}

/** Which results a run has and of which tokens: runs that agree in it can be compared. */
function questionOf({ results, tokens }: Run): string {
  const kinds = Object.entries(results).filter(([kind, value]) => value !== undefined && kind !== "capture");
  return JSON.stringify([kinds.map(([kind]) => kind), tokens.map((row) => row.map(({ id }) => id))]);
}
