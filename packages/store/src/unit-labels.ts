/** What people call units: one label for a unit of a source (a hook site, or a dictionary's name) of a model. */
import { PatchbayError } from "@patchbay/vocabulary";
import { and, asc, eq } from "drizzle-orm";
import type { Connection } from "./connection.ts";
import { unitLabels } from "./schema.ts";

export interface UnitLabel {
  readonly source: string;
  readonly unit: number;
  readonly label: string;
}

export interface UnitLabelShelf {
  /** By source and unit. */
  list(): Promise<UnitLabel[]>;
  /** Resolves when committed. An empty label removes it. @throws PatchbayError `invalid-request` for U+0000 */
  set(source: string, unit: number, label: string): Promise<void>;
}

/** Labels belong to the model's hash: other weights under the same name begin without. */
export function openUnitLabels({ database }: Connection): (modelHash: string) => UnitLabelShelf {
  return (modelHash) => ({
    async list() {
      return database
        .select({ source: unitLabels.source, unit: unitLabels.unit, label: unitLabels.label })
        .from(unitLabels)
        .where(eq(unitLabels.modelHash, modelHash))
        .orderBy(asc(unitLabels.source), asc(unitLabels.unit));
    },
    async set(source, unit, label) {
      // Postgres' text has every character but this one.
      if (label.includes("\0"))
        throw new PatchbayError("invalid-request", "A label cannot hold U+0000.", { at: "label" });
      if (label === "") {
        await database
          .delete(unitLabels)
          .where(and(eq(unitLabels.modelHash, modelHash), eq(unitLabels.source, source), eq(unitLabels.unit, unit)));
        return;
      }
      const updatedAt = new Date();
      await database
        .insert(unitLabels)
        .values({ modelHash, source, unit, label, updatedAt })
        .onConflictDoUpdate({
          target: [unitLabels.modelHash, unitLabels.source, unitLabels.unit],
          set: { label, updatedAt },
        });
    },
  });
}
