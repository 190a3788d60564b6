import { ExportMenu, TokenHeatMap } from "@patchbay/charts/react";
import type { FeaturePage } from "@patchbay/contract";
import { useState } from "react";
import type { Resource } from "../../shell/resource.ts";
import { Skeleton } from "../../shell/ui/Skeleton.tsx";
import { visibleToken } from "../../shell/ui/token-text.ts";
import { Answer } from "../common/Answer.tsx";
import type { Query } from "../common/query.ts";
import { Section } from "../common/Section.tsx";
import { OwnText } from "../common/unit/OwnText.tsx";
import type { Run } from "../common/wire.ts";
import styles from "../neuron/Neuron.module.css";
import type { OwnFeature } from "./feature-requests.ts";

/** The feature on the reader's own text, token by token. */
export function FeatureText({
  page,
  query,
  text,
  examples,
  run,
  values,
  limit,
}: {
  readonly page: FeaturePage;
  readonly query: Query;
  readonly text: string | undefined;
  readonly examples: readonly string[];
  readonly run: Resource<Run>;
  readonly values: OwnFeature | undefined;
  /** The corpus maximum: full colour is the same on every text. */
  readonly limit: number | undefined;
}) {
  const [selected, setSelected] = useState<number>();
  const silent = values?.values.every((value) => value === 0) === true;
  return (
    <Section
      title="On your text"
      aside={
        <span className={styles.aside}>
          activation
          <ExportMenu
            name={`${page.dictionary.name}-F${page.feature}-text`}
            table={() => ({
              header: ["position", "token id", "token", "activation"],
              rows: (values?.tokens ?? []).map((token, i) => [i, token.id, token.text, values?.values[i]]),
            })}
          />
        </span>
      }
    >
      <OwnText text={text} query={query} examples={examples} />
      <div className={styles.heatFrame}>
        <Answer state={run.state} skeleton={<Skeleton height={74} />} onRetry={run.reload} inline>
          {() =>
            silent ? (
              <p className="quiet" role="status">
                It fires on none of the {values?.values.length} tokens of this text.
              </p>
            ) : (
              <TokenHeatMap
                tokens={(values?.tokens ?? []).map((token, position) => ({
                  position,
                  text: token.text,
                  label: visibleToken(token.text, token.special),
                  value: values?.values[position],
                  special: token.special,
                }))}
                quantity="activation"
                limit={limit}
                selected={selected}
                onSelect={setSelected}
              />
            )
          }
        </Answer>
      </div>
    </Section>
  );
}
