import type { Services } from "../services.ts";
import type { HandlersOf } from "./handler.ts";

type Names = "listDictionaries" | "getDictionary" | "removeDictionary" | "getFeature" | "compareDictionaries";

/** Only a comparison occupies the engine; the others read what is on disk. */
export function dictionaryHandlers({ models, queue }: Services): HandlersOf<Names> {
  const dictionaries = async (model: string) => (await models.get(model)).dictionaries;
  return {
    listDictionaries: async ({ params }) => (await dictionaries(params.model)).list(),
    getDictionary: async ({ params }) => (await dictionaries(params.model)).page(params.dictionary),
    async removeDictionary({ params }) {
      await (await dictionaries(params.model)).remove(params.dictionary);
      return { removed: params.dictionary };
    },
    getFeature: async ({ params }) => (await dictionaries(params.model)).feature(params.dictionary, params.feature),
    async compareDictionaries({ body, client, signal }) {
      const service = await dictionaries(body.model);
      return queue.run(client, signal, () => service.compare(body, { signal }));
    },
  };
}
