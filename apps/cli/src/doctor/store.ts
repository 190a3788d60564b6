/** The database of findings and jobs opens, unless a running server has it. */
import { openStore } from "@patchbay/store";
import { PatchbayError } from "@patchbay/vocabulary";
import { type Check, failure, ok } from "./check.ts";

export const store: Check = {
  name: "Store",
  async run({ home }) {
    const databaseUrl = process.env.DATABASE_URL;
    try {
      const opened = await openStore({ home, ...(databaseUrl === undefined ? {} : { databaseUrl }) });
      const { total } = await opened.snapshots.list({ offset: 0, limit: 1 });
      await opened.close();
      return ok(`${opened.kind} database opens, ${total} findings`);
    } catch (error) {
      if (error instanceof PatchbayError && error.code === "conflict") return ok("in use by a running server");
      return failure(
        error instanceof Error ? error.message : String(error),
        databaseUrl === undefined
          ? `Move the database away (in ${home}) to begin with an empty one, and report what stands here.`
          : "Check DATABASE_URL and that the Postgres server answers.",
      );
    }
  },
};
