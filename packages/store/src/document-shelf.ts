/**
 * Named documents of several kinds (saved circuits, attribution graphs), found by an id made from their content. Unlike
 * snapshots they can be removed. What they hold is the caller's business.
 */
import { PatchbayError } from "@patchbay/vocabulary";
import { and, count, desc, eq } from "drizzle-orm";
import type { Connection } from "./connection.ts";
import { documents } from "./schema.ts";

export interface StoredDocument {
  readonly id: string;
  readonly kind: string;
  /** Name of the model that it is about; null where it names none. */
  readonly model: string | null;
  readonly title: string;
  readonly createdAt: Date;
  /** What a list shows; lists never read the documents. */
  readonly summary: object;
  readonly document: object;
}
export type DocumentHeader = Omit<StoredDocument, "document">;

export interface DocumentShelf {
  /**
   * Resolves when the row is committed. The same id again keeps, and returns, the first.
   * @throws PatchbayError `invalid-request` for U+0000 in the title or the model's name
   */
  put(document: Omit<StoredDocument, "createdAt">): Promise<DocumentHeader>;
  /** undefined also where the id is that of another kind. */
  get(kind: string, id: string): Promise<StoredDocument | undefined>;
  /** Newest first; `model` leaves out those of other models. */
  list(
    kind: string,
    page: { model?: string; offset: number; limit: number },
  ): Promise<{ total: number; rows: DocumentHeader[] }>;
  /** Resolves when committed; false where there was none. */
  remove(kind: string, id: string): Promise<boolean>;
}

const HEADER_COLUMNS = {
  id: documents.id,
  kind: documents.kind,
  model: documents.model,
  title: documents.title,
  createdAt: documents.createdAt,
  summary: documents.summary,
};

export function openDocumentShelf({ database }: Connection): DocumentShelf {
  return {
    async put(document) {
      refuseZero(document.title, "title");
      refuseZero(document.model ?? "", "model");
      for (;;) {
        const [inserted] = await database
          .insert(documents)
          .values({ ...document, createdAt: new Date() })
          .onConflictDoNothing()
          .returning(HEADER_COLUMNS);
        if (inserted !== undefined) return inserted;
        const [first] = await database.select(HEADER_COLUMNS).from(documents).where(eq(documents.id, document.id));
        // Else somebody removed it in between, and it has to be stored after all.
        if (first !== undefined) return first;
      }
    },
    async get(kind, id) {
      const [row] = await database.select().from(documents).where(one(kind, id));
      return row;
    },
    async list(kind, { model, offset, limit }) {
      const chosen = and(eq(documents.kind, kind), model === undefined ? undefined : eq(documents.model, model));
      const [counted] = await database.select({ total: count() }).from(documents).where(chosen);
      const rows = await database
        .select(HEADER_COLUMNS)
        .from(documents)
        .where(chosen)
        .orderBy(desc(documents.createdAt), documents.id)
        .offset(offset)
        .limit(limit);
      return { total: counted?.total ?? 0, rows };
    },
    async remove(kind, id) {
      const removed = await database.delete(documents).where(one(kind, id)).returning({ id: documents.id });
      return removed.length > 0;
    },
  };
}

function one(kind: string, id: string) {
  return and(eq(documents.kind, kind), eq(documents.id, id));
}

/** Postgres' text has every character but this one; its json, which holds the document, has them all. */
function refuseZero(text: string, at: string): void {
  if (text.includes("\0")) throw new PatchbayError("invalid-request", `The ${at} cannot hold U+0000.`, { at });
}
