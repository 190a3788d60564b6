import { BarList, ExportMenu, IntervalBars } from "@patchbay/charts/react";
import type { FactTrace } from "@patchbay/contract";
import { useRef } from "react";
import { Segmented } from "../../../shell/ui/Segmented.tsx";
import { formatFigure } from "../../common/format-figure.ts";
import { oneOf } from "../../common/query.ts";
import { Section } from "../../common/Section.tsx";
import type { Choices } from "../choices.ts";
import styles from "../Decompose.module.css";

const PARTS = { attention: "attention", mlp: "MLP", both: "both" } as const;

/** What the last layer gives the answer, for or against; and P(answer) when that is lifted. */
export function LastLayer({ result, choices }: { readonly result: FactTrace; readonly choices: Choices }) {
  const figure = useRef<HTMLDivElement>(null);
  const { lastLayer, layers } = result;
  const lift = oneOf(choices.get("lift"), ["direction", "zero"] as const, "direction");
  const switches = lastLayer.switches.filter((each) => each.lift === lift);
  const parts = [
    { name: "attention", interval: lastLayer.attention },
    { name: "MLP", interval: lastLayer.mlp },
    { name: "together", interval: lastLayer.total },
  ];
  const suppresses = lastLayer.total.mean < 0;
  return (
    <Section
      title={`Does the last layer (L${layers - 1}) hold the answer down?`}
      aside={
        <span className={styles.aside}>
          <Segmented
            label="How it is lifted"
            value={lift}
            options={[
              {
                value: "direction",
                label: "answer’s direction out",
                hint: "only the component along the answer is removed",
              },
              { value: "zero", label: "output to zero", hint: "the whole output at the last position" },
            ]}
            onChange={(next) => choices.set({ lift: next === "direction" ? undefined : next })}
          />
          <ExportMenu
            name="last-layer"
            figure={figure}
            table={() => ({
              header: ["part", "lift", "P(answer)", "low", "high", "change"],
              rows: lastLayer.switches.map((each) => [
                each.part,
                each.lift,
                each.probability.mean,
                each.probability.low,
                each.probability.high,
                each.change.mean,
              ]),
            })}
          />
        </span>
      }
    >
      <div className={styles.two}>
        <div>
          <p>
            {suppresses ? "It suppresses the answer: " : "It does not: it gives the answer "}
            <b>{formatFigure(lastLayer.total.mean)}</b> logits directly.
          </p>
          <BarList
            label="Direct contribution of the last layer to the answer"
            signed
            extent={Math.max(...parts.map(({ interval }) => Math.abs(interval.mean)))}
            valueWidth={64}
            bars={parts.map(({ name, interval }) => ({
              key: name,
              label: name,
              value: interval.mean,
              text: formatFigure(interval.mean),
              title: `${formatFigure(interval.low)} to ${formatFigure(interval.high)} logits`,
            }))}
          />
        </div>
        <div ref={figure}>
          <IntervalBars
            label="P(answer), the part lifted at the last position"
            origin={0}
            nameWidth={120}
            format={formatFigure}
            bars={[
              {
                name: "as it is",
                value: lastLayer.probability.mean,
                low: lastLayer.probability.low,
                high: lastLayer.probability.high,
                tone: "strong",
              },
              ...switches.map((each) => ({
                name: `without ${PARTS[each.part]}`,
                value: each.probability.mean,
                low: each.probability.low,
                high: each.probability.high,
                meaning: `change ${formatFigure(each.change.mean)}`,
                tone: each.change.mean > 0 ? ("plain" as const) : ("counter" as const),
              })),
            ]}
          />
        </div>
      </div>
    </Section>
  );
}
