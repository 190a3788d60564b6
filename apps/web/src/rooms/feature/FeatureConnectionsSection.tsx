/** What the feature is connected to by weights alone: asked only when somebody looks. */
import { ExportMenu } from "@patchbay/charts/react";
import type { FeatureConnections, FeaturePage, ModelSummary } from "@patchbay/contract";
import { useEffect, useRef } from "react";
import { api } from "../../shell/api.ts";
import { useResource } from "../../shell/resource.ts";
import { Button } from "../../shell/ui/Button.tsx";
import { Skeleton } from "../../shell/ui/Skeleton.tsx";
import { Answer } from "../common/Answer.tsx";
import type { Query } from "../common/query.ts";
import { Section } from "../common/Section.tsx";
import { TokenChips } from "../common/TokenChips.tsx";
import type { DictionaryAddresses } from "../dictionaries/dictionary-address.ts";
import neuron from "../neuron/Neuron.module.css";
import { type ConnectionPlaces, ConnectionSide, DeEmbedding } from "./ConnectionLists.tsx";
import { connectionTable } from "./connection-rows.ts";
import styles from "./Feature.module.css";
import { useConnectionNames } from "./use-connection-names.ts";

/** Pixels above the section when a link leads to it. */
const MARGIN = 14;

export function FeatureConnectionsSection({
  model,
  page,
  query,
  to,
  text,
}: {
  readonly model: ModelSummary;
  readonly page: FeaturePage;
  readonly query: Query;
  readonly to: DictionaryAddresses;
  readonly text: string | undefined;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const open = query.get("connections") === "open";
  const { feature } = page;
  const dictionary = page.dictionary.name;
  const { state, reload } = useResource<FeatureConnections>(
    open ? `connections:${model.hash}:${page.dictionary.hash}:${feature}` : undefined,
    (signal) => api.featureConnections({ body: { model: model.name, dictionary, feature }, signal }),
  );
  const places: ConnectionPlaces = { model: model.name, text, to, names: useConnectionNames(model, state.value) };
  // A link may lead here, and what stands above grows while it arrives; a reader who opens it is here already.
  const arrived = useRef(open);
  useEffect(() => {
    const scroller = frame.current?.parentElement;
    // By hand: `scrollIntoView` would move the frame around the room too.
    if (arrived.current && frame.current && scroller)
      scroller.scrollTop += frame.current.getBoundingClientRect().top - scroller.getBoundingClientRect().top - MARGIN;
    if (state.status === "ready") arrived.current = false;
  }, [state.status]);
  return (
    <div ref={frame} className={styles.connections}>
      <Section
        title="Connections by weights"
        aside={
          <span className={neuron.aside}>
            {open && "factor: pre-activation for an activation of 1"}
            {open && state.value !== undefined && (
              <ExportMenu
                name={`${dictionary}-F${feature}-connections`}
                table={() => connectionTable(state.value as FeatureConnections)}
              />
            )}
            <Button
              kind="bare"
              aria-expanded={open}
              aria-label={open ? "Hide connections by weights" : "Show connections by weights"}
              onClick={() => query.set({ connections: open ? undefined : "open" })}
            >
              {open ? "Hide" : "Show"}
            </Button>
          </span>
        }
      >
        {open ? (
          <Answer state={state} skeleton={<Skeleton height={420} />} onRetry={reload} inline>
            {(answer) => <Connected answer={answer} page={page} places={places} />}
          </Answer>
        ) : (
          <p className="quiet">
            Features that write what it reads and read what it writes, on every prompt: directly and through heads.
          </p>
        )}
      </Section>
    </div>
  );
}

function Connected({
  answer,
  page,
  places,
}: {
  readonly answer: FeatureConnections;
  readonly page: FeaturePage;
  readonly places: ConnectionPlaces;
}) {
  const { inputs, outputs, inputHeads, outputHeads, deEmbedding, logits } = answer;
  const { promotes, suppresses } = logits;
  return (
    <div className={styles.connected}>
      <div className={styles.sides}>
        <ConnectionSide
          title="Inputs"
          {...inputs}
          heads={inputHeads}
          headMeaning="Length of what the feature reads through the head’s OV map"
          places={places}
        />
        <ConnectionSide
          title="Outputs"
          {...outputs}
          heads={outputHeads}
          headMeaning="Length of what the head’s OV map makes of the decoder vector"
          places={places}
        />
      </div>
      <DeEmbedding deEmbedding={deEmbedding} places={places} />
      {!page.sides.some(({ side }) => side === "writes") && (
        <p className={styles.heads}>
          <span className="quiet">promotes, in logits for an activation of 1</span>
          <TokenChips tokens={promotes} quantity="logit" />
          <span className="quiet">suppresses</span>
          <TokenChips tokens={suppresses} quantity="logit" />
        </p>
      )}
      <p className="quiet">
        Decoder vector of one · encoder vector of the other, norm weights folded in. On a prompt the factor is divided
        by the norm’s scale at the reader’s position, and through a head multiplied by its attention; values are weights
        alone.
      </p>
    </div>
  );
}
