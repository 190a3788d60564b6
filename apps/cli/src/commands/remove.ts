/** `patchbay remove`: takes a model out of the library. */
import { openModelLibrary } from "@patchbay/model-library";
import { resolveHome } from "../home.ts";

export async function removeModel(name: string, { home }: { readonly home?: string }): Promise<void> {
  await openModelLibrary(resolveHome(home)).remove(name);
  process.stdout.write(`${name} is removed.\n`);
}
