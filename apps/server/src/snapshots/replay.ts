import type { ReplayReport, Snapshot, SnapshotPart } from "@patchbay/contract";
import { ensureDefined } from "@patchbay/vocabulary";
import { compareResults, TOLERANCE } from "./compare-numbers.ts";
import { checkPart, type PartRequest } from "./compute-part.ts";

const DIFFERENCES_TOLD = 20;

/** Computes every part again, here and now, and says whether the numbers are the same. */
export async function replay(
  snapshot: Snapshot,
  compute: (part: PartRequest) => Promise<SnapshotPart["result"]>,
): Promise<ReplayReport> {
  const started = performance.now();
  const outcomes = [];
  for (const { role, kind, request, result } of snapshot.parts) {
    const recomputed = await compute(checkPart(kind, request, `stored request "${role}"`));
    // What was stored went through JSON, where −∞ and absent fields look different.
    outcomes.push({ role, recomputed, ...compareResults(result, JSON.parse(JSON.stringify(recomputed))) });
  }
  const differences = outcomes.flatMap(({ role, differences }) => differences.map((one) => ({ part: role, ...one })));
  return {
    verdict: differences.length === 0 ? "same" : "differs",
    identical: outcomes.every(({ identical }) => identical),
    largestDifference: Math.max(0, ...outcomes.map(({ largestDifference }) => largestDifference)),
    tolerance: TOLERANCE,
    differences: differences.slice(0, DIFFERENCES_TOLD),
    environment: {
      stored: environmentOf(snapshot.parts[0]?.result),
      now: environmentOf(outcomes[0]?.recomputed),
    },
    milliseconds: performance.now() - started,
  };
}

function environmentOf(result: SnapshotPart["result"] | undefined): ReplayReport["environment"]["now"] {
  const { engine, modelHash, runtime } = ensureDefined(result, "a result").recipe;
  return { engine, modelHash, runtime };
}
