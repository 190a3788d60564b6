import { type Snapshot, SnapshotSummary } from "@patchbay/contract";
import type { StoredSnapshot, StoredSummary } from "@patchbay/store";
import { PatchbayError } from "@patchbay/vocabulary";
import type { Services } from "../services.ts";
import { composeSnapshot } from "../snapshots/compose-snapshot.ts";
import { computePart, type PartRequest } from "../snapshots/compute-part.ts";
import { replay } from "../snapshots/replay.ts";
import { withSavedCircuits } from "./document-handlers.ts";
import type { HandlersOf } from "./handler.ts";

type Names = "createSnapshot" | "listSnapshots" | "getSnapshot" | "replaySnapshot";
const DEFAULT_PAGE = 50;

export function snapshotHandlers(services: Services): HandlersOf<Names> {
  const { models, questions, queue, store, tour } = services;

  async function find(id: string): Promise<Snapshot> {
    const stored = await (await store()).snapshots.get(id);
    if (stored !== undefined) return snapshotOf(stored);
    const shipped = (await tour()).find((finding) => finding.id === id);
    if (shipped !== undefined) return shipped;
    throw new PatchbayError("not-found", `There is no finding "${id}".`, {
      advice:
        "GET /api/v1/snapshots lists all findings. A finding lives in the data folder of the server that stored it.",
    });
  }

  /** A part takes its turns as its question does when it is asked by itself. */
  const turnsOf = (part: PartRequest) => ("question" in part ? questions : queue);

  return {
    async createSnapshot({ body, client, signal }) {
      // A finding holds the circuits that it names: it must not change, and they may be removed.
      const parts = await Promise.all(
        body.parts.map(async (part) => ({ ...part, request: await withSavedCircuits(part.request, store) })),
      );
      const { id, summary, document } = await composeSnapshot({ ...body, parts }, models, (model, part) =>
        turnsOf(part).run(client, signal, () => computePart(model, part, { signal })),
      );
      return summaryOf(await (await store()).snapshots.put({ id, summary, document }));
    },
    async listSnapshots({ query: { offset = 0, limit = DEFAULT_PAGE } }) {
      const { total, rows } = await (await store()).snapshots.list({ offset, limit });
      return { total, snapshots: rows.map(summaryOf), tour: (await tour()).map(({ parts: _, ...summary }) => summary) };
    },
    getSnapshot: ({ params }) => find(params.id),
    async replaySnapshot({ params, client, signal }) {
      const snapshot = await find(params.id);
      const model = await models.get(snapshot.model);
      return replay(snapshot, (part) => turnsOf(part).run(client, signal, () => computePart(model, part, { signal })));
    },
  };
}

function summaryOf({ id, createdAt, summary }: StoredSummary): SnapshotSummary {
  return SnapshotSummary.parse({ ...summary, id, createdAt: createdAt.toISOString() });
}

/** Not parsed: the document is ours, it was written once, and it may be large. */
function snapshotOf({ id, createdAt, document }: StoredSnapshot): Snapshot {
  return { ...(document as Omit<Snapshot, "id" | "createdAt">), id, createdAt: createdAt.toISOString() };
}
