import type { MapVariant, NeuronPage, NeuronSide } from "@patchbay/contract";
import { Link } from "../../shell/Link.tsx";
import { formatFixed } from "../../shell/ui/format-number.ts";
import { TokenChip } from "../../shell/ui/TokenChip.tsx";
import { formatFigure } from "../common/format-figure.ts";
import { Section } from "../common/Section.tsx";
import type { NamedToken } from "../common/token-spelling.ts";
import styles from "./Neuron.module.css";

type Report = NeuronPage["sides"][number];
type Variant = Report["variants"][number];

const LISTED: Readonly<Record<NeuronSide, number>> = { write: 12, gate: 8, up: 8 };

const DEFINITIONS = {
  peakedness: "Probability of the first token in softmax(scores) over the vocabulary",
  entropy: "Entropy of softmax(scores), nats; ln(vocabulary) is flat",
  gap: "Score of the first token minus the second",
  norm: "Length of the weight vector",
} as const;

/** One weight vector of the neuron through the LM head: the tokens at its two ends. */
export function SideReport({
  report,
  variant,
  gated,
  hrefOf,
}: {
  readonly report: Report;
  readonly variant: MapVariant;
  readonly gated: boolean;
  readonly hrefOf: (token: NamedToken) => string;
}) {
  const shown = report.variants.find((candidate) => candidate.variant === variant) ?? report.variants[0];
  if (shown === undefined) return null;
  const strongest = Math.max(...[...shown.top, ...shown.bottom].map((token) => Math.abs(token.score)), 1e-9);
  const count = LISTED[report.side];
  const heads = report.side === "write" ? ["promotes", "suppresses"] : ["most aligned", "most opposed"];
  return (
    <Section title={titleOf(report.side, gated)} aside={scoreMeaning(report.side, shown.variant)}>
      <Figures shown={shown} norm={report.norm} />
      <div className={styles.twoLists}>
        <TokenList title={heads[0] ?? ""} tokens={shown.top.slice(0, count)} strongest={strongest} hrefOf={hrefOf} />
        <TokenList title={heads[1] ?? ""} tokens={shown.bottom.slice(0, count)} strongest={strongest} hrefOf={hrefOf} />
      </div>
    </Section>
  );
}

function scoreMeaning(side: NeuronSide, variant: MapVariant): string {
  if (variant === "cosine") return "cosine, −1 … 1";
  return side === "write" ? "logit for an activation of 1" : "row through the LM head";
}

function titleOf(side: NeuronSide, gated: boolean): string {
  if (side === "write") return "Writes · down column";
  return gated ? `Reads · ${side} row` : "Reads · input row";
}

function Figures({ shown, norm }: { readonly shown: Variant; readonly norm: number }) {
  const figures = {
    peakedness: formatFigure(shown.peakedness),
    entropy: formatFixed(shown.entropy, 2),
    gap: formatFixed(shown.gap, 2),
    norm: formatFixed(norm, 2),
  };
  return (
    <dl className={styles.figures}>
      {Object.entries(figures).map(([name, text]) => (
        <div key={name} title={DEFINITIONS[name as keyof typeof DEFINITIONS]}>
          <dt>{name}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A ranking of tokens; each leads to the units that have it too. */
export function TokenList({
  title,
  tokens,
  strongest,
  hrefOf,
  units = "Neurons",
}: {
  readonly title: string;
  readonly tokens: readonly { readonly id: number; readonly text: string; readonly score: number }[];
  readonly strongest: number;
  readonly hrefOf: (token: NamedToken) => string;
  readonly units?: string;
}) {
  const places = strongest < 0.2 ? 3 : 2;
  return (
    <div>
      <h3 className={styles.listTitle}>{title}</h3>
      <ol className={styles.ranking}>
        {tokens.map((token) => (
          <li key={token.id} data-negative={token.score < 0}>
            <Link href={hrefOf(token)} title={`${units} with ${JSON.stringify(token.text)} · token ${token.id}`}>
              <span className={styles.bar} style={{ width: `${(Math.abs(token.score) / strongest) * 100}%` }} />
              <TokenChip text={token.text} tone="bare" title={JSON.stringify(token.text)} />
            </Link>
            <span className={styles.score}>{formatFixed(token.score, places)}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}
