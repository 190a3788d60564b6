import { ExportMenu, LineChart, TokenHeatMap } from "@patchbay/charts/react";
import type { DeletionCurve } from "@patchbay/contract";
import { useRef } from "react";
import { Segmented } from "../../../shell/ui/Segmented.tsx";
import { visibleToken } from "../../../shell/ui/token-text.ts";
import table from "../../common/common.module.css";
import { formatFigure } from "../../common/format-figure.ts";
import { numberIn, oneOf } from "../../common/query.ts";
import { Section } from "../../common/Section.tsx";
import type { Choices } from "../choices.ts";
import styles from "../Decompose.module.css";

const NAMES = { decomposition: "decomposition", "gradient-times-input": "gradient × input", random: "random" } as const;
const COLOURS = {
  decomposition: "var(--heat)",
  "gradient-times-input": "var(--counter)",
  random: "var(--ink-4)",
} as const;

/** Tokens deleted in the order of their shares: the faster the answer falls, the better the order. */
export function DeletionCurves({ result, choices }: { readonly result: DeletionCurve; readonly choices: Choices }) {
  const figure = useRef<HTMLDivElement>(null);
  const quantity = oneOf(choices.get("curve"), ["probability", "metric"] as const, "probability");
  const prompt = Math.min(result.prompts.length - 1, Math.max(0, numberIn(choices.get("text")) ?? 0));
  const areaOf = (curve: DeletionCurve["curves"][number]) => (quantity === "metric" ? curve.metricArea : curve.area);
  const series = result.curves.map((curve) => ({
    name: NAMES[curve.method],
    colour: COLOURS[curve.method],
    dashed: curve.method === "random",
    points: result.shares.map((x, i) => ({ x: 100 * x, y: curve[quantity][i] ?? Number.NaN })),
  }));
  const unit = quantity === "probability" ? "P(answer)" : result.contrast === "none" ? "logit" : "logit difference";
  const shown = result.prompts[prompt];
  return (
    <div className={styles.answer}>
      <p className={styles.headline}>
        The decomposition’s order beats gradient × input on <b>{result.wins}</b> of {result.prompts.length} prompts{" "}
        <span className="quiet">(smaller area under P)</span>
      </p>
      <div className={styles.wideNarrow}>
        <Section
          title="Deleted, in order of attribution"
          aside={
            <span className={styles.aside}>
              <span>
                {unit}, mean over {result.prompts.length} prompts
              </span>
              <Segmented
                label="Quantity"
                value={quantity}
                options={[
                  { value: "probability", label: "probability" },
                  { value: "metric", label: "what was attributed" },
                ]}
                onChange={(next) => choices.set({ curve: next === "probability" ? undefined : next })}
              />
              <ExportMenu
                name="deletion-curve"
                figure={figure}
                table={() => ({
                  header: ["tokens deleted (share)", ...result.curves.map(({ method }) => `${NAMES[method]}: ${unit}`)],
                  rows: result.shares.map((share, i) => [share, ...result.curves.map((curve) => curve[quantity][i])]),
                })}
              />
            </span>
          }
        >
          <div ref={figure}>
            <LineChart
              series={series}
              label={`${unit} against the share of tokens deleted`}
              height={280}
              unitX="% of tokens deleted"
              nameWidth={92}
              restAt={20}
              format={formatFigure}
            />
          </div>
        </Section>
        <Section title="Area under the curve" aside="smaller is better">
          <table className={table.table}>
            <thead>
              <tr>
                <th scope="col">order</th>
                <th scope="col" data-align="right">
                  area of {quantity === "probability" ? "P" : unit}
                </th>
              </tr>
            </thead>
            <tbody>
              {result.curves.map((curve) => (
                <tr key={curve.method}>
                  <td>{NAMES[curve.method]}</td>
                  <td data-align="right">{formatFigure(areaOf(curve))}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <p className={styles.note}>
            A deleted token keeps its position; its embedding becomes{" "}
            {result.baseline === "mean" ? "the mean of the vocabulary" : "zero"}. BOS is never deleted.
          </p>
        </Section>
      </div>
      <div className={styles.wideNarrow}>
        <Section title="Prompts" aside="area under P by order">
          <div className={styles.scroll}>
            <table className={table.table}>
              <thead>
                <tr>
                  <th scope="col">prompt → answer</th>
                  <th scope="col" data-align="right">
                    P
                  </th>
                  <th scope="col" data-align="right">
                    decomposition
                  </th>
                  <th scope="col" data-align="right">
                    gradient × input
                  </th>
                  <th scope="col" data-align="right">
                    random
                  </th>
                </tr>
              </thead>
              <tbody>
                {result.prompts.map((row, i) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: prompts keep their order
                  <tr key={i} className={styles.row} aria-selected={i === prompt}>
                    <td>
                      <button type="button" onClick={() => choices.set({ text: i === 0 ? undefined : String(i) })}>
                        …
                        {row.tokens
                          .map(({ text }) => text)
                          .join("")
                          .slice(-58)}{" "}
                        → <span className="mono">{visibleToken(row.token.text)}</span>
                      </button>
                    </td>
                    <td data-align="right">{formatFigure(row.probability)}</td>
                    <td data-align="right">{formatFigure(row.areas.decomposition)}</td>
                    <td data-align="right">{formatFigure(row.areas.gradientTimesInput)}</td>
                    <td data-align="right">{formatFigure(row.areas.random)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </Section>
        {shown !== undefined && (
          <Section title="Where the two differ" aside="logits">
            {(["decomposition", "gradientTimesInput"] as const).map((method) => (
              <div key={method}>
                <p className="quiet">{method === "decomposition" ? "decomposition" : "gradient × input"}</p>
                <TokenHeatMap
                  quantity={method === "decomposition" ? "share (logits)" : "gradient × input (logits)"}
                  tokens={shown.tokens.map((token, position) => ({
                    position,
                    text: token.text,
                    label: visibleToken(token.text, token.special),
                    value: shown[method][position],
                    special: token.special,
                  }))}
                />
              </div>
            ))}
          </Section>
        )}
      </div>
    </div>
  );
}
