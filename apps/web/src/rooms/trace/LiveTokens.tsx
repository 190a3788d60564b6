import type { ModelSummary } from "@patchbay/contract";
import { api } from "../../shell/api.ts";
import { useResource } from "../../shell/resource.ts";
import styles from "./Trace.module.css";
import { visibleTokens } from "./visible-tokens.ts";

/** The tokens of a text that was not run yet, as it is typed. */
export function LiveTokens({
  model,
  text,
  prependBos,
  changed,
}: {
  readonly model: ModelSummary;
  readonly text: string;
  readonly prependBos: boolean | undefined;
  readonly changed: boolean;
}) {
  const { state } = useResource(
    `tokens ${model.name} ${prependBos} ${text}`,
    (signal) =>
      api.tokenize({
        params: { model: model.name },
        body: { text, ...(prependBos === undefined ? {} : { prependBos }) },
        signal,
      }),
    { delay: 120 },
  );
  const tokens = visibleTokens(state.value?.tokens ?? []);
  const tooLong = tokens.length > model.context;
  return (
    <div className={styles.liveTokens} data-pending={state.status === "pending"}>
      <p className={styles.liveCount} data-bad={tooLong}>
        {tokens.length} of {model.context} tokens
        {tooLong ? " · too long to run" : changed ? " · not run yet" : ""}
      </p>
      <div className={styles.liveList}>
        {tokens.map((token) => (
          <span key={token.label} data-special={token.special} title={`position ${token.label} · id ${token.id}`}>
            {token.text}
          </span>
        ))}
      </div>
    </div>
  );
}
