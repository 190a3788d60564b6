import type { FactTrace } from "@patchbay/contract";
import { formatProbability } from "../../../shell/ui/format-number.ts";
import { TokenChip } from "../../../shell/ui/TokenChip.tsx";
import table from "../../common/common.module.css";
import { Section } from "../../common/Section.tsx";
import type { Choices } from "../choices.ts";
import styles from "../Decompose.module.css";
import { LastLayer } from "./LastLayer.tsx";
import { Movers } from "./Movers.tsx";
import { StageTimeline } from "./StageTimeline.tsx";

/** The stages, the heads and neurons that make them, and their causal checks. */
export function FactResult({ result, choices }: { readonly result: FactTrace; readonly choices: Choices }) {
  return (
    <div className={styles.answer}>
      {result.warnings.map((warning) => (
        <p key={warning} className={styles.warning} role="status">
          {warning}
        </p>
      ))}
      <div className={styles.wideNarrow}>
        <FactPrompts result={result} />
        <Section title="What Lv et al. (2024) report, and what these prompts show">
          <ul className={styles.claims}>
            {result.claims.map(({ claim, holds, evidence }) => (
              <li key={claim}>
                <span className={styles.verdict} data-holds={holds === null ? undefined : holds}>
                  {holds === null ? "Open" : holds ? "Holds" : "Does not hold"}
                </span>
                : {claim} <span className="quiet">{evidence}</span>
              </li>
            ))}
          </ul>
        </Section>
      </div>
      <StageTimeline result={result} />
      <Movers result={result} />
      <LastLayer result={result} choices={choices} />
    </div>
  );
}

function FactPrompts({ result }: { readonly result: FactTrace }) {
  return (
    <Section title="Prompts" aside="P: probability of the answer; rank 0 is the leader">
      <div className={styles.scroll}>
        <table className={table.table}>
          <thead>
            <tr>
              <th scope="col">prompt</th>
              <th scope="col">answer</th>
              <th scope="col" data-align="right">
                P
              </th>
              <th scope="col" data-align="right">
                rank
              </th>
              <th scope="col">the model says</th>
            </tr>
          </thead>
          <tbody>
            {result.prompts.map((prompt, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: prompts keep their order
              <tr key={i}>
                <td>
                  {prompt.tokens.map((token, position) =>
                    token.special === true ? null : prompt.subject.includes(position) ? (
                      // biome-ignore lint/suspicious/noArrayIndexKey: a token is its position
                      <b key={position}>{token.text}</b>
                    ) : (
                      // biome-ignore lint/suspicious/noArrayIndexKey: a token is its position
                      <span key={position}>{token.text}</span>
                    ),
                  )}
                </td>
                <td>
                  <TokenChip text={prompt.answer.text} tone="heat" />
                </td>
                <td data-align="right">{formatProbability(prompt.probability)}</td>
                <td data-align="right">{prompt.rank}</td>
                <td>
                  <TokenChip text={prompt.topPrediction.text} /> {formatProbability(prompt.topPrediction.score)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}
