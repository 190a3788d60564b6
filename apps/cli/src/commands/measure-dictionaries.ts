/** `patchbay measure-dictionaries`: quality on held-out text, stored with each dictionary. */
import { openInstalledModels } from "@patchbay/server";
import { resolveHome } from "../home.ts";
import { createProgressLine } from "../progress-line.ts";
import { runLongWork } from "../run-long-work.ts";
import { formatDictionaries } from "./dictionaries.ts";

export interface MeasureDictionariesOptions {
  readonly model: string;
  readonly home?: string;
  readonly tokens?: number;
}

/** @param names all dictionaries of the model where none is named. @returns the exit status: 1 when it was stopped. */
export async function measureDictionaries(
  names: readonly string[],
  { model, home, tokens }: MeasureDictionariesOptions,
): Promise<number> {
  const service = await openInstalledModels(resolveHome(home)).get(model);
  const line = createProgressLine();
  const outcome = await runLongWork(line, (signal) =>
    service.dictionaries.measure(
      {
        kind: "dictionary-quality",
        model,
        ...(names.length === 0 ? {} : { dictionaries: [...names] }),
        ...(tokens === undefined ? {} : { tokens }),
      },
      { signal, progress: (fraction, message) => line.update(fraction, message) },
    ),
  );
  if (outcome === undefined) return 1;
  const { dictionaries } = await service.dictionaries.list();
  const measured = dictionaries.filter(({ name }) => names.length === 0 || names.includes(name));
  process.stdout.write(formatDictionaries(measured));
  return 0;
}
