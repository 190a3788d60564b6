/** Where the index says that a unit fires. */
import type { ExampleReferences } from "../unit-index/source-index.ts";

export interface ExamplePlace {
  readonly document: number;
  readonly peak: number;
  /** The activation there as the index stores it. */
  readonly stored: number;
}

/** The places among `count` entries from `first` on; where a unit has fewer, the rest is empty. */
export function placesOf(references: ExampleReferences, first: number, count: number): ExamplePlace[] {
  const places: ExamplePlace[] = [];
  for (let i = first; i < first + count; i++) {
    const document = references.documents[i] ?? -1;
    if (document < 0) continue;
    places.push({ document, peak: references.positions[i] ?? 0, stored: references.values[i] ?? 0 });
  }
  return places;
}
