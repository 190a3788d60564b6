import type { LineSeriesGeometry } from "@patchbay/charts/geometry";
import { ExportMenu, LineChart } from "@patchbay/charts/react";
import type { Circuit, DecompositionCircuit } from "@patchbay/contract";
import { pathOfRoute } from "@patchbay/workbench-state";
import { useRef } from "react";
import { api, useApi } from "../../../shell/api.ts";
import { Link } from "../../../shell/Link.tsx";
import { Button } from "../../../shell/ui/Button.tsx";
import { ErrorState } from "../../../shell/ui/ErrorState.tsx";
import table from "../../common/common.module.css";
import { formatFigure } from "../../common/format-figure.ts";
import { numberIn } from "../../common/query.ts";
import { Section } from "../../common/Section.tsx";
import type { Choices } from "../choices.ts";
import styles from "../Decompose.module.css";
import { automaticCircuitOf, faithfulnessRange, usualSize } from "./automatic-circuit.ts";

/** Faithfulness against size, beside random circuits of the same size; the first n can be saved as a circuit. */
export function AutomaticCircuit({
  result,
  choices,
  request,
}: {
  readonly result: DecompositionCircuit;
  readonly choices: Choices;
  /** What found it; goes with the circuit as its provenance. */
  readonly request: unknown;
}) {
  const figure = useRef<HTMLDivElement>(null);
  const { curve, components } = result;
  const wanted = numberIn(choices.get("size"));
  const size = Math.min(components.length, Math.max(1, wanted ?? usualSize(result)));
  const points = (values: readonly number[]) => curve.sizes.map((x, i) => ({ x, y: values[i] ?? Number.NaN }));
  const random = points(curve.random.map(({ mean }) => mean));
  return (
    <div className={styles.answer}>
      <div>
        <p className={styles.headline}>
          {result.target.text} = <b>{formatFigure(result.clean)}</b>{" "}
          <span className="quiet">
            with everything, {formatFigure(result.ablated)} with every component at its mean
          </span>
        </p>
        <p className={styles.sum}>
          Found by {result.passes.decomposition} backward passes of the frozen model; measured by{" "}
          {result.passes.evaluation} forward passes.
        </p>
      </div>
      <div className={styles.wideNarrow}>
        <Section
          title="Faithfulness by size"
          aside={
            <span className={styles.aside}>
              <span>1 = the whole model, 0 = everything at its mean</span>
              <ExportMenu
                name="circuit-faithfulness"
                figure={figure}
                table={() => ({
                  header: ["components", "faithfulness", "random mean", "random lowest", "random highest"],
                  rows: curve.sizes.map((count, i) => {
                    const random = curve.random[i];
                    return [count, curve.circuit[i], random?.mean, random?.low, random?.high];
                  }),
                })}
              />
            </span>
          }
        >
          <div ref={figure}>
            <LineChart
              series={[
                { name: "circuit", colour: "var(--heat)", points: points(curve.circuit) },
                { name: "random", colour: "var(--ink-3)", dashed: true, points: random },
              ]}
              domainY={faithfulnessRange(curve)}
              label="Faithfulness against the number of components"
              height={300}
              unitX="components kept"
              nameWidth={54}
              restAt={size}
              format={formatFigure}
            >
              {(geometry) => (
                <>
                  <path d={bandPath(curve, geometry)} fill="var(--ink-3)" fillOpacity={0.13} stroke="none" />
                  <g strokeDasharray="2 3">
                    <line
                      x1={geometry.plot.left}
                      x2={geometry.plot.left + geometry.plot.width}
                      y1={geometry.placeY(1)}
                      y2={geometry.placeY(1)}
                      stroke="var(--good)"
                    />
                    <line
                      x1={geometry.placeX(size)}
                      x2={geometry.placeX(size)}
                      y1={geometry.plot.top}
                      y2={geometry.plot.top + geometry.plot.height}
                      stroke="var(--ink-3)"
                    />
                  </g>
                </>
              )}
            </LineChart>
          </div>
          <p className={styles.note}>
            (target − ablated) / (clean − ablated), all else at its mean; the band holds every random draw. Taken
            greedily by what the decomposition says, not by the curve: where the curve stays below random, the frozen
            model’s story is not the model’s, because heads left out were held at their mean.
          </p>
        </Section>
        <Section
          title={`The first ${size}`}
          aside={
            <label>
              keep{" "}
              <input
                className={styles.inline}
                type="number"
                min={1}
                max={components.length}
                value={size}
                onChange={(event) => choices.set({ size: event.target.value })}
              />
            </label>
          }
        >
          <SaveCircuit result={result} size={size} request={request} />
          <div className={styles.scroll}>
            <table className={table.table}>
              <thead>
                <tr>
                  <th scope="col">#</th>
                  <th scope="col">component</th>
                  <th scope="col" data-align="right">
                    gave when taken (logits)
                  </th>
                </tr>
              </thead>
              <tbody>
                {components.map(({ label, contribution }, i) => (
                  <tr key={label} style={i < size ? undefined : { color: "var(--ink-4)" }}>
                    <td>{i + 1}</td>
                    <td className="mono">{label}</td>
                    <td data-align="right">{formatFigure(contribution)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </Section>
      </div>
    </div>
  );
}

/** Up along the highest draws, back along the lowest. */
function bandPath({ sizes, random }: DecompositionCircuit["curve"], geometry: LineSeriesGeometry): string {
  const corner = (at: number, value: number | undefined) =>
    `${geometry.placeX(sizes[at] ?? 0)},${geometry.placeY(value ?? 0)}`;
  const high = random.map((draw, i) => corner(i, draw.high));
  const low = random.map((draw, i) => corner(i, draw.low)).toReversed();
  return `M${[...high, ...low].join("L")}Z`;
}

function SaveCircuit({
  result,
  size,
  request,
}: {
  readonly result: DecompositionCircuit;
  readonly size: number;
  readonly request: unknown;
}) {
  const { state, call } = useApi<{ readonly id: string; readonly size: number }>();
  const saved = state.status === "ready" && state.value.size === size ? state.value : undefined;
  const save = () => {
    const body: Circuit = automaticCircuitOf(result, size, request);
    void call(async (signal) => ({ id: (await api.saveCircuit({ body, signal })).id, size }));
  };
  return (
    <div className={styles.chipRow}>
      <Button onClick={save} disabled={state.status === "pending"}>
        Save as a circuit
      </Button>
      {saved !== undefined && <Link href={pathOfRoute({ room: "circuit", id: saved.id })}>Open it and test it</Link>}
      {state.status === "failed" && <ErrorState inline problem={state.problem} />}
    </div>
  );
}
