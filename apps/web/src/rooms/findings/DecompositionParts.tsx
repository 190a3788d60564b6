import type {
  CircuitEvaluation,
  Decomposition,
  DecompositionCircuit,
  DeletionCurve,
  FactTrace,
  ObservableResult,
  Snapshot,
} from "@patchbay/contract";
import { type Choices, useLocalChoices } from "../decompose/choices.ts";
import { EvaluationResult } from "../decompose/circuits/EvaluationResult.tsx";
import { FactResult } from "../decompose/facts/FactResult.tsx";
import { ObservablesResult } from "../decompose/observables/ObservablesResult.tsx";
import { AutomaticCircuit } from "../decompose/tokens/AutomaticCircuit.tsx";
import { DeletionCurves } from "../decompose/tokens/DeletionCurves.tsx";
import { SetResults } from "../decompose/tokens/SetResults.tsx";
import { TokenShares } from "../decompose/tokens/TokenShares.tsx";

type Part = Snapshot["parts"][number];

/** Stored decompositions, observables, facts and circuits, drawn as their room draws them. */
export function DecompositionParts({ finding }: { readonly finding: Snapshot }) {
  return finding.parts.map((part, i) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: parts are immutable and keep their order
    <StoredPart key={i} part={part} />
  ));
}

function StoredPart({ part }: { readonly part: Part }) {
  const choices = useLocalChoices();
  return drawn(part, choices);
}

/** The server stores a part's result under the part's kind, so the kind tells the type. Other kinds are drawn elsewhere. */
function drawn({ kind, result, request }: Part, choices: Choices) {
  const stored: unknown = result;
  switch (kind) {
    case "decomposition": {
      const answer = stored as Decomposition;
      return (
        <>
          <TokenShares result={answer} choices={choices} />
          {(answer.sets ?? []).length > 0 && <SetResults result={answer} />}
        </>
      );
    }
    case "decomposition-circuit":
      return <AutomaticCircuit result={stored as DecompositionCircuit} choices={choices} request={request} />;
    case "deletion-curve":
      return <DeletionCurves result={stored as DeletionCurve} choices={choices} />;
    case "observable":
      return <ObservablesResult result={stored as ObservableResult} choices={choices} />;
    case "fact-trace":
      return <FactResult result={stored as FactTrace} choices={choices} />;
    case "circuit-evaluation":
      return <EvaluationResult result={stored as CircuitEvaluation} />;
    default:
      return null;
  }
}
