import type { FrequencyView, ModelSummary } from "@patchbay/contract";
import { Button } from "../../shell/ui/Button.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import common from "../common/common.module.css";
import { formatFigure } from "../common/format-figure.ts";
import { ProgressBar } from "../common/ProgressBar.tsx";
import { useQuestion } from "../common/use-question.ts";
import { FrequencyBars } from "./FrequencyBars.tsx";
import { ablationRows, strongestNeurons } from "./frequency-rows.ts";
import styles from "./Models.module.css";

/** For models of arithmetic mod p: which frequencies they compute with, and what is left without them. */
export function FrequencyPanel({ model }: { readonly model: ModelSummary }) {
  const { state, ask, cancel } = useQuestion("frequencies");
  const pending = state.status === "pending";
  const removable = model.neuronsPerLayer === 0 ? (["embedding"] as const) : (["embedding", "neurons"] as const);
  return (
    <section className={styles.frequencies} aria-label="Frequencies">
      <h3 className={styles.factsTitle}>Frequencies</h3>
      <p className="quiet">
        For a model of addition mod p: power of embedding, neurons and logits by frequency over the numbers 0 … p − 1,
        where p is the last token.
      </p>
      <p className={styles.frequencyActions}>
        <Button onClick={() => void ask({ model: model.name })} disabled={pending}>
          Show the frequencies
        </Button>
        <Button
          onClick={() => void ask({ model: model.name, ablate: [...removable], single: false })}
          disabled={pending}
        >
          Remove the key frequencies
        </Button>
        <Button onClick={() => void ask({ model: model.name, ablate: [...removable] })} disabled={pending}>
          Remove each one
        </Button>
        {pending && (
          <Button kind="bare" onClick={cancel}>
            Cancel
          </Button>
        )}
      </p>
      {pending && (
        <div className={styles.installing} aria-live="polite">
          <p className="quiet">{state.progress?.message ?? "waiting for its turn"}</p>
          <ProgressBar value={state.progress?.fraction ?? 0} label="Frequencies" />
        </div>
      )}
      {state.status === "failed" && <ErrorState inline problem={state.problem} />}
      {state.value !== undefined && <Frequencies view={state.value} />}
    </section>
  );
}

function Frequencies({ view }: { readonly view: FrequencyView }) {
  const { spectrum, key, baseline } = view;
  return (
    <>
      <p>
        Key frequencies: <b>{key.frequencies.join(", ")}</b> <span className="quiet">({key.rule})</span>. All{" "}
        {view.pairs.toLocaleString("en-US")} pairs: {percent(baseline.accuracy)} right, loss{" "}
        {formatFigure(baseline.loss)} nats.
      </p>
      <div className={styles.columns}>
        <FrequencyBars
          label="token embedding, share of its power"
          shares={spectrum.map(({ embedding }) => embedding)}
          marked={key.frequencies}
        />
        {view.layer !== null && (
          <FrequencyBars
            label={`neurons of layer ${view.layer}, share of their variance`}
            shares={spectrum.map(({ neurons }) => neurons?.total ?? 0)}
            marked={key.frequencies}
          />
        )}
        <FrequencyBars
          label={`logits, share of their variance in a ${view.operation === "add" ? "+" : "−"} b`}
          shares={spectrum.map(({ logits }) => (view.operation === "add" ? logits.sum : logits.difference))}
          marked={key.frequencies}
        />
      </div>
      {view.ablations.length > 0 && <Ablations view={view} />}
      {view.neurons.length > 0 && <Neurons view={view} />}
    </>
  );
}

function Ablations({ view }: { readonly view: FrequencyView }) {
  return (
    <table className={common.table}>
      <thead>
        <tr>
          <th scope="col">removed from</th>
          <th scope="col">frequencies</th>
          <th scope="col" data-align="right">
            right answers
          </th>
          <th scope="col" data-align="right">
            loss, nats
          </th>
        </tr>
      </thead>
      <tbody>
        {ablationRows(view).map((row) => (
          <tr key={`${row.at} ${row.what}`}>
            <td>{row.at}</td>
            <td>{row.what}</td>
            <td data-align="right">{percent(row.accuracy)}</td>
            <td data-align="right">{formatFigure(row.loss)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Neurons({ view }: { readonly view: FrequencyView }) {
  return (
    <table className={common.table}>
      <thead>
        <tr>
          {["neuron", "frequency", "of its variance", "in a", "in b", "in a + b", "in a − b"].map((name) => (
            <th key={name} scope="col" data-align="right">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {strongestNeurons(view).map(({ neuron, frequency, power }) => (
          <tr key={neuron}>
            {[neuron, frequency].map((number, i) => (
              <td key={i === 0 ? "neuron" : "frequency"} data-align="right">
                {number}
              </td>
            ))}
            {(["total", "a", "b", "sum", "difference"] as const).map((part) => (
              <td key={part} data-align="right">
                {percent(power[part])}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
