/** Findings: immutable snapshots of a view, its requests, their results and recipes, under /s/{id}. */
import { z } from "zod";
import { ModelName } from "./primitives.ts";
import { QUESTION_PARTS } from "./questions.ts";
import { Recipe } from "./run-result.ts";

export const SnapshotPartKind = z
  .enum(["run", "generation", "dose-response", ...QUESTION_PARTS])
  .describe("Which question a part answers; its request is the body of that operation.");
export type SnapshotPartKind = z.infer<typeof SnapshotPartKind>;

export const SnapshotRequest = z.strictObject({
  title: z.string().max(200).optional(),
  note: z.string().max(20_000).optional(),
  view: z
    .strictObject({
      room: z.string().max(40),
      path: z.string().max(8000).describe("Path and query that reproduce the view in the workbench."),
    })
    .describe("What the reader sees."),
  parts: z
    .array(
      z.strictObject({
        role: z
          .string()
          .max(40)
          .describe('What the part is for the view: "before", "after", "dose-response", "continuation".'),
        kind: SnapshotPartKind,
        request: z.looseObject({ model: ModelName }).describe("The body of the operation of this kind."),
      }),
    )
    .min(1)
    .max(16)
    .describe("The server computes each part itself; stored numbers are never taken on trust."),
});
export type SnapshotRequest = z.infer<typeof SnapshotRequest>;

export const SnapshotPart = z.object({
  role: z.string(),
  kind: SnapshotPartKind,
  request: z.unknown(),
  result: z.looseObject({ recipe: Recipe }).describe("The answer of the operation of this kind."),
});
export type SnapshotPart = z.infer<typeof SnapshotPart>;

export const Snapshot = z.object({
  id: z.string(),
  title: z.string(),
  note: z.string(),
  createdAt: z.string(),
  view: z.object({ room: z.string(), path: z.string() }),
  model: z.string(),
  modelHash: z.string(),
  engine: z.string(),
  parts: z.array(SnapshotPart),
});
export type Snapshot = z.infer<typeof Snapshot>;

export const SnapshotSummary = Snapshot.omit({ parts: true });
export type SnapshotSummary = z.infer<typeof SnapshotSummary>;
export const SnapshotList = z.object({
  total: z.int(),
  snapshots: z.array(SnapshotSummary),
  tour: z.array(SnapshotSummary).describe("Findings that come with Patchbay, in the order in which to read them."),
});
export type SnapshotList = z.infer<typeof SnapshotList>;

export const ReplayReport = z
  .object({
    verdict: z.enum(["same", "differs"]),
    identical: z.boolean().describe("Every number equal to the last bit."),
    largestDifference: z.number().describe("Largest |stored − recomputed| over all numbers of all parts."),
    tolerance: z.number().describe("Largest difference still called the same: float32 rounding across machines."),
    differences: z
      .array(z.object({ part: z.string(), at: z.string(), stored: z.unknown(), recomputed: z.unknown() }))
      .describe("The first few places that differ by more than the tolerance."),
    environment: z.object({
      stored: z.object({ engine: z.string(), modelHash: z.string(), runtime: z.string() }),
      now: z.object({ engine: z.string(), modelHash: z.string(), runtime: z.string() }),
    }),
    milliseconds: z.number(),
  })
  .describe('"same" or "differs by": the snapshot computed again here and now.');
export type ReplayReport = z.infer<typeof ReplayReport>;
