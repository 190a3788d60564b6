import { ExportMenu } from "@patchbay/charts/react";
import { neuronLabel } from "@patchbay/vocabulary";
import { pathOfRoute } from "@patchbay/workbench-state";
import { useRef } from "react";
import { Link } from "../../shell/Link.tsx";
import { formatProbability } from "../../shell/ui/format-number.ts";
import { TokenChip } from "../../shell/ui/TokenChip.tsx";
import common from "../common/common.module.css";
import { formatFigure } from "../common/format-figure.ts";
import type { SpecialisedNeuronTest } from "../common/wire.ts";
import styles from "./Jobs.module.css";
import { TrialPlot } from "./TrialPlot.tsx";

/** Paper A1's claim on this model: two counts, and the trials behind them. */
export function SpecialisedNeurons({ model, test }: { readonly model: string; readonly test: SpecialisedNeuronTest }) {
  const figure = useRef<HTMLDivElement>(null);
  const table = () => ({
    header: ["group", "layer", "neuron", "token", "norm", "clamp value", "probability before", "probability after"],
    rows: test.trials.map((trial) => [
      trial.group,
      trial.layer,
      trial.neuron,
      trial.token.text,
      trial.norm,
      trial.value,
      trial.before,
      trial.after,
    ]),
  });
  return (
    <div className={styles.test}>
      <div className={styles.counts}>
        <Count count={test.peaked} label="peaked neurons raised the token that they are mapped to" tone="heat" />
        <Count count={test.random} label="norm-matched random neurons raised the same tokens" tone="ink" />
        <Count
          count={test.randomOwnToken}
          label="of these random neurons raised the token of their own map"
          tone="ink"
        />
      </div>
      <p className="quiet">
        clamped at {test.multiple} × maximum ({test.place}) on <code>{test.prompt}</code>{" "}
        <ExportMenu name={`${model}-specialised-neurons`} figure={figure} table={table} />
      </p>
      <div className={styles.evidence}>
        <div ref={figure} className={styles.plot}>
          <TrialPlot trials={test.trials} />
        </div>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
        <section className={styles.trials} aria-label={`All ${test.trials.length} trials`} tabIndex={0}>
          {(["peaked", "random"] as const).map((group) => (
            <TrialTable
              key={group}
              model={model}
              group={group}
              trials={test.trials.filter((trial) => trial.group === group)}
            />
          ))}
        </section>
      </div>
    </div>
  );
}

function Count({
  count,
  label,
  tone,
}: {
  readonly count: SpecialisedNeuronTest["peaked"];
  readonly label: string;
  readonly tone: "heat" | "ink";
}) {
  return (
    <div>
      <b data-tone={tone}>
        {count.raised}
        <small> of {count.of}</small>
      </b>
      <p>{label}</p>
      <p className="quiet" title="Median of probability after ÷ probability before">
        median × {formatFigure(count.medianFactor)}
      </p>
    </div>
  );
}

function TrialTable({
  model,
  group,
  trials,
}: {
  readonly model: string;
  readonly group: string;
  readonly trials: SpecialisedNeuronTest["trials"];
}) {
  return (
    <table className={common.table}>
      <caption className={styles.caption}>{group}</caption>
      <thead>
        <tr>
          <th scope="col">neuron</th>
          <th scope="col">token</th>
          <th scope="col" data-align="right">
            before
          </th>
          <th scope="col" data-align="right">
            after
          </th>
          <th scope="col" data-align="right">
            ratio
          </th>
        </tr>
      </thead>
      <tbody>
        {trials.map((trial) => (
          <tr key={`${trial.layer}.${trial.neuron}.${trial.token.id}`}>
            <td>
              <Link
                className="mono"
                href={pathOfRoute({ room: "neuron", model, layer: trial.layer, neuron: trial.neuron })}
              >
                {neuronLabel(trial)}
              </Link>
            </td>
            <td>
              <TokenChip text={trial.token.text} />
            </td>
            <td data-align="right">{formatProbability(trial.before)}</td>
            <td data-align="right">{formatProbability(trial.after)}</td>
            <td data-align="right" className={trial.after > trial.before ? styles.raised : styles.lowered}>
              {trial.before > 0 ? `× ${formatFigure(trial.after / trial.before)}` : "—"}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
