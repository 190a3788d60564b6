import type { InstalledModel, ModelLibrary } from "@patchbay/model-library";
import { createProgressLine } from "./progress-line.ts";

/** Fetches the bundled model where it is missing, with progress on standard error. */
export async function installBundled(library: ModelLibrary, signal?: AbortSignal): Promise<InstalledModel> {
  const line = createProgressLine();
  try {
    return await library.installBundled({
      ...(signal === undefined ? {} : { signal }),
      progress: ({ fraction, message }) => line.update(fraction, message),
    });
  } finally {
    line.end();
  }
}
