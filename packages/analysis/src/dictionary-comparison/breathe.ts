/** Long loops in JavaScript: they give way to other requests now and then, and stop where the work was cancelled. */
import { setImmediate } from "node:timers/promises";
import { PatchbayError } from "@patchbay/vocabulary";

/** Lets waiting events run, a cancellation among them. @throws PatchbayError `cancelled` */
export async function breathe(signal: AbortSignal): Promise<void> {
  await setImmediate();
  if (signal.aborted) throw new PatchbayError("cancelled", "The work was cancelled.");
}
