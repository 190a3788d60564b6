import type { ModelSummary } from "@patchbay/contract";
import { pathOfRoute, tracePath } from "@patchbay/workbench-state";
import { useState } from "react";
import { api, useApi } from "../../shell/api.ts";
import { Link } from "../../shell/Link.tsx";
import { refreshModels } from "../../shell/models.ts";
import { showToast } from "../../shell/toasts.ts";
import { Button } from "../../shell/ui/Button.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { formatBytes, formatCount } from "../../shell/ui/format-number.ts";
import common from "../common/common.module.css";
import { JobStarter } from "../common/JobStarter.tsx";
import { FrequencyPanel } from "./FrequencyPanel.tsx";
import styles from "./Models.module.css";
import { SitesTable } from "./SitesTable.tsx";

export function ModelCard({ model }: { readonly model: ModelSummary }) {
  const [sitesShown, setSitesShown] = useState(false);
  const unloaded = useApi<number>();
  const unload = async () => {
    const released = await unloaded.call(
      async (signal) => (await api.unloadModel({ params: { model: model.name }, signal })).releasedBytes,
    );
    if (released === undefined) return;
    showToast(`${model.name}: ${formatBytes(released)} released. The next run opens it again.`, "good");
    await refreshModels();
  };
  return (
    <section className={styles.model} aria-labelledby={`model-${model.name}`}>
      <header className={styles.head}>
        <h2 id={`model-${model.name}`}>{model.name}</h2>
        {model.description !== null && <p>{model.description}</p>}
        <span className={styles.links}>
          <Link href={tracePath({ model: model.name })}>Trace</Link>
          <Link href={pathOfRoute({ room: "atlas", model: model.name })}>Atlas</Link>
        </span>
      </header>
      <div className={styles.columns}>
        <Facts
          title="Shape"
          facts={[
            ["family", model.family],
            ["parameters", formatCount(model.parameters)],
            ["layers", String(model.layers)],
            ["residual width", formatCount(model.residualWidth)],
            [
              "heads",
              `${model.heads} of width ${model.headWidth}${model.keyValueHeads === model.heads ? "" : `, ${model.keyValueHeads} key-value`}`,
            ],
            [
              "neurons",
              model.neuronsPerLayer === 0
                ? "none: attention only"
                : `${formatCount(model.neuronsPerLayer)} a layer, ${model.gated ? "gated" : "plain"}`,
            ],
            ["attention", model.direction ?? "causal"],
            [
              "vocabulary",
              `${formatCount(model.vocabulary)} ${model.numberTokens === true ? "numbers" : "tokens"}${model.outputVocabulary === undefined ? "" : `, ${formatCount(model.outputVocabulary)} answers`}`,
            ],
            ["context", `${formatCount(model.context)} tokens`],
            ["BOS", model.prependBos ? "prepended" : "not prepended"],
          ]}
        />
        <Facts
          title="Origin"
          facts={[
            ["licence", model.licence ?? "not stated"],
            ["source", model.source ?? "not stated"],
            ["stored as", model.dtype],
            ["hash", model.hash],
          ]}
        />
        <div>
          <Facts
            title="Memory"
            facts={[["open sessions", model.loadedBytes === 0 ? "none" : formatBytes(model.loadedBytes)]]}
          />
          <p className={styles.action}>
            <Button
              onClick={() => void unload()}
              disabled={model.loadedBytes === 0 || unloaded.state.status === "pending"}
            >
              Unload
            </Button>
          </p>
          {unloaded.state.status === "failed" && <ErrorState inline problem={unloaded.state.problem} />}
          <h3 className={styles.factsTitle}>Neuron map</h3>
          {model.neuronMap === "ready" ? (
            <p className="quiet">{model.neuronsPerLayer === 0 ? "no neurons" : "ready"}</p>
          ) : (
            <JobStarter
              kind="neuron-map"
              model={model.name}
              title="Compute the neuron map"
              onDone={() => void refreshModels()}
            />
          )}
        </div>
      </div>
      {model.numberTokens === true && <FrequencyPanel model={model} />}
      <Button kind="bare" aria-expanded={sitesShown} onClick={() => setSitesShown(!sitesShown)}>
        {sitesShown ? "Hide the hook sites" : "Show the hook sites"}
      </Button>
      {sitesShown && <SitesTable model={model} />}
    </section>
  );
}

function Facts({ title, facts }: { readonly title: string; readonly facts: readonly (readonly [string, string])[] }) {
  return (
    <div>
      <h3 className={styles.factsTitle}>{title}</h3>
      <dl className={common.facts}>
        {facts.map(([name, value]) => (
          <div key={name} style={{ display: "contents" }}>
            <dt>{name}</dt>
            <dd className={name === "hash" ? "mono" : undefined}>{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
