import { DoseResponseChart, ExportMenu } from "@patchbay/charts/react";
import type { DoseResponseRequest, DoseResponseResult, NeuronPage } from "@patchbay/contract";
import { neuronLabel } from "@patchbay/vocabulary";
import { useMemo, useRef } from "react";
import { api } from "../../shell/api.ts";
import { useResource } from "../../shell/resource.ts";
import { Segmented } from "../../shell/ui/Segmented.tsx";
import { Skeleton } from "../../shell/ui/Skeleton.tsx";
import { visibleToken } from "../../shell/ui/token-text.ts";
import { Answer } from "../common/Answer.tsx";
import { doseTable } from "../common/dose-table.ts";
import type { Query } from "../common/query.ts";
import { Section } from "../common/Section.tsx";
import { absoluteValue, type Clamp, type NeuronScale, valueInUnit } from "./clamp.ts";
import { OWN_TOKENS } from "./followed-tokens.ts";
import styles from "./Neuron.module.css";
import type { NeuronView } from "./neuron-view.ts";

const HEIGHT = 332;

/** The dose-response curve of the clamp; pressing it takes the dose. */
export function DosePanel({
  page,
  view,
  query,
  clamp,
  scale,
  request,
}: {
  readonly page: NeuronPage;
  readonly view: NeuronView;
  readonly query: Query;
  readonly clamp: Clamp;
  readonly scale: NeuronScale;
  readonly request: DoseResponseRequest | undefined;
}) {
  const figure = useRef<HTMLDivElement>(null);
  const { state, reload } = useResource<DoseResponseResult>(
    request === undefined ? undefined : `dose:${JSON.stringify(request)}`,
    (signal) => {
      if (request === undefined) throw new Error("A curve was asked for without a request.");
      return api.doseResponse({ body: request, signal });
    },
    { delay: 160 },
  );
  const result = state.value;
  const data = useMemo(
    () => result && { ...result, tokens: result.tokens.map(({ id, text }) => ({ id, text: visibleToken(text) })) },
    [result],
  );
  // Besides the neuron's first token: those that the reader added, and the unclamped model's own answer (the last).
  const inked = new Set(result?.tokens.slice(OWN_TOKENS).map(({ id }) => id));
  const leaders = useMemo(
    () => result?.topTokens.map(({ text, probability }) => ({ text: visibleToken(text), probability })) ?? [],
    [result],
  );
  return (
    <Section
      title="Dose and response"
      aside={
        <span className={styles.aside}>
          <span>next token, last position</span>
          <Segmented
            label="Probability axis"
            value={view.scale}
            options={[
              { value: "linear", label: "linear" },
              { value: "log", label: "log" },
            ]}
            onChange={(next) => query.set({ scale: next === "linear" ? undefined : next })}
          />
          {result !== undefined && (
            <ExportMenu name={`${neuronLabel(page)}-dose-response`} figure={figure} table={() => doseTable(result)} />
          )}
        </span>
      }
    >
      <div ref={figure}>
        <Answer state={state} skeleton={<Skeleton height={HEIGHT + 18} />} onRetry={reload} inline>
          {() =>
            data !== undefined && (
              <DoseResponseChart
                data={data}
                topTokens={leaders}
                scale={view.scale}
                inked={inked}
                height={HEIGHT}
                chosenValue={absoluteValue(clamp, scale)}
                onChoose={(value) => query.set({ value: String(valueInUnit(value, clamp, scale)), unit: clamp.unit })}
              />
            )
          }
        </Answer>
      </div>
    </Section>
  );
}
