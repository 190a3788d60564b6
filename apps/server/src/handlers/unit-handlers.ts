import type { Services } from "../services.ts";
import type { HandlersOf } from "./handler.ts";

type Names = "listUnits" | "searchUnitsByText" | "getUnit" | "labelUnit" | "unitEffect";

/** What runs the model waits its turn: a page computes the activations of its examples' tokens. */
export function unitHandlers({ models, queue }: Services): HandlersOf<Names> {
  const units = async (model: string) => (await models.get(model)).units;
  return {
    listUnits: async ({ params, query }) => (await units(params.model)).list(query),
    async searchUnitsByText({ params, body, client, signal }) {
      const service = await units(params.model);
      return queue.run(client, signal, () => service.byText(body, { signal }));
    },
    async getUnit({ params, query, client, signal }) {
      const service = await units(params.model);
      return queue.run(client, signal, () => service.page(params.source, params.unit, query.examples, { signal }));
    },
    async labelUnit({ params, body }) {
      return { label: await (await units(params.model)).label(params.source, params.unit, body.label) };
    },
    async unitEffect({ body, client, signal }) {
      const service = await units(body.model);
      return queue.run(client, signal, () => service.effect(body, { signal }));
    },
  };
}
