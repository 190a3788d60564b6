import type { LedgerResult, ModelSummary } from "@patchbay/contract";
import { neuronLabel } from "@patchbay/vocabulary";
import { pathOfRoute } from "@patchbay/workbench-state";
import { Link } from "../../shell/Link.tsx";
import { formatFixed } from "../../shell/ui/format-number.ts";
import { Skeleton } from "../../shell/ui/Skeleton.tsx";
import { TokenChip } from "../../shell/ui/TokenChip.tsx";
import { addPatch, neuronPatch } from "./patch-actions.ts";
import styles from "./Side.module.css";
import { useTraceStore, useView } from "./trace-context.tsx";
import type { TraceData } from "./use-trace-data.ts";

const CHIPS = 3;

/** The MLP's update at the selected place, neuron by neuron: what each adds and which tokens that favours. */
export function NeuronSection({ data, model }: { readonly data: TraceData; readonly model: ModelSummary }) {
  const { compare } = useView();
  const { layer } = data;
  if (layer === undefined) {
    return (
      <section>
        <h2 className="section-title">Neurons</h2>
        <p className={styles.caption}>
          The embedding row comes before the first MLP. Choose a layer to see its neurons.
        </p>
      </section>
    );
  }
  const showsAfter = compare !== "before" && data.detailAfter !== undefined;
  const ledger = (showsAfter ? data.detailAfter : data.detailBefore)?.results.ledger;
  return (
    <section aria-busy={ledger === undefined}>
      <h2 className="section-title">
        <span>
          Neurons firing at <span className="mono">L{layer}</span>
        </span>
        <span>activation · |update|{showsAfter ? ", after" : ""}</span>
      </h2>
      {data.detailProblem !== undefined ? (
        <p className={styles.caption}>They come with the same answer as the contributions above.</p>
      ) : ledger === undefined || ledger.layer !== layer ? (
        <Skeleton height={260} />
      ) : (
        <Ledger ledger={ledger} model={model} />
      )}
    </section>
  );
}

function Ledger({ ledger, model }: { readonly ledger: LedgerResult; readonly model: ModelSummary }) {
  const store = useTraceStore();
  return (
    <>
      <table className={styles.ledger}>
        <thead className="visually-hidden">
          <tr>
            <th>Neuron</th>
            <th>Activation</th>
            <th>Length of its update</th>
            <th>Promotes and suppresses</th>
          </tr>
        </thead>
        <tbody>
          {ledger.updates.map(({ neuron, activation, norm, promotes, suppresses }) => (
            <tr key={neuron}>
              <th scope="row">
                <button
                  type="button"
                  className={styles.jack}
                  aria-label={`Patch ${neuronLabel({ layer: ledger.layer, neuron })}`}
                  title={`Patch ${neuronLabel({ layer: ledger.layer, neuron })}: set it to 0 and dose from there`}
                  onClick={() => addPatch(store, neuronPatch(ledger.layer, neuron, 0))}
                />
                <Link
                  className="mono"
                  href={pathOfRoute({ room: "neuron", model: model.name, layer: ledger.layer, neuron })}
                >
                  N{neuron}
                </Link>
              </th>
              <td>{formatFixed(activation)}</td>
              <td className="quiet">{formatFixed(norm)}</td>
              <td className={styles.promotes}>
                <span title="promotes">
                  {promotes.slice(0, CHIPS).map(({ id, text, score }) => (
                    <TokenChip
                      key={id}
                      text={text}
                      tone="heat"
                      title={`promotes ${JSON.stringify(text)}: ${formatFixed(score)} logits`}
                    />
                  ))}
                </span>
                <span title="suppresses" className={styles.suppresses}>
                  {suppresses.slice(0, CHIPS - 1).map(({ id, text, score }) => (
                    <TokenChip
                      key={id}
                      text={text}
                      tone="counter"
                      title={`suppresses ${JSON.stringify(text)}: ${formatFixed(score)} logits`}
                    />
                  ))}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className={styles.caption}>
        {(model.neuronsPerLayer - ledger.updates.length).toLocaleString("en-US")} others together: length{" "}
        {formatFixed(ledger.restNorm)} of {formatFixed(ledger.outputNorm)} · sum − mlp_out ={" "}
        {ledger.residual === 0 ? "0" : ledger.residual.toExponential(0).replace("-", "−")}
      </p>
    </>
  );
}
