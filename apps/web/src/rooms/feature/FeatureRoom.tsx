"use client";
/** One dictionary feature: its weights at the left, what it does on text at the right. */
import type { FeaturePage } from "@patchbay/contract";
import type { Route } from "@patchbay/workbench-state";
import { api } from "../../shell/api.ts";
import { Link } from "../../shell/Link.tsx";
import { Room } from "../../shell/Room.tsx";
import { useResource } from "../../shell/resource.ts";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { Answer } from "../common/Answer.tsx";
import { UnitSkeleton } from "../common/unit/UnitSkeleton.tsx";
import { useDictionaryPlace } from "../dictionaries/use-dictionary-place.ts";
import styles from "../neuron/Neuron.module.css";
import { FeatureBar } from "./FeatureBar.tsx";
import { FeatureBench } from "./FeatureBench.tsx";
import { FeatureWeights } from "./FeatureWeights.tsx";
import { readFeatureView } from "./feature-view.ts";

export function FeatureRoom({ route }: { readonly route: Extract<Route, { room: "feature" }> }) {
  const { model, problem, query, to } = useDictionaryPlace();
  const view = readFeatureView(query.get);
  const { dictionary, feature } = route;
  const key = model && `feature:${model.hash}:${dictionary}:${feature}`;
  const page = useResource<FeaturePage>(key, (signal) =>
    api.getFeature({ params: { model: model?.name ?? "", dictionary, feature }, signal }),
  );
  // The feature before stays on the screen while the next one comes, but its numbers are not this one's.
  const current = page.valueKey === key ? page.state.value : undefined;
  const bar = <FeatureBar route={route} page={current} query={query} to={to} />;
  const title = `F${feature} · ${dictionary}`;
  if (model === undefined) {
    return (
      <Room title={title} bar={bar}>
        {problem !== undefined && (
          <ErrorState problem={problem} action={<Link href="/models">See the installed models</Link>} />
        )}
      </Room>
    );
  }
  return (
    <Room title={title} bar={bar} scroll={false}>
      <Answer state={page.state} skeleton={<UnitSkeleton heights={[30, 300, 140, 240]} />} onRetry={page.reload}>
        {(value) => (
          <div className={styles.room}>
            <FeatureWeights page={value} to={to} model={model} />
            <FeatureBench
              key={`${value.dictionary.name} ${value.feature}`}
              model={model}
              page={value}
              view={view}
              to={to}
              query={query}
            />
          </div>
        )}
      </Answer>
    </Room>
  );
}
