import { ExportMenu, TokenHeatMap } from "@patchbay/charts/react";
import type { TokenAttribution, TokenAttributionRequest } from "@patchbay/contract";
import { useState } from "react";
import { visibleToken } from "../../shell/ui/token-text.ts";
import common from "../common/common.module.css";
import { formatFigure } from "../common/format-figure.ts";
import { Section } from "../common/Section.tsx";
import styles from "./Sweeps.module.css";

const BASELINES = {
  zero: "zero embeddings",
  "mean-embedding": "the mean embedding",
  prompt: "the other prompt's embeddings",
} as const;

/** Each token's share of the metric, and whether the shares add up. In the room and on the page of a finding. */
export function TokenResults({
  request,
  result,
}: {
  readonly request: TokenAttributionRequest;
  readonly result: TokenAttribution;
}) {
  const [selected, setSelected] = useState<number>();
  const { tokens, attribution, sum, expected, value, method, steps } = result;
  const gap = sum - expected;
  const integrated = method === "integrated-gradients";
  const name = integrated ? "integrated gradients" : "gradient × input";
  return (
    <div className={styles.results} data-tokens="">
      <Section
        title={`Attribution to tokens: ${name}`}
        aside={
          <ExportMenu
            name="token-attribution"
            table={() => ({
              header: ["position", "token", "attribution"],
              rows: tokens.map(({ text }, position) => [position, text, attribution[position]]),
            })}
          />
        }
      >
        <TokenHeatMap
          tokens={tokens.map((token, position) => ({
            position,
            text: token.text,
            label: visibleToken(token.text, token.special),
            value: attribution[position],
            special: token.special,
          }))}
          quantity="attribution, in units of the metric"
          selected={selected}
          onSelect={setSelected}
        />
      </Section>
      <div className={styles.tokenFacts}>
        <dl className={common.facts}>
          <dt>metric of the prompt</dt>
          <dd>{formatFigure(value.input)}</dd>
          <dt>metric of {BASELINES[request.baseline?.kind ?? "mean-embedding"]}</dt>
          <dd>{formatFigure(value.baseline)}</dd>
          <dt>to be explained</dt>
          <dd>{formatFigure(expected)}</dd>
          <dt>sum of attributions</dt>
          <dd>{formatFigure(sum)}</dd>
          <dt>unexplained</dt>
          <dd data-completeness="">
            {formatFigure(-gap)} (
            {expected === 0 ? "n/a" : `${formatFigure((100 * Math.abs(gap)) / Math.abs(expected))} %`})
          </dd>
          <dt>gradients averaged</dt>
          <dd>{steps}</dd>
        </dl>
        <p className="quiet">
          {integrated
            ? "Integrated gradients are complete: with enough steps the sum reaches what is to be explained. A large rest asks for more steps or another baseline."
            : "Gradient × input is a first-order estimate: nothing makes it add up."}
        </p>
      </div>
      <table className={`${common.table} ${styles.tokenTable}`} aria-label="Attribution of each token">
        <thead>
          <tr>
            <th data-align="right">position</th>
            <th>token</th>
            <th data-align="right">attribution</th>
            <th data-align="right">of what is to be explained</th>
          </tr>
        </thead>
        <tbody>
          {tokens.map((token, position) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a token is its position
            <tr key={position} data-selected={position === selected}>
              <td data-align="right">{position}</td>
              <td className="mono">{visibleToken(token.text, token.special)}</td>
              <td data-align="right">{formatFigure(attribution[position] ?? 0)}</td>
              <td data-align="right">
                {expected === 0 ? "" : `${formatFigure((100 * (attribution[position] ?? 0)) / expected)} %`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
