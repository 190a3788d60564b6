import { BarList, ExportMenu, PredictedScatter, TokenHeatMap } from "@patchbay/charts/react";
import type { ObservableResult } from "@patchbay/contract";
import { useRef } from "react";
import { Segmented } from "../../../shell/ui/Segmented.tsx";
import { visibleToken } from "../../../shell/ui/token-text.ts";
import table from "../../common/common.module.css";
import { formatFigure } from "../../common/format-figure.ts";
import { numberIn } from "../../common/query.ts";
import { Section } from "../../common/Section.tsx";
import { TokenChips } from "../../common/TokenChips.tsx";
import type { Choices } from "../choices.ts";
import styles from "../Decompose.module.css";
import { Coupling } from "./Coupling.tsx";

const SHOWN_PATHS = 24;

/** Which observable and which of its paths the reader looks at. */
export function chosenPath(result: ObservableResult, choices: Choices) {
  const place = Math.min(result.observables.length - 1, Math.max(0, numberIn(choices.get("o")) ?? 0));
  const observable = result.observables[place];
  const wanted = numberIn(choices.get("path"));
  const path = observable?.ranked.find(({ path: each }) => each === wanted) ?? observable?.ranked[0];
  return { place, observable, path };
}

/** Every path by the length of its direction; the chosen one with what it reads, where, and how well it predicts. */
export function ObservablesResult({
  result,
  choices,
}: {
  readonly result: ObservableResult;
  readonly choices: Choices;
}) {
  const figure = useRef<HTMLDivElement>(null);
  const { place, observable, path } = chosenPath(result, choices);
  if (observable === undefined || path === undefined) return <p className="quiet">The answer holds no observable.</p>;
  const labelOf = (index: number) => result.paths[index]?.label ?? String(index);
  const shown = observable.ranked.slice(0, SHOWN_PATHS);
  const label = labelOf(path.path);
  const { heldOut } = path;
  const isMlp = result.paths[path.path]?.components.some(({ kind }) => kind === "mlp") ?? false;
  return (
    <div className={styles.answer}>
      <div>
        <p className={styles.headline}>
          {observable.name} = <b>{formatFigure(observable.value)}</b>{" "}
          <span className="quiet">logits in the reference prompt, at position {result.position}</span>
        </p>
        <p className={styles.sum}>
          {observable.tokens.map(({ id, text, weight }) => (
            <span key={id}>
              {weight < 0 ? "−" : "+"}
              {Math.abs(weight) === 1 ? "" : `${formatFigure(Math.abs(weight))} · `}
              <span className="mono">{visibleToken(text)}</span>
            </span>
          ))}
        </p>
      </div>
      {result.observables.length > 1 && (
        <div>
          <Segmented
            label="Observable"
            value={String(place)}
            options={result.observables.map(({ name }, i) => ({ value: String(i), label: name }))}
            onChange={(next) => choices.set({ o: next === "0" ? undefined : next, path: undefined })}
          />
        </div>
      )}
      <div className={styles.two}>
        <Section
          title="Components by how strongly they can write it"
          aside={
            <span className={styles.aside}>
              <span>length of the direction; r: predicted against measured</span>
              <ExportMenu
                name="observable-paths"
                table={() => ({
                  header: ["path", "norm", "cosine with the gradient through the norm", "r", "slope", "points"],
                  rows: observable.ranked.map((each) => [
                    labelOf(each.path),
                    each.norm,
                    each.cosineWithoutNorm,
                    each.heldOut?.correlation,
                    each.heldOut?.slope,
                    each.heldOut?.points,
                  ]),
                })}
              />
            </span>
          }
        >
          <BarList
            label={`Paths of ${observable.name} by norm`}
            extent={shown[0]?.norm ?? 1}
            bars={shown.map((each) => ({
              key: String(each.path),
              label: (
                <span className="mono" style={{ fontWeight: each.path === path.path ? 700 : 400 }}>
                  {each.path === path.path ? "▸ " : ""}
                  {labelOf(each.path)}
                  {each.heldOut !== undefined && (
                    <span className="quiet"> r {correlation(each.heldOut.correlation)}</span>
                  )}
                </span>
              ),
              value: each.norm,
              text: formatFigure(each.norm),
              title: `${labelOf(each.path)}: norm ${formatFigure(each.norm)}${each.heldOut === undefined ? "" : `, r ${correlation(each.heldOut.correlation)} over ${each.heldOut.points} positions`}`,
              onClick: () => choices.set({ path: String(each.path) }),
            }))}
          />
          {observable.ranked.length > shown.length && (
            <p className={styles.note}>
              The first {shown.length} of {observable.ranked.length}; the file holds all. r is measured for the
              strongest.
            </p>
          )}
        </Section>
        <div className={styles.answer}>
          <Section title={`${label} would have to read`} aside="token embedding · direction">
            <TokenChips tokens={path.reads.most} tone="heat" quantity="embedding · direction" />
            <div style={{ height: 6 }} />
            <TokenChips tokens={path.reads.least} tone="counter" quantity="embedding · direction" />
          </Section>
          <Section title={`What ${label} finds in the reference prompt`} aside="direction · stream at its input">
            <TokenHeatMap
              quantity="direction · stream"
              tokens={result.tokens.map((token, position) => ({
                position,
                text: token.text,
                label: visibleToken(token.text, token.special),
                value: path.strip[position],
                special: token.special,
              }))}
            />
          </Section>
          <Section
            title="Predicted against measured"
            aside={
              heldOut === undefined ? undefined : (
                <span className={styles.aside}>
                  <span>logits, every position of the held-out texts</span>
                  <ExportMenu
                    name={`predicted-${label}`}
                    figure={figure}
                    table={() => ({
                      header: ["predicted", "measured (logits)"],
                      rows: heldOut.predicted.map((value, i) => [value, heldOut.measured[i]]),
                    })}
                  />
                </span>
              )
            }
          >
            {heldOut === undefined ? (
              <p className="quiet">Compared for the strongest paths only; this one is further down.</p>
            ) : (
              <>
                <p>
                  r = <b>{correlation(heldOut.correlation)}</b>, slope{" "}
                  {heldOut.slope === null ? "n/a" : formatFigure(heldOut.slope)}, {heldOut.points} positions
                </p>
                <div ref={figure}>
                  <PredictedScatter
                    side={300}
                    quantity={`contribution of ${label}`}
                    marks={heldOut.predicted.map((predicted, i) => ({
                      name: `point ${i}`,
                      predicted,
                      measured: heldOut.measured[i] ?? 0,
                      main: false,
                    }))}
                  />
                </div>
              </>
            )}
          </Section>
          <Section title={isMlp ? "Is the linearised MLP to be trusted?" : "Does the norm turn the direction?"}>
            <table className={table.table}>
              <tbody>
                <tr>
                  <td>
                    cosine with the gradient through the whole norm
                    <span className="quiet"> at the reference prompt</span>
                  </td>
                  <td data-align="right">{formatFigure(path.cosineWithoutNorm)}</td>
                </tr>
                {isMlp && (
                  <tr>
                    <td>
                      r on held-out texts<span className="quiet"> of a linear stand-in for the MLP</span>
                    </td>
                    <td data-align="right">
                      {heldOut === undefined ? "not compared" : correlation(heldOut.correlation)}
                    </td>
                  </tr>
                )}
              </tbody>
            </table>
          </Section>
        </div>
      </div>
      {result.coupling !== undefined && <Coupling result={result} path={path.path} choices={choices} />}
    </div>
  );
}

function correlation(value: number | null): string {
  return value === null ? "n/a" : value.toFixed(2).replace("-", "−");
}
