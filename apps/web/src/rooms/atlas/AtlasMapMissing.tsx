import type { ModelSummary } from "@patchbay/contract";
import { formatCount } from "../../shell/ui/format-number.ts";
import { JobStarter } from "../common/JobStarter.tsx";
import styles from "./Atlas.module.css";

/** The Atlas before its map: what the map is, and the button that makes it. */
export function AtlasMapMissing({ model, onDone }: { readonly model: ModelSummary; readonly onDone: () => void }) {
  const neurons = formatCount(model.layers * model.neuronsPerLayer);
  return (
    <div className={styles.missing}>
      <h2>The neuron map of {model.name} is not there yet</h2>
      <p>
        It decodes the weight vectors of all {neurons} neurons through the LM head ({formatCount(model.vocabulary)}{" "}
        tokens) and keeps, for each, the tokens it reads and writes. It is computed once and stored; on a laptop it
        takes seconds for a small model.
      </p>
      <JobStarter kind="neuron-map" model={model.name} title="Compute the neuron map" onDone={onDone} />
    </div>
  );
}
