import type { FeaturePage, ModelSummary } from "@patchbay/contract";
import { Link } from "../../shell/Link.tsx";
import { useDefaultModel } from "../../shell/models.ts";
import { formatCount, formatFixed } from "../../shell/ui/format-number.ts";
import common from "../common/common.module.css";
import { Section } from "../common/Section.tsx";
import { type NamedToken, tokenSpelling } from "../common/token-spelling.ts";
import type { DictionaryAddresses } from "../dictionaries/dictionary-address.ts";
import { kindText, siteText } from "../dictionaries/dictionary-words.ts";
import styles from "../neuron/Neuron.module.css";
import { TokenList } from "../neuron/SideReport.tsx";
import { searchPath } from "../search/search-view.ts";
import { NearestFeatures } from "./NearestFeatures.tsx";

type Side = FeaturePage["sides"][number];

const LISTED = 10;

interface SideWords {
  readonly title: string;
  readonly unit: string;
  readonly ends: readonly [string, string];
  readonly meaning: string;
}

const SIDE_WORDS: Readonly<Record<Side["side"], SideWords>> = {
  writes: {
    title: "Writes · decoder",
    unit: "logit for an activation of 1",
    ends: ["promotes", "suppresses"],
    meaning: "The decoder vector × final norm’s weight, through the LM head",
  },
  reads: {
    title: "Reads · encoder",
    unit: "encoder · embedding",
    ends: ["most aligned", "most opposed"],
    meaning: "The encoder vector against every token’s embedding: which tokens would fire it",
  },
  "writes-input-side": {
    title: "Writes, input side · decoder",
    unit: "decoder · embedding",
    ends: ["most aligned", "most opposed"],
    meaning: "The decoder vector against the embedding: as which token later layers may read it",
  },
};
const ORDER: readonly Side["side"][] = ["writes", "reads", "writes-input-side"];

/** What the weights alone say: tokens at both ends, neighbours, and the numbers of the feature itself. */
export function FeatureWeights({
  page,
  model,
  to,
}: {
  readonly page: FeaturePage;
  readonly model: ModelSummary;
  readonly to: DictionaryAddresses;
}) {
  const usual = useDefaultModel()?.name;
  const named = model.name === usual ? undefined : model.name;
  const hrefOf = (side: Side["side"]) => (token: NamedToken) =>
    searchPath(named, { mode: side === "reads" ? "reads" : "writes", token: tokenSpelling(token) });
  const sides = ORDER.flatMap((name) => page.sides.find(({ side }) => side === name) ?? []);
  return (
    <div className={styles.weights}>
      {sides.map((side) => (
        <SideSection key={side.side} side={side} hrefOf={hrefOf(side.side)} />
      ))}
      <NearestFeatures page={page} to={to} />
      <WeightFacts page={page} to={to} />
    </div>
  );
}

function SideSection({ side, hrefOf }: { readonly side: Side; readonly hrefOf: (token: NamedToken) => string }) {
  const { title, unit, ends, meaning } = SIDE_WORDS[side.side];
  const strongest = Math.max(1e-9, ...[...side.top, ...side.bottom].map(({ score }) => Math.abs(score)));
  return (
    <Section title={<span title={meaning}>{title}</span>} aside={unit}>
      <div className={styles.twoLists}>
        <TokenList
          title={ends[0]}
          tokens={side.top.slice(0, LISTED)}
          strongest={strongest}
          hrefOf={hrefOf}
          units="Units"
        />
        <TokenList
          title={ends[1]}
          tokens={side.bottom.slice(0, LISTED)}
          strongest={strongest}
          hrefOf={hrefOf}
          units="Units"
        />
      </div>
    </Section>
  );
}

function WeightFacts({ page, to }: { readonly page: FeaturePage; readonly to: DictionaryAddresses }) {
  const { dictionary, sides, encoderDecoderCosine, bias, threshold } = page;
  const normOf = (name: Side["side"]) => sides.find(({ side }) => side === name)?.norm;
  const numbers: readonly (readonly [name: string, value: number | null | undefined, meaning: string])[] = [
    ["encoder length", normOf("reads"), "Length of the encoder vector"],
    ["decoder length", normOf("writes"), "Length of the decoder vector: what an activation of 1 adds"],
    ["cosine of the two", encoderDecoderCosine, "Of encoder and decoder vector, where both live in the same space"],
    ["encoder bias", bias, "Added before the activation function"],
    ["threshold", threshold, "Below it the feature does not fire (JumpReLU)"],
  ];
  return (
    <Section title="Of the dictionary" aside={kindText(dictionary)}>
      <dl className={common.facts}>
        <dt>dictionary</dt>
        <dd>
          <Link href={to.page(dictionary.name)}>{dictionary.name}</Link>, {formatCount(dictionary.features)} features
        </dd>
        <dt>site</dt>
        <dd className="mono" style={{ fontSize: "var(--text-2)" }}>
          {siteText(dictionary)}
        </dd>
        <dt>activation</dt>
        <dd>{dictionary.activation}</dd>
        {numbers.map(
          ([name, value, meaning]) =>
            value !== undefined &&
            value !== null && (
              <div key={name} style={{ display: "contents" }} title={meaning}>
                <dt title={meaning}>{name}</dt>
                <dd>{formatFixed(value, 3)}</dd>
              </div>
            ),
        )}
      </dl>
    </Section>
  );
}
