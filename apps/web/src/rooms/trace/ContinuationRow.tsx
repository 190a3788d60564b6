import type { GeneratedToken } from "@patchbay/contract";
import type { DifferenceMark } from "@patchbay/workbench-state";
import styles from "./Dock.module.css";
import type { LiveContinuation } from "./use-continuation.ts";

/** One continuation: the end of the prompt quietly, then what was written, changed tokens marked. */
export function ContinuationRow({
  name,
  title,
  continuation,
  marks,
  tail,
  probability,
  sampled,
  changed = false,
  quiet = false,
}: {
  readonly name: string;
  readonly title: string | undefined;
  readonly continuation: LiveContinuation;
  readonly marks: readonly DifferenceMark<GeneratedToken>[] | undefined;
  readonly tail: string;
  readonly probability: string;
  readonly sampled: boolean;
  readonly changed?: boolean;
  readonly quiet?: boolean;
}) {
  const { tokens, status, problem, finish } = continuation;
  const shown = marks ?? tokens.map((item) => ({ item, changed: false }));
  return (
    <div className={styles.row} data-quiet={quiet}>
      <span className={styles.rowName} title={title}>
        {name === "greedy" && sampled ? "sampled" : name}
      </span>
      <p className={styles.rowText} aria-live={status === "streaming" ? "off" : "polite"}>
        {tail !== "" && <span className={styles.tail}>…{tail}</span>}
        {shown.map(({ item, changed: marked }, index) => (
          <span
            key={item.position}
            data-changed={marked}
            title={`${JSON.stringify(item.text)} p = ${item.probability.toFixed(3)}`}
          >
            {(index === 0 ? item.text : item.delta).replaceAll("\n", "⏎")}
          </span>
        ))}
        {status === "streaming" && <i className={styles.caret} />}
        {status === "idle" && <span className={styles.tail}> …</span>}
        {status === "cancelled" && (
          <button type="button" className={styles.link} onClick={continuation.restart}>
            {" "}
            stopped, write again
          </button>
        )}
        {status === "failed" && (
          <span role="alert" className={styles.cardProblem}>
            {" "}
            {problem?.detail}{" "}
            <button type="button" className={styles.link} onClick={continuation.restart}>
              try again
            </button>
          </span>
        )}
        {status === "done" && finish === "end-of-text" && <span className={styles.tail}> ⟨end⟩</span>}
      </p>
      <span className={styles.rowProbability} data-changed={changed}>
        {probability}
      </span>
    </div>
  );
}
