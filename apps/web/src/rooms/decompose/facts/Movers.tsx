import { ExportMenu, IntervalBars } from "@patchbay/charts/react";
import type { FactTrace } from "@patchbay/contract";
import { neuronLabel } from "@patchbay/vocabulary";
import { pathOfRoute } from "@patchbay/workbench-state";
import { useRef } from "react";
import { Link } from "../../../shell/Link.tsx";
import table from "../../common/common.module.css";
import { formatFigure } from "../../common/format-figure.ts";
import { Section } from "../../common/Section.tsx";
import styles from "../Decompose.module.css";
import { headName } from "../parts-text.ts";

/** Which heads carry the subject to the end, the neurons that write the answer, and what happens without the heads. */
export function Movers({ result }: { readonly result: FactTrace }) {
  const figure = useRef<HTMLDivElement>(null);
  const { movers, neurons, ablation, recipe } = result;
  return (
    <div className={styles.three}>
      <Section
        title="Mover heads"
        aside={
          <span className={styles.aside}>
            <span>logits of what they carry from the subject</span>
            <ExportMenu
              name="mover-heads"
              table={() => ({
                header: [
                  "head",
                  "answer (logits)",
                  "low",
                  "high",
                  "topic (logits)",
                  "attention to the subject",
                  "length",
                ],
                rows: movers.map((head) => [
                  headName(head.layer, head.head),
                  head.answer.mean,
                  head.answer.low,
                  head.answer.high,
                  head.topic.mean,
                  head.attention.mean,
                  head.length.mean,
                ]),
              })}
            />
          </span>
        }
      >
        <table className={table.table}>
          <thead>
            <tr>
              <th scope="col">head</th>
              <th scope="col" data-align="right">
                answer
              </th>
              <th scope="col" data-align="right">
                topic
              </th>
              <th scope="col" data-align="right">
                attention
              </th>
            </tr>
          </thead>
          <tbody>
            {movers.map(({ layer, head, answer, topic, attention }) => (
              <tr key={headName(layer, head)}>
                <td className="mono">{headName(layer, head)}</td>
                <td data-align="right" title={`${formatFigure(answer.low)} to ${formatFigure(answer.high)}`}>
                  {formatFigure(answer.mean)}
                </td>
                <td data-align="right">{formatFigure(topic.mean)}</td>
                <td data-align="right">{formatFigure(attention.mean)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Section>
      <Section title="MLP neurons at the last position" aside="logits of the answer, mean">
        <table className={table.table}>
          <thead>
            <tr>
              <th scope="col">neuron</th>
              <th scope="col" data-align="right">
                answer
              </th>
            </tr>
          </thead>
          <tbody>
            {neurons.map(({ layer, neuron, answer }) => (
              <tr key={`${layer} ${neuron}`}>
                <td>
                  <Link className="mono" href={pathOfRoute({ room: "neuron", model: recipe.model, layer, neuron })}>
                    {neuronLabel({ layer, neuron })}
                  </Link>
                </td>
                <td data-align="right">{formatFigure(answer)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Section>
      <Section
        title="Without the mover heads"
        aside={
          ablation === null ? undefined : (
            <ExportMenu
              name="mover-ablation"
              figure={figure}
              table={() => ({
                header: ["what is ablated", "change of P(answer)"],
                rows: [
                  [ablation.heads.map(({ layer, head }) => headName(layer, head)).join(" "), ablation.change.mean],
                  ...(ablation.random?.changes ?? []).map((change, i) => [`random draw ${i + 1}`, change]),
                ],
              })}
            />
          )
        }
      >
        {ablation === null ? (
          <p className="quiet">No head raises the answer from the subject: there is nothing to ablate.</p>
        ) : (
          <>
            <div ref={figure}>
              <IntervalBars
                label="change of P(answer)"
                origin={0}
                nameWidth={104}
                format={formatFigure}
                bars={[
                  {
                    name: ablation.heads.map(({ layer, head }) => headName(layer, head)).join(" "),
                    value: ablation.change.mean,
                    low: ablation.change.low,
                    high: ablation.change.high,
                    tone: "strong",
                  },
                  ...(ablation.random === null
                    ? []
                    : [
                        {
                          name: "random heads",
                          value: ablation.random.mean,
                          low: ablation.random.low,
                          high: ablation.random.high,
                          tone: "plain" as const,
                        },
                      ]),
                ]}
              />
            </div>
            <p className={styles.note}>
              P(answer) is {formatFigure(ablation.probability.mean)} with their output at the last position at its mean.{" "}
              {ablation.random !== null &&
                `${ablation.random.asLarge} of ${ablation.random.changes.length} draws of as many other heads lower it as much.`}
            </p>
          </>
        )}
      </Section>
    </div>
  );
}
