/** What every export says when the target format has no words for a dictionary. */
import { PatchbayError } from "@patchbay/vocabulary";

/**
 * Differences that a person may accept: "raw-top-k" (a format that does not rectify what top-k keeps; equal wherever k
 * features are positive), "first-position" (a format or library that treats the first position in its own way).
 */
export type AcceptedDifference = "raw-top-k" | "first-position";

export interface ExportOptions {
  readonly accept?: readonly AcceptedDifference[];
}

export function cannotExport(
  name: string,
  target: string,
  expected: string,
  received: string,
  advice?: string,
): PatchbayError {
  return new PatchbayError("unsupported-model", `${target} cannot express the dictionary "${name}".`, {
    expected,
    received,
    ...(advice === undefined ? {} : { advice }),
  });
}
