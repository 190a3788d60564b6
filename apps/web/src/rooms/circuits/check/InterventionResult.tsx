import { ExportMenu, PredictedScatter, type ScatterMark } from "@patchbay/charts/react";
import type { GraphInterventionRequest, GraphInterventionResult } from "@patchbay/contract";
import { useMemo, useRef } from "react";
import { formatFixed, formatProbability } from "../../../shell/ui/format-number.ts";
import { visibleToken } from "../../../shell/ui/token-text.ts";
import common from "../../common/common.module.css";
import { formatFigure } from "../../common/format-figure.ts";
import { formatSignedFigure } from "../node/ConnectionList.tsx";
import parts from "../Parts.module.css";

const LISTED = 60;

/** Predicted against measured, as a figure and as a table. Used in the room and on the page of a finding. */
export function InterventionResult({
  request,
  result,
}: {
  readonly request: Pick<GraphInterventionRequest, "nodes">;
  readonly result: GraphInterventionResult;
}) {
  const figure = useRef<HTMLDivElement>(null);
  const marks = useMemo(() => marksOf(result), [result]);
  const { leading } = result;
  const listed = marks.slice(0, LISTED);
  return (
    <div className={parts.checkResult}>
      <p>
        {request.nodes.length} {request.nodes.length === 1 ? "node" : "nodes"} changed,{" "}
        {result.attention === "freeze" ? "attention frozen" : "attention recomputed"},{" "}
        {result.downstream === "freeze" ? "norms and MLPs frozen" : "norms and MLPs recomputed"}. Leading token{" "}
        <b className="mono">{visibleToken(leading.before.text)}</b> {formatProbability(leading.before.score)} →{" "}
        <b className="mono">{visibleToken(leading.after.text)}</b> {formatProbability(leading.after.score)}
        {result.correlation !== null && (
          <>
            . Predicted and measured correlate with r = <b data-correlation="">{formatFixed(result.correlation, 3)}</b>
          </>
        )}
        .
      </p>
      <div className={parts.checkFigures}>
        <div ref={figure}>
          <PredictedScatter marks={marks} quantity="change of logit or pre-activation" side={300} />
          <ExportMenu
            name="predicted-against-measured"
            figure={figure}
            table={() => ({
              header: ["node", "before", "predicted change", "measured change"],
              rows: marks.map(({ name, before, predicted, measured }) => [name, before, predicted, measured]),
            })}
          />
        </div>
        <div className={parts.checkTable}>
          <table className={common.table} aria-label="Predicted and measured">
            <thead>
              <tr>
                <th>node</th>
                <th data-align="right">before</th>
                <th data-align="right">predicted</th>
                <th data-align="right">measured</th>
                <th data-align="right">probability</th>
              </tr>
            </thead>
            <tbody>
              {listed.map((mark) => (
                <tr key={mark.name} data-main={mark.main}>
                  <td className="mono">{mark.name}</td>
                  <td data-align="right">{formatFigure(mark.before)}</td>
                  <td data-align="right">{formatSignedFigure(mark.predicted)}</td>
                  <td data-align="right">{formatSignedFigure(mark.measured)}</td>
                  <td data-align="right">{mark.probability ?? ""}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {marks.length > listed.length && (
            <p className="quiet">and {marks.length - listed.length} more, in the figure and in the CSV</p>
          )}
        </div>
      </div>
    </div>
  );
}

interface Mark extends ScatterMark {
  readonly before: number;
  readonly probability: string | undefined;
}

function marksOf({ targets, watched }: GraphInterventionResult): Mark[] {
  const aimed = targets.map(
    ({ label, value, probability, minusId }): Mark => ({
      name: minusId === null ? `→ ${visibleToken(label)}` : label,
      main: true,
      ...value,
      probability: `${formatProbability(probability.before)} → ${formatProbability(probability.after)}`,
    }),
  );
  const felt = watched.map(
    ({ node: { layer, unit, position }, preActivation }): Mark => ({
      name: `L${layer ?? "?"} F${unit ?? "?"}@${position}`,
      main: false,
      ...preActivation,
      probability: undefined,
    }),
  );
  const size = ({ predicted, measured }: Mark) => Math.max(Math.abs(predicted), Math.abs(measured));
  return [...aimed, ...felt.sort((a, b) => size(b) - size(a))];
}
