import type { Decomposition } from "@patchbay/contract";
import { useMemo } from "react";
import { Segmented } from "../../../shell/ui/Segmented.tsx";
import { visibleToken } from "../../../shell/ui/token-text.ts";
import { oneOf } from "../../common/query.ts";
import type { Choices } from "../choices.ts";
import styles from "../Decompose.module.css";
import { MatrixGrid } from "../MatrixGrid.tsx";
import { carriedOf, directOf, readoutOf } from "./flow-matrices.ts";
import { unitOfTarget } from "./share-rows.ts";

const VIEWS = ["carried", "readout", "direct"] as const;

/** Layer × position: which token's share passes where. */
export function ShareFlow({
  result,
  flow,
  source,
  choices,
}: {
  readonly result: Decomposition;
  readonly flow: NonNullable<Decomposition["flow"]>;
  readonly source: number;
  readonly choices: Choices;
}) {
  const view = oneOf(choices.get("flow"), VIEWS, "carried");
  const layers = flow.states.length - 1;
  const { rowLabels, values } = useMemo(
    () =>
      view === "carried" ? carriedOf(flow, source) : view === "readout" ? readoutOf(flow) : directOf(flow, layers),
    [view, flow, source, layers],
  );
  const tokens = result.tokens.map((token, position) => ({
    text: visibleToken(token.text, token.special),
    label: String(position),
  }));
  const chosen = tokens[source]?.text ?? "";
  const measured = unitOfTarget(result);
  const title =
    view === "carried"
      ? `Where the share of ${chosen} (position ${source}) travels`
      : view === "readout"
        ? "The answer, read early: by the token it comes from"
        : "What each layer gives the answer directly, by token";
  const unit =
    view === "carried"
      ? `${measured} of its share, carried by the stream at each position; a row sums to the share`
      : view === "readout"
        ? `${measured} at the target’s position, scales of the run`
        : `${measured} that its heads and MLP write at the target’s position`;
  return (
    <div>
      <div className={styles.resultBar}>
        <Segmented
          label="Flow"
          value={view}
          options={[
            { value: "carried", label: "one token’s way" },
            { value: "readout", label: "answer by layer" },
            { value: "direct", label: "written by layer" },
          ]}
          onChange={(next) => choices.set({ flow: next === "carried" ? undefined : next })}
        />
        {view === "carried" && (
          <label>
            <span className="quiet">token </span>
            <select
              className={styles.inline}
              value={source}
              onChange={(event) => choices.set({ source: event.target.value })}
            >
              {tokens.map(({ text, label }) => (
                <option key={label} value={label}>
                  {label} {text}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      <MatrixGrid
        key={view}
        title={title}
        unit={unit}
        axes={["after", view === "carried" ? "position" : "token"]}
        rowLabels={rowLabels}
        columns={view === "carried" ? tokens : [...tokens, { text: "biases", label: "" }]}
        values={values}
        fileName={`flow-${view}`}
      />
    </div>
  );
}
