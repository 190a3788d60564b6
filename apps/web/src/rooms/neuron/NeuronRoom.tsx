"use client";
/** One neuron: its weights at the left, what it does on the reader's own text at the right. */
import type { NeuronPage } from "@patchbay/contract";
import { neuronLabel } from "@patchbay/vocabulary";
import type { Route } from "@patchbay/workbench-state";
import { api } from "../../shell/api.ts";
import { Link } from "../../shell/Link.tsx";
import { refreshModels, useModel, useModels } from "../../shell/models.ts";
import { Room } from "../../shell/Room.tsx";
import { useResource } from "../../shell/resource.ts";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { AtlasMapMissing } from "../atlas/AtlasMapMissing.tsx";
import { Answer } from "../common/Answer.tsx";
import { useQuery } from "../common/query.ts";
import { UnitSkeleton } from "../common/unit/UnitSkeleton.tsx";
import styles from "./Neuron.module.css";
import { NeuronBar } from "./NeuronBar.tsx";
import { NeuronBench } from "./NeuronBench.tsx";
import { NeuronWeights } from "./NeuronWeights.tsx";
import { readNeuronView } from "./neuron-view.ts";

export function NeuronRoom({ route }: { readonly route: Extract<Route, { room: "neuron" }> }) {
  const { status, problem } = useModels();
  const model = useModel(route.model);
  const query = useQuery();
  const view = readNeuronView(query.get, query.getAll);
  const { layer, neuron } = route;
  const ready = model?.neuronMap === "ready";
  const key = ready ? `neuron:${model.hash}:${layer}.${neuron}` : undefined;
  const page = useResource<NeuronPage>(key, (signal) =>
    api.getNeuron({ params: { model: route.model, layer, neuron }, signal }),
  );
  // The neuron before stays on the screen while the next one comes, but its numbers are not this one's.
  const current = page.valueKey === key ? page.state.value : undefined;
  const bar = <NeuronBar route={route} model={model} page={current} query={query} />;
  const title = `${neuronLabel(route)} · ${route.model}`;
  if (model === undefined) {
    const unknown = {
      title: `There is no model “${route.model}”`,
      detail: "It may have been removed, or the address is mistyped.",
    };
    return (
      <Room title={title} bar={bar}>
        {(status === "ready" || status === "failed") && (
          <ErrorState problem={problem ?? unknown} action={<Link href="/models">See the installed models</Link>} />
        )}
      </Room>
    );
  }
  if (!ready) {
    return (
      <Room title={title} bar={bar}>
        <AtlasMapMissing model={model} onDone={() => void refreshModels()} />
      </Room>
    );
  }
  return (
    <Room title={title} bar={bar} scroll={false}>
      <Answer state={page.state} skeleton={<UnitSkeleton heights={[140, 90, 320]} />} onRetry={page.reload}>
        {(value) => (
          <div className={styles.room}>
            <NeuronWeights model={model} page={value} view={view} query={query} reload={page.reload} />
            <NeuronBench key={`${value.layer}.${value.neuron}`} model={model} page={value} view={view} query={query} />
          </div>
        )}
      </Answer>
    </Room>
  );
}
