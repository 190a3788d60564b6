import type { ModelSummary, NeuronPage } from "@patchbay/contract";
import { neuronLabel, parseNeuronLabel } from "@patchbay/vocabulary";
import { pathOfRoute, type Route } from "@patchbay/workbench-state";
import { navigate } from "../../shell/location.ts";
import { type Query, withQuery } from "../common/query.ts";
import { UnitBar } from "../common/unit/UnitBar.tsx";

interface Address {
  readonly layer: number;
  readonly neuron: number;
}

/** Which neuron this is, and the ways to others. The reader's text goes along. */
export function NeuronBar({
  route,
  model,
  page,
  query,
}: {
  readonly route: Extract<Route, { room: "neuron" }>;
  readonly model: ModelSummary | undefined;
  readonly page: NeuronPage | undefined;
  readonly query: Query;
}) {
  const go = (address: Address) => {
    // Followed tokens and a value belong to the neuron before.
    const kept = withQuery(query.text, { token: undefined, value: undefined });
    navigate(pathOfRoute({ room: "neuron", model: route.model, ...address }) + kept);
  };
  const way = (address: Address | null | undefined) =>
    address === null || address === undefined ? undefined : () => go(address);
  return (
    <UnitBar
      word="neuron"
      whole="model"
      crumb={{ href: pathOfRoute({ room: "atlas", model: route.model }), text: route.model }}
      label={neuronLabel(route)}
      previous={way(page?.previous)}
      next={way(page?.next)}
      random={
        model === undefined
          ? undefined
          : () => go({ layer: randomBelow(model.layers), neuron: randomBelow(model.neuronsPerLayer) })
      }
      jump={{
        label: "Jump to a neuron, such as L3N417",
        placeholder: "Jump to L3N417",
        range: model === undefined ? "no such neuron" : `L0 … L${model.layers - 1}, N0 … N${model.neuronsPerLayer - 1}`,
        go(typed) {
          const address = parseNeuronLabel(typed);
          if (address === undefined || model === undefined) return false;
          if (address.layer >= model.layers || address.neuron >= model.neuronsPerLayer) return false;
          go(address);
          return true;
        },
      }}
    />
  );
}

function randomBelow(count: number): number {
  return Math.floor(Math.random() * count);
}
