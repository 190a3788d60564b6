import type { Services } from "../services.ts";
import type { HandlersOf } from "./handler.ts";

type Names = "listNeurons" | "scatterNeurons" | "tokenNeurons" | "getNeuron";

/** All of these read the stored neuron map and do not occupy the engine. */
export function neuronHandlers({ models }: Services): HandlersOf<Names> {
  return {
    listNeurons: async ({ params, query }) => (await models.get(params.model)).listNeurons(query),
    async scatterNeurons({ params, query }) {
      return (await models.get(params.model)).scatterNeurons(query.side ?? "write", query.variant ?? "folded");
    },
    async tokenNeurons({ params, query: { token, side, variant, limit } }) {
      return (await models.get(params.model)).tokenNeurons({
        token,
        ...(side === undefined ? {} : { side }),
        ...(variant === undefined ? {} : { variant }),
        ...(limit === undefined ? {} : { limit }),
      });
    },
    getNeuron: async ({ params }) => (await models.get(params.model)).neuronPage(params.layer, params.neuron),
  };
}
