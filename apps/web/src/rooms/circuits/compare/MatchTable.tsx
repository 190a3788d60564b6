import { ExportMenu } from "@patchbay/charts/react";
import type { GraphMatch } from "@patchbay/circuit-graph";
import { formatFixed } from "../../../shell/ui/format-number.ts";
import common from "../../common/common.module.css";
import { formatFigure } from "../../common/format-figure.ts";
import styles from "../Circuits.module.css";
import { type OpenCircuit, useCircuitRoom, useCircuitsView } from "../circuits-context.tsx";
import { select } from "../edits.ts";
import { nodeLabel, nodeName } from "../node-words.ts";
import parts from "../Parts.module.css";

const LISTED = 40;

/** The matched features, the most influential first: the twin of the two figures. */
export function MatchTable({
  first,
  second,
  match,
}: {
  readonly first: OpenCircuit;
  readonly second: OpenCircuit;
  readonly match: GraphMatch;
}) {
  const { store, noteOf } = useCircuitRoom();
  const { annotations } = useCircuitsView();
  const rows = match.matches
    .flatMap(({ a, b, how }) => {
      const [one, two] = [first.graph.nodes[a], second.graph.nodes[b]];
      return one?.kind === "feature" && two !== undefined ? [{ one, two, how }] : [];
    })
    .sort((x, y) => (x.one.influence ?? 1) - (y.one.influence ?? 1));
  const share = (value: number | null) => (value === null ? "" : `${formatFixed(value * 100, 1)} %`);
  return (
    <div className={parts.matches}>
      <table className={common.table} aria-label="Matched features">
        <thead>
          <tr>
            <th>feature</th>
            <th>label or tokens</th>
            <th data-align="right">position</th>
            <th data-align="right">activation</th>
            <th data-align="right">influence rank</th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, LISTED).map(({ one, two }) => (
            <tr key={one.id}>
              <td>
                <button type="button" className="mono" onClick={() => select(store, one.id)}>
                  {nodeName(one, first.graph.tokens)}
                </button>
              </td>
              <td>{nodeLabel(one, annotations.labels, noteOf(one))}</td>
              <td data-align="right">
                {one.position}
                {two.position === one.position ? "" : ` | ${two.position}`}
              </td>
              <td data-align="right">
                {one.activation === null ? "" : formatFigure(one.activation)} |{" "}
                {two.activation === null ? "" : formatFigure(two.activation)}
              </td>
              <td data-align="right">
                {share(one.influence)} | {share(two.influence)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className={styles.listFoot}>
        <span>
          {rows.length > LISTED ? `${LISTED} of ${rows.length} matched features. ` : ""}Both prompts: first | second.
        </span>
        <ExportMenu
          name="matched-features"
          table={() => ({
            header: ["first", "second", "match", "activation 1", "activation 2", "influence 1", "influence 2"],
            rows: rows.map(({ one, two, how }) => [
              one.id,
              two.id,
              how,
              one.activation,
              two.activation,
              one.influence,
              two.influence,
            ]),
          })}
        />
      </p>
    </div>
  );
}
