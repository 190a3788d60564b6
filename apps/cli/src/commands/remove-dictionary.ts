/** `patchbay remove-dictionary`: takes a dictionary out of the data folder. */
import { openInstalledModels } from "@patchbay/server";
import { resolveHome } from "../home.ts";

export interface RemoveDictionaryOptions {
  readonly model: string;
  readonly home?: string;
}

export async function removeDictionary(name: string, { model, home }: RemoveDictionaryOptions): Promise<void> {
  const { library } = await openInstalledModels(resolveHome(home)).dictionaries(model);
  await library.remove(name);
  process.stdout.write(`${name} is removed.\n`);
}
