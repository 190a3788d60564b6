import type { Services } from "../services.ts";
import type { HandlersOf } from "./handler.ts";

type Names = "health" | "listModels" | "getModel" | "unloadModel" | "tokenize" | "searchVocabulary";
const DEFAULT_SEARCH_LIMIT = 20;

export function modelHandlers({ models, engine, queue, questions }: Services): HandlersOf<Names> {
  const started = Date.now();
  return {
    async health() {
      return {
        status: "ok",
        engine: engine.engine,
        runtime: engine.runtime,
        uptimeSeconds: (Date.now() - started) / 1000,
        queue: queue.state(),
        questions: questions.state(),
        memory: { ...engine.memory(), residentBytes: process.memoryUsage.rss() },
        setup: models.setup(),
      };
    },
    async listModels() {
      return { models: (await models.list()).map((model) => model.summary()) };
    },
    getModel: async ({ params }) => (await models.get(params.model)).page(),
    async unloadModel({ params, client, signal }) {
      const model = await models.get(params.model);
      // In turn: sessions are not pulled from under a pass that uses them.
      return { releasedBytes: await queue.run(client, signal, () => model.unload()) };
    },
    async tokenize({ params, body }) {
      return { tokens: (await models.get(params.model)).tokenize(body.text, body.prependBos) };
    },
    async searchVocabulary({ params, query }) {
      return (await models.get(params.model)).searchVocabulary(query.query, query.limit ?? DEFAULT_SEARCH_LIMIT);
    },
  };
}
