import { LineChart } from "@patchbay/charts/react";
import type { TrainingPoint } from "@patchbay/contract";
import { type ReactNode, useRef, useState } from "react";
import { formatCount } from "../../shell/ui/format-number.ts";
import { formatFigure } from "../common/format-figure.ts";
import { Section } from "../common/Section.tsx";
import styles from "./Dictionaries.module.css";
import { Exports } from "./Exports.tsx";
import { shortNames, TRAINING_QUANTITIES, type TrainingQuantity, trainingSeries } from "./training-series.ts";

/** Four quantities of a training over its tokens, one curve a target. The four share what is pointed at. */
export function TrainingCharts({
  targets,
  points,
  tokens,
  name,
}: {
  readonly targets: readonly string[];
  readonly points: readonly TrainingPoint[];
  /** Of the whole training: the axis does not move while it runs. */
  readonly tokens: number | undefined;
  /** For files. */
  readonly name: string;
}) {
  const [at, setAt] = useState<number>();
  const [emphasised, setEmphasised] = useState<string>();
  const longest = Math.max(...shortNames(targets).map(({ length }) => length), 2);
  const nameWidth = targets.length === 1 ? 0 : Math.min(110, 16 + longest * 6.2);
  return (
    <div className={styles.charts}>
      {TRAINING_QUANTITIES.map(({ quantity, title, unit, scale }) => (
        <Chart
          key={quantity}
          quantity={quantity}
          title={title}
          unit={unit}
          name={name}
          targets={targets}
          points={points}
        >
          <LineChart
            series={trainingSeries(targets, points, quantity)}
            label={`${title}, ${unit}`}
            height={quantity === "loss" || quantity === "unexplained" ? 190 : 150}
            scale={scale}
            domainX={tokens === undefined ? undefined : [0, tokens]}
            unitX="tokens"
            nameWidth={nameWidth}
            at={at}
            onAt={setAt}
            emphasised={emphasised}
            onEmphasise={setEmphasised}
            format={(value) => (quantity === "deadShare" ? `${(value * 100).toFixed(1)} %` : formatFigure(value))}
            formatX={formatCount}
          />
        </Chart>
      ))}
    </div>
  );
}

function Chart({
  quantity,
  title,
  unit,
  name,
  targets,
  points,
  children,
}: {
  readonly quantity: TrainingQuantity;
  readonly title: string;
  readonly unit: string;
  readonly name: string;
  readonly targets: readonly string[];
  readonly points: readonly TrainingPoint[];
  readonly children: ReactNode;
}) {
  const figure = useRef<HTMLDivElement>(null);
  const table = () => ({
    header: ["target", "step", "tokens", quantity, "learning rate"],
    rows: points.map((point) => [targets[point.target], point.step, point.tokens, point[quantity], point.learningRate]),
  });
  return (
    <Section
      title={title}
      aside={
        <>
          {unit} <Exports name={`${name}-${quantity}`} figure={figure} table={table} />
        </>
      }
    >
      <div ref={figure}>{children}</div>
    </Section>
  );
}
