import type { ModelSummary } from "@patchbay/contract";
import { Link } from "../../shell/Link.tsx";
import { useModels } from "../../shell/models.ts";
import { formatBytes, formatCount } from "../../shell/ui/format-number.ts";
import { Popover } from "../../shell/ui/Popover.tsx";
import styles from "./Trace.module.css";
import { useTraceStore } from "./trace-context.tsx";

/** Which model this is; inside, its facts and the other installed ones. */
export function ModelChip({ model }: { readonly model: ModelSummary }) {
  const store = useTraceStore();
  const { models } = useModels();
  const facts: [string, string][] = [
    ["Family", model.family + (model.gated ? ", gated MLP" : "")],
    ["Parameters", formatCount(model.parameters)],
    ["Layers × width", `${model.layers} × ${model.residualWidth}`],
    [
      "Heads a layer",
      `${model.heads} of ${model.headWidth}${model.keyValueHeads === model.heads ? "" : `, ${model.keyValueHeads} key-value`}`,
    ],
    ["Neurons a layer", formatCount(model.neuronsPerLayer)],
    ["Vocabulary", formatCount(model.vocabulary)],
    ["Context", `${formatCount(model.context)} tokens`],
    ["Stored as", model.dtype],
    ["Licence", model.licence ?? "not stated"],
    ["Open sessions", formatBytes(model.loadedBytes)],
    ["sha256", model.hash.slice(0, 16)],
  ];
  return (
    <Popover
      label="Model"
      trigger={(trigger) => (
        <button type="button" className={styles.modelChip} {...trigger}>
          <strong>{model.name}</strong>
          <span>
            {model.layers} layers · {model.residualWidth} wide · {formatCount(model.layers * model.neuronsPerLayer)}{" "}
            neurons
          </span>
        </button>
      )}
    >
      {(close) => (
        <div className={styles.modelFacts}>
          {model.description !== null && <p>{model.description}</p>}
          <dl>
            {facts.map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
          {models.length > 1 && (
            <ul aria-label="Other models">
              {models
                .filter(({ name }) => name !== model.name)
                .map(({ name }) => (
                  <li key={name}>
                    <button
                      type="button"
                      onClick={() => {
                        close();
                        store.update({ model: name, patches: [], pinned: undefined, minus: undefined }, { step: true });
                      }}
                    >
                      Trace with {name}
                    </button>
                  </li>
                ))}
            </ul>
          )}
          <Link href="/models">All models and their hook sites</Link>
        </div>
      )}
    </Popover>
  );
}
