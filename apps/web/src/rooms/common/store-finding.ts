/** A finding of the present address: what a room's Share stores. */
import type { SnapshotRequest } from "@patchbay/contract";
import { pathOfRoute } from "@patchbay/workbench-state";
import { api } from "../../shell/api.ts";
import { locationStore } from "../../shell/location.ts";
import type { ShareWords } from "./ShareForm.tsx";

/** The longest path that a finding takes. Many pasted prompts do not fit one; the requests in the parts have them all. */
const LONGEST_PATH = 8000;

/** Answers with the path that opens the finding. `room`: its name and, where the address is too long, its path. */
export async function storeFinding(
  room: string,
  { title, note }: ShareWords,
  parts: SnapshotRequest["parts"],
  signal: AbortSignal,
): Promise<string> {
  const { pathname, search } = locationStore().getState();
  const path = pathname + search;
  const body: SnapshotRequest = {
    title,
    ...(note === "" ? {} : { note }),
    view: { room, path: path.length > LONGEST_PATH ? `/${room}` : path },
    parts,
  };
  return pathOfRoute({ room: "finding", id: (await api.createSnapshot({ body, signal })).id });
}
