import { api, useApi } from "../../shell/api.ts";
import { useCommands } from "../../shell/commands.ts";
import { Button } from "../../shell/ui/Button.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { Kbd } from "../../shell/ui/Kbd.tsx";
import common from "../common/common.module.css";
import type { ReplayReport } from "../common/wire.ts";
import styles from "./Findings.module.css";

/** Computes the finding again on this server and says whether it came out the same. */
export function Replay({ id }: { readonly id: string }) {
  const { state, call, cancel } = useApi<ReplayReport>();
  const replay = () => void call((signal) => api.replaySnapshot({ params: { id }, signal }));
  const running = state.status === "pending";
  useCommands([
    { id: "finding-replay", title: "Replay this finding", group: "Finding", keys: ["shift+r"], run: replay },
  ]);
  return (
    <section
      className={styles.replay}
      aria-label="Replay"
      data-verdict={state.status === "ready" ? state.value.verdict : undefined}
    >
      <div className={styles.replayLine}>
        {running ? (
          <Button onClick={cancel}>Stop</Button>
        ) : (
          <Button kind="primary" onClick={replay}>
            Replay <Kbd keys="shift+r" />
          </Button>
        )}
        <div role="status" className={styles.verdict}>
          {state.status === "idle" && (
            <span className="quiet">Computes every part again, here and now, and compares all numbers.</span>
          )}
          {running && <span className="quiet">Computing again …</span>}
          {state.status === "cancelled" && <span className="quiet">Stopped before it was done.</span>}
          {state.status === "ready" && <Verdict report={state.value} />}
        </div>
      </div>
      {state.status === "failed" && <ErrorState inline problem={state.problem} />}
      {state.status === "ready" && state.value.verdict === "differs" && <Differences report={state.value} />}
    </section>
  );
}

function Verdict({ report }: { readonly report: ReplayReport }) {
  const { verdict, identical, largestDifference, tolerance, milliseconds } = report;
  const timing = `${Math.round(milliseconds)} ms`;
  if (verdict === "same") {
    return (
      <>
        <strong className={styles.same}>same</strong>
        <span className="quiet">
          {identical
            ? `every number equal to the last bit · ${timing}`
            : `largest difference ${exponent(largestDifference)}, within ${exponent(tolerance)} · ${timing}`}
        </span>
      </>
    );
  }
  return (
    <>
      <strong className={styles.differs}>differs by {exponent(largestDifference)}</strong>
      <span className="quiet">
        more than {exponent(tolerance)}, which rounding on another machine explains · {timing}
      </span>
    </>
  );
}

function Differences({ report }: { readonly report: ReplayReport }) {
  const { stored, now } = report.environment;
  return (
    <div className={styles.differences}>
      {report.differences.length > 0 && (
        <table className={common.table}>
          <thead>
            <tr>
              <th scope="col">part</th>
              <th scope="col">where</th>
              <th scope="col" data-align="right">
                stored
              </th>
              <th scope="col" data-align="right">
                now
              </th>
            </tr>
          </thead>
          <tbody>
            {report.differences.map((difference) => (
              <tr key={`${difference.part} ${difference.at}`}>
                <td>{difference.part}</td>
                <td>
                  <code>{difference.at}</code>
                </td>
                <td data-align="right">{printed(difference.stored)}</td>
                <td data-align="right">{printed(difference.recomputed)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <table className={common.table}>
        <thead>
          <tr>
            <th scope="col">environment</th>
            <th scope="col">stored</th>
            <th scope="col">now</th>
          </tr>
        </thead>
        <tbody>
          {(["engine", "runtime", "modelHash"] as const).map((name) => (
            <tr key={name}>
              <td>{name === "modelHash" ? "model" : name}</td>
              <td>
                <code>{name === "modelHash" ? stored[name].slice(0, 16) : stored[name]}</code>
              </td>
              <td>
                <code className={stored[name] === now[name] ? undefined : styles.differs}>
                  {name === "modelHash" ? now[name].slice(0, 16) : now[name]}
                </code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function exponent(value: number): string {
  return value === 0 ? "0" : value.toExponential(1).replace("-", "−");
}

function printed(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing");
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
