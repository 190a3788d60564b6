/** The stored parts of a finding, told apart by kind and paired: what stood before with what came after. */
import type { DoseResponseResult, Snapshot } from "@patchbay/contract";
import type { Generation, Run } from "../common/wire.ts";

type Part = Snapshot["parts"][number];

export interface SortedParts {
  readonly runs: readonly { readonly role: string; readonly result: Run; readonly interventions: readonly unknown[] }[];
  readonly generations: readonly {
    readonly role: string;
    readonly result: Generation;
    readonly interventions: readonly unknown[];
  }[];
  readonly doses: readonly { readonly role: string; readonly result: DoseResponseResult }[];
}

export function sortParts(parts: readonly Part[]): SortedParts {
  const ofKind = (kind: Part["kind"]) => parts.filter((part) => part.kind === kind);
  return {
    // The server stores a part's result under the part's kind, so the kind tells the type.
    runs: ofKind("run").map(({ role, result, request }) => ({
      role,
      result: result as Run,
      interventions: interventionsIn(request),
    })),
    generations: ofKind("generation").map(({ role, result, request }) => ({
      role,
      result: result as Generation,
      interventions: interventionsIn(request),
    })),
    doses: ofKind("dose-response").map(({ role, result }) => ({ role, result: result as DoseResponseResult })),
  };
}

export interface Pair<Item> {
  readonly before: Item;
  readonly after: Item | undefined;
}

/**
 * Runs that compute the same thing belong together: each one that intervenes goes with the first that does not. What has no
 * partner stands alone.
 */
export function pairUp<Item extends { readonly interventions: readonly unknown[] }>(
  items: readonly Item[],
  sameQuestion: (a: Item, b: Item) => boolean,
): Pair<Item>[] {
  const pairs: { before: Item; after: Item | undefined }[] = [];
  for (const item of items) {
    const open = pairs.find(
      (pair) =>
        pair.after === undefined &&
        pair.before.interventions.length === 0 &&
        item.interventions.length > 0 &&
        sameQuestion(pair.before, item),
    );
    if (open === undefined) pairs.push({ before: item, after: undefined });
    else open.after = item;
  }
  return pairs;
}

function interventionsIn(request: unknown): readonly unknown[] {
  if (typeof request !== "object" || request === null || !("interventions" in request)) return [];
  return Array.isArray(request.interventions) ? request.interventions : [];
}
