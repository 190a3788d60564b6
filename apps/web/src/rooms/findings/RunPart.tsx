import type { Run } from "../common/wire.ts";
import { AttributionPart } from "./AttributionPart.tsx";
import { CapturePart } from "./CapturePart.tsx";
import { FeaturesPart } from "./FeaturesPart.tsx";
import type { Pair } from "./finding-parts.ts";
import { LedgerPart } from "./LedgerPart.tsx";
import { LensPart } from "./LensPart.tsx";
import { LogitsPart } from "./LogitsPart.tsx";

interface RunItem {
  readonly role: string;
  readonly result: Run;
}

/** Whatever the run computed, before and after where there are both. */
export function RunPart({ pair }: { readonly pair: Pair<RunItem> }) {
  const before = pair.before.result;
  const after = pair.after?.result;
  const { logits, lens, attribution, ledger, capture, features } = before.results;
  return (
    <>
      {lens !== undefined && <LensPart before={before} after={after} />}
      {logits !== undefined && <LogitsPart before={before} after={after} />}
      {attribution !== undefined && <AttributionPart before={attribution} after={after?.results.attribution} />}
      {ledger !== undefined && <LedgerPart ledger={ledger} />}
      {features?.map((result) => (
        <FeaturesPart
          key={result.dictionary}
          run={before}
          before={result}
          after={after?.results.features?.find(({ dictionary }) => dictionary === result.dictionary)}
        />
      ))}
      {capture?.map((result) => (
        <CapturePart key={`${result.site} ${result.units?.join()}`} run={before} capture={result} />
      ))}
    </>
  );
}
