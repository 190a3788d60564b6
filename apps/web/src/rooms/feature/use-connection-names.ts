/** What the connected features are called: their labels, else the tokens that they fire on. */
import type { FeatureConnections, ModelSummary } from "@patchbay/contract";
import { api } from "../../shell/api.ts";
import { useResource } from "../../shell/resource.ts";
import { visibleToken } from "../../shell/ui/token-text.ts";
import { featuresByDictionary } from "./connection-rows.ts";

const TOKENS = 3;

/** "mlp-1 9" → its name. Empty until the unit index has answered, and where there is none. */
export type ConnectionNames = ReadonlyMap<string, string>;
const NONE: ConnectionNames = new Map();

export function useConnectionNames(model: ModelSummary, connections: FeatureConnections | undefined): ConnectionNames {
  const key = connections && `connection names:${model.hash}:${connections.dictionary}:${connections.feature}`;
  const { state } = useResource<ConnectionNames>(key, async (signal) => {
    const names = new Map<string, string>();
    if (connections === undefined) return names;
    for (const [source, units] of featuresByDictionary(connections)) {
      const query = { source, units: units.join(), dead: "include" as const, limit: units.length };
      const { rows } = await api.listUnits({ params: { model: model.name }, query, signal });
      for (const { unit, label, topTokens } of rows) {
        const tokens = topTokens.slice(0, TOKENS).map(({ text }) => visibleToken(text));
        names.set(`${source} ${unit}`, label === null || label === "" ? tokens.join(" ") : label);
      }
    }
    return names;
  });
  return state.value ?? NONE;
}
