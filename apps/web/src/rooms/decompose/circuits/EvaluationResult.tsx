import { ExportMenu, IntervalBars } from "@patchbay/charts/react";
import type { CircuitEvaluation } from "@patchbay/contract";
import { useRef } from "react";
import table from "../../common/common.module.css";
import { formatFigure } from "../../common/format-figure.ts";
import { Section } from "../../common/Section.tsx";
import styles from "../Decompose.module.css";
import { MinimalityTable } from "./MinimalityTable.tsx";
import { normalised } from "./normalised.ts";

/** Faithfulness, completeness and minimality, each with its interval and what random circuits of equal size reach. */
export function EvaluationResult({ result }: { readonly result: CircuitEvaluation }) {
  const figure = useRef<HTMLDivElement>(null);
  const { faithfulness, completeness, random, full, empty } = result;
  const circuit = faithfulness.normalised;
  const without = completeness.without.normalised;
  const draws = random?.draws.length ?? 0;
  // The draws' M(full∖R) come in the metric's own unit; everything else in the figure is normalised.
  const withoutRandom = normalised(random?.without, full.mean, empty.mean);
  return (
    <div className={styles.answer}>
      {result.warnings.map((warning) => (
        <p key={warning} className={styles.warning} role="status">
          {warning}
        </p>
      ))}
      <div>
        <p className={styles.headline}>
          Faithfulness <b>{circuit === null ? "n/a" : formatFigure(circuit.value)}</b>{" "}
          <span className="quiet">
            (1 = as the full model, 0 = as with everything ablated)
            {random !== null && `; ${random.asFaithful} of ${draws} random circuits are as faithful`}
          </span>
        </p>
        <p className={styles.sum}>
          <span>M(full) {interval(full)}</span>
          <span>M(∅) {interval(empty)}</span>
          <span>M(circuit) {interval(faithfulness.raw)}</span>
          <span>M(full without the circuit) {interval(completeness.without.raw)}</span>
        </p>
        <p className={styles.note}>
          {result.universe.description} Ablation: {result.ablation.description}.
        </p>
      </div>
      <div className={styles.two}>
        <Section
          title="Alone, and taken away"
          aside={
            <span className={styles.aside}>
              <span>(M − M(∅)) / (M(full) − M(∅)); 95 % bootstrap; random: 2.5–97.5 % of draws</span>
              <ExportMenu
                name="circuit-evaluation"
                figure={figure}
                table={() => ({
                  header: ["what", "normalised", "low", "high"],
                  rows: [
                    ["circuit alone", circuit?.value, circuit?.low, circuit?.high],
                    ["random alone", random?.faithfulness?.mean, random?.faithfulness?.low, random?.faithfulness?.high],
                    ["full without circuit", without?.value, without?.low, without?.high],
                    ["full without random", withoutRandom?.mean, withoutRandom?.low, withoutRandom?.high],
                  ],
                })}
              />
            </span>
          }
        >
          {circuit === null || without === null ? (
            <p className="quiet">
              M(full) = M(∅): ablating everything changes nothing, so there is nothing to normalise by.
            </p>
          ) : (
            <div ref={figure}>
              <IntervalBars
                label="Share of the model’s effect"
                origin={0}
                nameWidth={140}
                format={formatFigure}
                bars={[
                  { name: "circuit alone", ...circuit, tone: "strong" },
                  ...bar("random alone", random?.faithfulness),
                  { name: "full without circuit", ...without, tone: "strong" },
                  ...bar("full without random", withoutRandom),
                ]}
              />
            </div>
          )}
          {random !== null && (
            <p className={styles.note}>
              {random.asDamaging} of {draws} random circuits do as much damage when removed. {random.description}
            </p>
          )}
        </Section>
        <Section title="Completeness: random subsets K removed" aside="M in its own unit, means over the examples">
          <div className={styles.scroll}>
            <table className={table.table}>
              <thead>
                <tr>
                  <th scope="col">K</th>
                  <th scope="col" data-align="right">
                    M(C∖K)
                  </th>
                  <th scope="col" data-align="right">
                    M(full∖K)
                  </th>
                  <th scope="col" data-align="right">
                    difference
                  </th>
                </tr>
              </thead>
              <tbody>
                {completeness.subsets.map((subset, i) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: subsets keep their order
                  <tr key={i}>
                    <td className="mono" title={subset.removed.map((node) => result.labels[node]).join(" ")}>
                      {subset.removed
                        .slice(0, 4)
                        .map((node) => result.labels[node])
                        .join(" ")}
                      {subset.removed.length > 4 && ` +${subset.removed.length - 4}`}
                    </td>
                    <td data-align="right">{formatFigure(subset.circuit)}</td>
                    <td data-align="right">{formatFigure(subset.model)}</td>
                    <td
                      data-align="right"
                      title={`${formatFigure(subset.difference.low)} to ${formatFigure(subset.difference.high)}`}
                    >
                      {formatFigure(subset.difference.mean)}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <p className={styles.note}>
            Incompleteness {completeness.incompleteness === null ? "n/a" : formatFigure(completeness.incompleteness)}:
            the largest |difference|. 0 is complete: circuit and model go wrong alike.
          </p>
        </Section>
      </div>
      <div className={styles.two}>
        <MinimalityTable result={result} />
        <Examples result={result} />
      </div>
    </div>
  );
}

function bar(
  name: string,
  value: { readonly mean: number; readonly low: number; readonly high: number } | null | undefined,
) {
  return value === null || value === undefined
    ? []
    : [{ name, value: value.mean, low: value.low, high: value.high, tone: "plain" as const }];
}

function interval({ mean, low, high }: CircuitEvaluation["full"]): string {
  return low === high ? formatFigure(mean) : `${formatFigure(mean)} [${formatFigure(low)}, ${formatFigure(high)}]`;
}

function Examples({ result }: { readonly result: CircuitEvaluation }) {
  return (
    <Section
      title="Example by example"
      aside={
        <span className={styles.aside}>
          <span>M in its own unit</span>
          <ExportMenu
            name="circuit-examples"
            table={() => ({
              header: ["prompt", "metric", "full", "empty", "circuit", "without circuit", "faithfulness"],
              rows: result.examples.map((example) => [
                example.tokens.map(({ text }) => text).join(""),
                example.metric,
                example.full,
                example.empty,
                example.circuit,
                example.without,
                example.faithfulness,
              ]),
            })}
          />
        </span>
      }
    >
      <div className={styles.scroll}>
        <table className={table.table}>
          <thead>
            <tr>
              <th scope="col">prompt</th>
              <th scope="col" data-align="right">
                full
              </th>
              <th scope="col" data-align="right">
                ∅
              </th>
              <th scope="col" data-align="right">
                circuit
              </th>
              <th scope="col" data-align="right">
                without
              </th>
              <th scope="col" data-align="right">
                faithfulness
              </th>
            </tr>
          </thead>
          <tbody>
            {result.examples.map((example, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: examples keep their order
              <tr key={i}>
                <td title={example.metric}>
                  …
                  {example.tokens
                    .map(({ text }) => text)
                    .join("")
                    .slice(-44)}{" "}
                  <span className="quiet">{example.metric}</span>
                </td>
                <td data-align="right">{formatFigure(example.full)}</td>
                <td data-align="right">{formatFigure(example.empty)}</td>
                <td data-align="right">{formatFigure(example.circuit)}</td>
                <td data-align="right">{formatFigure(example.without)}</td>
                <td data-align="right">{example.faithfulness === null ? "n/a" : formatFigure(example.faithfulness)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}
