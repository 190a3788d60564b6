import type { Metric, ModelSummary, TokenReference } from "@patchbay/contract";
import { Field } from "../../shell/ui/Field.tsx";
import { visibleToken } from "../../shell/ui/token-text.ts";
import { TokenSearch } from "../common/TokenSearch.tsx";
import { NumberField } from "./NumberField.tsx";
import styles from "./Sweeps.module.css";

const KINDS = [
  ["logit-difference", "logit difference"],
  ["logit", "logit"],
  ["probability", "probability"],
  ["log-probability", "log probability (nats)"],
  ["loss", "loss of the prompt (nats)"],
  ["kl", "KL from the clean run (nats)"],
] as const satisfies readonly (readonly [Metric["kind"], string])[];

/** The one number of a run that is read. */
export function MetricFields({
  metric,
  model,
  onChange,
}: {
  readonly metric: Metric;
  readonly model: ModelSummary;
  onChange(metric: Metric): void;
}) {
  const token = "token" in metric ? metric.token : " L";
  const place = "position" in metric && metric.position !== undefined ? { position: metric.position } : {};
  const choose = (kind: Metric["kind"]) => {
    if (kind === "loss") onChange({ kind });
    else if (kind === "kl") onChange({ kind, ...place });
    else if (kind === "logit-difference")
      onChange({ kind, token, minus: "minus" in metric ? metric.minus : " Tom", ...place });
    else onChange({ kind, token, ...place });
  };
  return (
    <div className={styles.fields}>
      <Field label="Metric">
        {(props) => (
          <select {...props} value={metric.kind} onChange={(event) => choose(event.target.value as Metric["kind"])}>
            {KINDS.map(([kind, label]) => (
              <option key={kind} value={kind}>
                {label}
              </option>
            ))}
          </select>
        )}
      </Field>
      {"token" in metric && (
        <TokenField
          model={model.name}
          label="Token"
          token={metric.token}
          onChange={(next) => onChange({ ...metric, token: next })}
        />
      )}
      {"minus" in metric && (
        <TokenField
          model={model.name}
          label="minus"
          token={metric.minus}
          onChange={(next) => onChange({ ...metric, minus: next })}
        />
      )}
      {metric.kind !== "loss" && (
        <NumberField
          label="Read at position"
          hint="−1 is the last"
          width={70}
          value={metric.position ?? -1}
          low={-4096}
          high={4096}
          onChange={(position) => {
            const { position: _position, ...rest } = metric;
            onChange(position === -1 ? rest : { ...rest, position });
          }}
        />
      )}
    </div>
  );
}

function TokenField({
  model,
  label,
  token,
  onChange,
}: {
  readonly model: string;
  readonly label: string;
  readonly token: TokenReference;
  onChange(token: TokenReference): void;
}) {
  return (
    <div className={styles.tokenField}>
      <span>{label}</span>
      <b className="mono">{typeof token === "number" ? `#${token}` : visibleToken(token)}</b>
      <TokenSearch
        model={model}
        label={`${label}: another token`}
        placeholder="another …"
        note={label}
        onToken={({ id, text, special }) => onChange(special === true || text.trim() === "" ? id : text)}
      />
    </div>
  );
}
