/** What a job's result depends on beyond its settings and the model: the dictionaries and files that it names. */
import { stat } from "node:fs/promises";
import type { ModelService } from "@patchbay/analysis";
import type { DictionarySummary, JobRequest } from "@patchbay/contract";
import { editDistance, PatchbayError } from "@patchbay/vocabulary";

export interface JobDependencies {
  /** Stands in the job's content key; empty where nothing else decides. */
  readonly key: {
    /** Hashes by name. */
    readonly dictionaries?: Readonly<Record<string, string>>;
    /** Tells an edited file from the one that was read before. */
    readonly corpusFile?: { readonly bytes: number; readonly modified: number };
  };
  /** What an earlier run of the same job made is no longer there, so that it must run again. */
  readonly again: boolean;
}

/** @throws PatchbayError `not-found` for a dictionary, `file-not-found` for a corpus, before anything is queued */
export async function jobDependencies(model: ModelService, request: JobRequest): Promise<JobDependencies> {
  switch (request.kind) {
    case "neuron-map":
      return { key: {}, again: model.summary().neuronMap === "absent" };
    case "reference-statistics":
    case "specialised-neurons":
      return { key: {}, again: false };
    case "dictionary-quality": {
      const found = await findDictionaries(model, request.dictionaries, "dictionaries");
      return { key: { dictionaries: hashesOf(found) }, again: found.some(({ quality }) => quality === null) };
    }
    case "unit-index": {
      const all = await findDictionaries(model, undefined, "");
      const { sources, corpus } = request;
      const named = sources === undefined ? all : all.filter(({ name }) => sources.includes(name));
      const indexed = await indexedSources(model);
      const wanted = sources ?? all.map(({ name }) => name);
      return {
        key: {
          dictionaries: hashesOf(named),
          ...(corpus === undefined ? {} : { corpusFile: await fileFacts(corpus) }),
        },
        again: indexed.length === 0 || wanted.some((source) => !indexed.includes(source)),
      };
    }
    case "train-dictionary": {
      const { corpus, targets } = request;
      const names = new Set((await findDictionaries(model, undefined, "")).map(({ name }) => name));
      return {
        key: corpus.kind === "file" ? { corpusFile: await fileFacts(corpus.path) } : {},
        again: targets.some(({ name }) => !names.has(name)),
      };
    }
    case "dark-matter": {
      const { dictionary, wider } = request;
      const found = await findDictionaries(model, [dictionary], "dictionary");
      const other = wider === undefined ? [] : await findDictionaries(model, [wider], "wider");
      return { key: { dictionaries: hashesOf([...found, ...other]) }, again: false };
    }
    case "rewrite":
      return {
        key: { dictionaries: hashesOf(await findDictionaries(model, [request.dictionary], "dictionary")) },
        // Labels change, and so does what answers at the endpoint.
        again: request.simulator.kind === "endpoint",
      };
  }
}

/** @param names all that are installed where none are named */
async function findDictionaries(
  model: ModelService,
  names: readonly string[] | undefined,
  at: string,
): Promise<DictionarySummary[]> {
  const { dictionaries } = await model.dictionaries.list();
  if (names === undefined) return dictionaries;
  return names.map((name) => {
    const found = dictionaries.find((dictionary) => dictionary.name === name);
    if (found !== undefined) return found;
    const installed = dictionaries.map((dictionary) => dictionary.name);
    installed.sort((a, b) => editDistance(a, name) - editDistance(b, name));
    throw new PatchbayError("not-found", `${model.name} has no dictionary "${name}".`, {
      expected: installed.length === 0 ? "an installed dictionary; there is none" : `one of ${installed.join(", ")}`,
      received: JSON.stringify(name),
      at,
    });
  });
}

function hashesOf(dictionaries: readonly DictionarySummary[]): Record<string, string> {
  return Object.fromEntries(dictionaries.map(({ name, hash }) => [name, hash]));
}

async function indexedSources(model: ModelService): Promise<readonly string[]> {
  try {
    return (await model.units.list({ limit: 1 })).sources;
  } catch (error) {
    if (error instanceof PatchbayError && error.code === "not-ready") return [];
    throw error;
  }
}

async function fileFacts(path: string): Promise<{ bytes: number; modified: number }> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new PatchbayError("file-not-found", `The text file ${path} cannot be read.`, {
      expected: "a .txt, .jsonl or .jsonl.gz file on the server's machine",
      at: "corpus",
      cause,
    });
  });
  return { bytes: found.size, modified: found.mtimeMs };
}
