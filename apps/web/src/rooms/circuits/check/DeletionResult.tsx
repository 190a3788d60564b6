import { DeletionCurve, ExportMenu } from "@patchbay/charts/react";
import type { GraphDeletionRequest, GraphDeletionResult } from "@patchbay/contract";
import { useRef } from "react";
import { formatProbability } from "../../../shell/ui/format-number.ts";
import { visibleToken } from "../../../shell/ui/token-text.ts";
import common from "../../common/common.module.css";
import { formatFigure } from "../../common/format-figure.ts";
import parts from "../Parts.module.css";
import { orderWords } from "./check-question.ts";

/** The curve and its table. Used in the room and on the page of a finding. */
export function DeletionResult({
  request,
  result,
}: {
  readonly request: Pick<GraphDeletionRequest, "order">;
  readonly result: GraphDeletionResult;
}) {
  const figure = useRef<HTMLDivElement>(null);
  const { target, points, draws } = result;
  const name = visibleToken(target.label);
  return (
    <div className={parts.checkResult}>
      <div className={parts.checkFigures}>
        <div ref={figure} className={parts.curve}>
          <DeletionCurve points={points} before={target.before} quantity={`logit of ${name}, demeaned`} draws={draws} />
          <ExportMenu
            name="top-against-random"
            figure={figure}
            table={() => ({
              header: [
                "removed",
                "value",
                "probability",
                "random mean",
                "random low",
                "random high",
                "random probability",
              ],
              rows: points.map(({ removed, value, probability, random }) => [
                removed,
                value,
                probability,
                random.mean,
                random.low,
                random.high,
                random.probability,
              ]),
            })}
          />
        </div>
        <div className={parts.checkTable}>
          <table className={common.table} aria-label="Top features against random ones">
            <thead>
              <tr>
                <th data-align="right">removed</th>
                <th data-align="right">logit</th>
                <th data-align="right">probability</th>
                <th data-align="right">random logit</th>
                <th data-align="right">random probability</th>
              </tr>
            </thead>
            <tbody>
              <tr>
                <td data-align="right">0</td>
                <td data-align="right">{formatFigure(target.before)}</td>
                <td data-align="right">{formatProbability(target.probability)}</td>
                <td />
                <td />
              </tr>
              {points.map(({ removed, value, probability, random }) => (
                <tr key={removed}>
                  <td data-align="right">{removed}</td>
                  <td data-align="right">{formatFigure(value)}</td>
                  <td data-align="right">{formatProbability(probability)}</td>
                  <td data-align="right" title={`${random.low} … ${random.high}`}>
                    {formatFigure(random.mean)}
                  </td>
                  <td data-align="right">{formatProbability(random.probability)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <p className="quiet">
            {orderWords(request.order)} Random: active features of the same layers, {draws} draws, seed {result.seed}.
            The band spans the draws. Attention {result.attention === "freeze" ? "frozen" : "recomputed"}.
          </p>
        </div>
      </div>
    </div>
  );
}
