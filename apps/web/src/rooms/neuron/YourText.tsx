import { ExportMenu, TokenHeatMap } from "@patchbay/charts/react";
import type { ModelSummary, NeuronPage } from "@patchbay/contract";
import { siteName } from "@patchbay/vocabulary";
import { useState } from "react";
import { Segmented } from "../../shell/ui/Segmented.tsx";
import { Skeleton } from "../../shell/ui/Skeleton.tsx";
import { visibleToken } from "../../shell/ui/token-text.ts";
import { Answer } from "../common/Answer.tsx";
import type { Query } from "../common/query.ts";
import { Section } from "../common/Section.tsx";
import { OwnText } from "../common/unit/OwnText.tsx";
import styles from "./Neuron.module.css";
import type { RunAnswer } from "./NeuronBench.tsx";
import type { HeatSite, NeuronView } from "./neuron-view.ts";
import type { OwnActivations } from "./own-activations.ts";

const SITE_LABELS: Readonly<Record<HeatSite, { readonly label: string; readonly hint: string }>> = {
  "mlp.hook_post": { label: "activation", hint: "mlp.hook_post: act(gate) × up, what is written" },
  "mlp.hook_pre": { label: "gate", hint: "mlp.hook_pre: before the nonlinearity" },
  "mlp.hook_pre_linear": { label: "up", hint: "mlp.hook_pre_linear: the up projection" },
};

/** The neuron on the reader's own text, token by token. */
export function YourText({
  model,
  page,
  view,
  query,
  text,
  examples,
  run,
  own,
}: {
  readonly model: ModelSummary;
  readonly page: NeuronPage;
  readonly view: NeuronView;
  readonly query: Query;
  readonly text: string | undefined;
  readonly examples: readonly string[];
  readonly run: RunAnswer;
  readonly own: OwnActivations | undefined;
}) {
  const [selected, setSelected] = useState<number>();
  const sites = (Object.keys(SITE_LABELS) as HeatSite[]).filter((site) => page.gated || site !== "mlp.hook_pre_linear");
  const { label } = SITE_LABELS[view.heatSite];
  const values = own?.values(view.heatSite);
  return (
    <Section
      title="On your text"
      aside={
        <span className={styles.aside}>
          <Segmented
            label="Site"
            value={view.heatSite}
            options={sites.map((site) => ({ value: site, ...SITE_LABELS[site] }))}
            onChange={(site) => query.set({ site: site === "mlp.hook_post" ? undefined : site })}
          />
          <ExportMenu
            name={`${model.name}-${siteName(view.heatSite, page.layer)}-${page.neuron}`}
            table={() => ({
              header: ["position", "token id", "token", siteName(view.heatSite, page.layer)],
              rows: (own?.tokens ?? []).map((token, i) => [i, token.id, token.text, values?.[i]]),
            })}
          />
        </span>
      }
    >
      <OwnText text={text} query={query} examples={examples} />
      <div className={styles.heatFrame}>
        <Answer state={run.state} skeleton={<Skeleton height={74} />} onRetry={run.reload} inline>
          {() => (
            <TokenHeatMap
              tokens={(own?.tokens ?? []).map((token, position) => ({
                position,
                text: token.text,
                label: visibleToken(token.text, token.special),
                value: values?.[position],
                special: token.special,
              }))}
              quantity={label}
              selected={selected}
              onSelect={setSelected}
            />
          )}
        </Answer>
      </div>
    </Section>
  );
}
