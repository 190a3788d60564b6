/** What the neuron does on a text: where it fires, and what happens when it is clamped. */
import type { ModelPage, ModelSummary, NeuronPage } from "@patchbay/contract";
import { neuronLabel, siteName } from "@patchbay/vocabulary";
import { interventionOf } from "@patchbay/workbench-state";
import { useMemo } from "react";
import { api } from "../../shell/api.ts";
import { useResource } from "../../shell/resource.ts";
import { Skeleton } from "../../shell/ui/Skeleton.tsx";
import { Answer } from "../common/Answer.tsx";
import type { Query } from "../common/query.ts";
import { UnitEffectSection } from "../common/unit/UnitEffectSection.tsx";
import { UnitLabel } from "../common/unit/UnitLabel.tsx";
import { UnitOnText } from "../common/unit/UnitOnText.tsx";
import { useUnit } from "../common/unit/use-unit.ts";
import { ClampPanel } from "./ClampPanel.tsx";
import { clampOf, patchOf } from "./clamp.ts";
import { DosePanel } from "./DosePanel.tsx";
import { followedTokens } from "./followed-tokens.ts";
import styles from "./Neuron.module.css";
import { NeuronActions } from "./NeuronActions.tsx";
import { NextTokens } from "./NextTokens.tsx";
import { doseRequest, runRequest } from "./neuron-requests.ts";
import type { NeuronView } from "./neuron-view.ts";
import { leaderOf, observedScale, ownActivations } from "./own-activations.ts";
import { Steering } from "./Steering.tsx";
import { useSteering } from "./use-steering.ts";
import { YourText } from "./YourText.tsx";

export interface BenchProps {
  readonly model: ModelSummary;
  readonly page: NeuronPage;
  readonly view: NeuronView;
  readonly query: Query;
}

export function NeuronBench({ model, page, view, query }: BenchProps) {
  const examples = useResource<ModelPage>(`model:${model.hash}`, (signal) =>
    api.getModel({ params: { model: model.name }, signal }),
  );
  const text = view.text ?? examples.state.value?.examplePrompts[0];
  const followed = followedTokens(page, view.tokens);
  const before = useRun(text === undefined ? undefined : runRequest({ model: model.name, text, page, followed }));
  const own = useMemo(
    () => (before.state.value === undefined ? undefined : ownActivations(before.state.value)),
    [before.state.value],
  );
  const scale = observedScale(page, own);
  const clamp = clampOf(view, page, scale);
  const patch = patchOf(clamp, scale);
  const intervention = interventionOf(patch, "run");
  const ready = text !== undefined && own !== undefined;
  const after = useRun(ready ? runRequest({ model: model.name, text, page, followed, intervention }) : undefined, 140);
  const dose = ready
    ? doseRequest({ model: model.name, text, page, followed, clamp, scale, leader: leaderOf(before.state.value) })
    : undefined;
  const steering = useSteering();
  const name = { source: siteName("mlp.hook_post", page.layer), unit: page.neuron };
  const unit = useUnit(model, name);
  const values = own?.values("mlp.hook_post");
  const marked = values && { value: Math.max(0, ...values.slice(1)), name: "your text" };
  const subject = {
    model: model.name,
    text: text ?? "",
    intervention: interventionOf(patch, "generation"),
    temperature: view.temperature,
    seed: view.seed,
  };

  return (
    <div className={styles.bench}>
      {text !== undefined && (
        <NeuronActions
          page={page}
          text={text}
          patch={patch}
          clamp={clamp}
          before={before.request}
          after={after.request}
          dose={dose}
          steering={steering}
        />
      )}
      <div className={styles.unitHead}>
        <UnitLabel
          model={model}
          unit={name}
          label={unit.state.value?.label ?? null}
          group="Neuron"
          onStored={unit.reload}
        />
      </div>
      <UnitOnText model={model} unit={unit} query={query} marked={marked} />
      <YourText
        model={model}
        page={page}
        view={view}
        query={query}
        text={text}
        examples={examples.state.value?.examplePrompts ?? []}
        run={before}
        own={own}
      />
      <UnitEffectSection model={model} unit={name} name={neuronLabel(page)} query={query} />
      <Answer state={before.state} skeleton={<Skeleton height={360} />} onRetry={before.reload} inline>
        {(unclamped) => (
          <>
            <div className={styles.clamp}>
              <ClampPanel
                model={model}
                page={page}
                view={view}
                query={query}
                clamp={clamp}
                scale={scale}
                followed={followed}
              />
              <DosePanel page={page} view={view} query={query} clamp={clamp} scale={scale} request={dose} />
            </div>
            <div className={styles.pair}>
              <NextTokens before={unclamped} after={after} />
              <Steering subject={subject} steering={steering} query={query} />
            </div>
          </>
        )}
      </Answer>
    </div>
  );
}

/** A run as a resource: asked again when the request changes, and no more when nobody reads it. */
function useRun(request: ReturnType<typeof runRequest> | undefined, delay = 0) {
  const key = request === undefined ? undefined : `run:${JSON.stringify(request)}`;
  const resource = useResource(
    key,
    (signal) => {
      if (request === undefined) throw new Error("A run was asked for without a request.");
      return api.run({ body: request, signal });
    },
    { delay },
  );
  return { ...resource, request };
}

export type RunAnswer = ReturnType<typeof useRun>;
