import { ExportMenu, PredictedScatter } from "@patchbay/charts/react";
import type { Verification } from "@patchbay/contract";
import { useRef } from "react";
import common from "../common/common.module.css";
import { formatFigure } from "../common/format-figure.ts";
import { Section } from "../common/Section.tsx";
import styles from "./Sweeps.module.css";

const LISTED = 40;
const AXES = ["approximate", "exact"] as const;

/** Estimates against what the model does when the same change is really made; on the dashed line they agree. */
export function VerificationFigure({
  verification,
  what,
}: {
  readonly verification: Verification;
  readonly what: string;
}) {
  const figure = useRef<HTMLDivElement>(null);
  const { points, correlation, slope, meanAbsoluteError } = verification;
  const largest = points.filter(({ random }) => !random).length;
  return (
    <Section
      title="Approximate against exact"
      aside={
        <ExportMenu
          name="approximate-against-exact"
          figure={figure}
          table={() => ({
            header: [what, "approximate", "exact", "drawn at random"],
            rows: points.map(({ label, approximate, exact, random }) => [
              label,
              approximate,
              exact,
              random ? "yes" : "",
            ]),
          })}
        />
      }
    >
      <div className={styles.verification} data-verification="">
        <div ref={figure}>
          <PredictedScatter
            marks={points.map(({ label, approximate, exact, random }) => ({
              name: label,
              predicted: approximate,
              measured: exact,
              main: !random,
            }))}
            quantity="change of the metric"
            axes={AXES}
            side={290}
          />
        </div>
        <div>
          <p>
            r = <b data-correlation="">{correlation === null ? "n/a" : formatFigure(correlation)}</b> · slope{" "}
            <b>{slope === null ? "n/a" : formatFigure(slope)}</b> (1 is the right scale) · mean |error|{" "}
            <b>{formatFigure(meanAbsoluteError)}</b>
          </p>
          <p className="quiet">
            {largest} largest estimates (filled) and {points.length - largest} drawn at random, each {what} really
            changed in a run of its own. Dashed: approximate = exact.
          </p>
          <div className={styles.verificationTable}>
            <table className={common.table} aria-label="Approximate and exact">
              <thead>
                <tr>
                  <th>{what}</th>
                  <th data-align="right">approximate</th>
                  <th data-align="right">exact</th>
                </tr>
              </thead>
              <tbody>
                {points.slice(0, LISTED).map(({ label, approximate, exact, random }) => (
                  <tr key={`${label} ${random}`}>
                    <td>
                      <span className="mono">{label}</span>
                      {random && <small className="quiet"> random</small>}
                    </td>
                    <td data-align="right">{formatFigure(approximate)}</td>
                    <td data-align="right">{formatFigure(exact)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </div>
      </div>
    </Section>
  );
}
