/** What the feature does on text: in the corpus, on the reader's own, and when it is taken away or clamped. */
import type { FeaturePage, ModelPage, ModelSummary } from "@patchbay/contract";
import { decodeTraceView, interventionOf } from "@patchbay/workbench-state";
import { useMemo } from "react";
import { api } from "../../shell/api.ts";
import { useLastTracePath } from "../../shell/last-trace.ts";
import { useResource } from "../../shell/resource.ts";
import { Skeleton } from "../../shell/ui/Skeleton.tsx";
import { Answer } from "../common/Answer.tsx";
import { dictionaryLayer } from "../common/dictionary-layer.ts";
import type { Query } from "../common/query.ts";
import { SeedBadgeText } from "../common/unit/SeedBadgeText.tsx";
import { UnitEffectSection } from "../common/unit/UnitEffectSection.tsx";
import { UnitLabel } from "../common/unit/UnitLabel.tsx";
import { UnitOnText } from "../common/unit/UnitOnText.tsx";
import { useUnit } from "../common/unit/use-unit.ts";
import type { DictionaryAddresses } from "../dictionaries/dictionary-address.ts";
import styles from "../neuron/Neuron.module.css";
import { NextTokens } from "../neuron/NextTokens.tsx";
import { Steering } from "../neuron/Steering.tsx";
import { useSteering } from "../neuron/use-steering.ts";
import { useRun } from "../trace/use-run.ts";
import own from "./Feature.module.css";
import { FeatureActions } from "./FeatureActions.tsx";
import { FeatureClampPanel } from "./FeatureClampPanel.tsx";
import { FeatureConnectionsSection } from "./FeatureConnectionsSection.tsx";
import { FeatureText } from "./FeatureText.tsx";
import { featureClamp, featurePatch } from "./feature-clamp.ts";
import { featureRunRequest, ownFeature } from "./feature-requests.ts";
import type { FeatureView } from "./feature-view.ts";

/** How many of the tokens that the feature promotes are followed through the clamp. */
const FOLLOWED = 3;

export function FeatureBench({
  model,
  page,
  view,
  query,
  to,
}: {
  readonly model: ModelSummary;
  readonly page: FeaturePage;
  readonly view: FeatureView;
  readonly query: Query;
  readonly to: DictionaryAddresses;
}) {
  const { feature } = page;
  const dictionary = page.dictionary.name;
  const name = { source: dictionary, unit: feature };
  const unit = useUnit(model, name);
  const examples = useResource<ModelPage>(`model:${model.hash}`, (signal) =>
    api.getModel({ params: { model: model.name }, signal }),
  );
  const lastPrompt = useLastPrompt();
  const text = view.text ?? lastPrompt ?? examples.state.value?.examplePrompts[0];

  const writes = page.sides.find(({ side }) => side === "writes");
  const followed = (writes?.top ?? []).slice(0, FOLLOWED).map(({ id }) => id);
  const subject = { model: model.name, text: text ?? "", dictionary, feature, followed };
  const beforeRequest = text === undefined || text === "" ? undefined : featureRunRequest(subject);
  const before = useRun(beforeRequest);
  const run = before.state.value;
  const values = useMemo(() => run && ownFeature(run), [run]);

  const maximum = unit.state.value?.statistics?.maximum;
  const scale = { maximum: maximum === 0 ? undefined : maximum, own: Math.abs(values?.largest ?? 0) };
  const clamp = featureClamp(view, { dictionary, feature, layer: dictionaryLayer(page.dictionary) }, scale);
  const patch = featurePatch(clamp);
  // The first value depends on the maximum: a clamp before that is known would be another one.
  const settled = unit.state.status === "ready" || unit.state.status === "failed";
  const afterRequest =
    values !== undefined && settled && beforeRequest !== undefined
      ? featureRunRequest({ ...subject, intervention: interventionOf(patch, "run") })
      : undefined;
  const after = useRun(afterRequest, 140);
  const steering = useSteering();
  const steered = {
    model: model.name,
    text: text ?? "",
    intervention: interventionOf(patch, "generation"),
    temperature: view.temperature,
    seed: view.seed,
  };
  const marked = values === undefined ? undefined : { value: values.largest, name: "your text" };

  return (
    <div className={styles.bench}>
      <FeatureActions
        page={page}
        text={text}
        patch={patch}
        clamp={clamp}
        before={beforeRequest}
        after={afterRequest}
        steering={steering}
      />
      <div className={styles.unitHead}>
        <UnitLabel
          model={model}
          unit={name}
          label={unit.state.value?.label ?? null}
          group="Feature"
          onStored={unit.reload}
        />
        {page.badge !== null && <SeedBadgeText badge={page.badge} />}
      </div>
      <UnitOnText model={model} unit={unit} query={query} marked={marked} />
      <FeatureText
        page={page}
        query={query}
        text={text}
        examples={examples.state.value?.examplePrompts ?? []}
        run={before}
        values={values}
        limit={scale.maximum}
      />
      <UnitEffectSection model={model} unit={name} name={`F${feature}`} query={query} />
      {page.dictionary.kind !== "sae" && (
        <FeatureConnectionsSection model={model} page={page} query={query} to={to} text={text} />
      )}
      <Answer state={before.state} skeleton={<Skeleton height={360} />} onRetry={before.reload} inline>
        {(unclamped) => (
          <div className={styles.clamp}>
            <FeatureClampPanel clamp={clamp} scale={scale} query={query} />
            <div className={own.clamped}>
              <NextTokens before={unclamped} after={after} />
              <Steering subject={steered} steering={steering} query={query} group="Feature" />
            </div>
          </div>
        )}
      </Answer>
    </div>
  );
}

/** The prompt that the Trace room was left with. */
function useLastPrompt(): string | undefined {
  const path = useLastTracePath();
  return useMemo(() => (path === "/" ? undefined : decodeTraceView(path.slice(1)).view.prompt), [path]);
}
