/** Which head to look at first: the one that wrote most of the answer, or else the one that reads most. */
import type { AttentionPattern } from "@patchbay/charts/react";
import type { AttributionResult } from "@patchbay/contract";

export interface Head {
  readonly layer: number;
  readonly head: number;
}

/** The head with the largest share in favour of the target; undefined where no head is in favour. */
export function writingHead({ components }: Pick<AttributionResult, "components">): Head | undefined {
  let best: Head | undefined;
  let most = 0;
  for (const { kind, layer, unit, share } of components) {
    if (kind !== "head" || layer === undefined || unit === undefined || share <= most) continue;
    most = share;
    best = { layer, head: unit };
  }
  return best;
}

/** The head with the largest single weight on a key after the first: position 0 is where heads rest. */
export function readingHead(
  patterns: readonly (readonly AttentionPattern[] | undefined)[],
  query: number,
): Head | undefined {
  let best: Head | undefined;
  let most = 0;
  patterns.forEach((heads, layer) => {
    heads?.forEach(({ size, weights }, head) => {
      for (let key = 1; key <= query; key++) {
        const weight = weights[query * size + key] ?? 0;
        if (weight > most) [most, best] = [weight, { layer, head }];
      }
    });
  });
  return best;
}
