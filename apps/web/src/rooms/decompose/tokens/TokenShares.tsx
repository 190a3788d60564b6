import { BarList, ExportMenu, TokenHeatMap } from "@patchbay/charts/react";
import type { Decomposition } from "@patchbay/contract";
import { useMemo } from "react";
import { Segmented } from "../../../shell/ui/Segmented.tsx";
import { visibleToken } from "../../../shell/ui/token-text.ts";
import { formatFigure } from "../../common/format-figure.ts";
import { numberIn, oneOf } from "../../common/query.ts";
import { Section } from "../../common/Section.tsx";
import type { Choices } from "../choices.ts";
import styles from "../Decompose.module.css";
import { ShareFlow } from "./ShareFlow.tsx";
import { shareRows, unitOfTarget } from "./share-rows.ts";

/** Every token's exact share of the target, the biases', and what is left; then which way the shares travel. */
export function TokenShares({ result, choices }: { readonly result: Decomposition; readonly choices: Choices }) {
  const order = oneOf(choices.get("order"), ["size", "text"] as const, "size");
  const chosen = numberIn(choices.get("source"));
  const unit = unitOfTarget(result);
  const rows = useMemo(() => shareRows(result), [result]);
  const sorted = order === "text" ? rows : rows.toSorted((a, b) => Math.abs(b.share) - Math.abs(a.share));
  const extent = rows.reduce((most, { share }) => Math.max(most, Math.abs(share)), 0);
  const strongest = rows.reduce(
    (best, row) => (Math.abs(row.share) > Math.abs(best.share) ? row : best),
    rows[0] ?? NONE,
  );
  const source =
    chosen !== undefined && chosen >= 0 && chosen < result.tokens.length ? chosen : (strongest.position ?? 0);
  const select = (position: number) => choices.set({ source: String(position) });
  const tokens = result.tokens.map((token, position) => ({
    position,
    text: token.text,
    label: visibleToken(token.text, token.special),
    value: result.tokenShares[position],
    special: token.special,
  }));
  return (
    <div className={styles.answer}>
      <ShareSum result={result} />
      <Section title="Share of each token" aside={`${unit}; frozen norms, patterns and MLP slopes`}>
        <TokenHeatMap tokens={tokens} quantity={`share of the target (${unit})`} selected={source} onSelect={select} />
      </Section>
      <div className={styles.two}>
        <Section
          title="The sum, part by part"
          aside={
            <span className={styles.aside}>
              <span>{unit}</span>
              <Segmented
                label="Order of the parts"
                value={order}
                options={[
                  { value: "size", label: "by size" },
                  { value: "text", label: "in the text" },
                ]}
                onChange={(next) => choices.set({ order: next === "size" ? undefined : next })}
              />
              <ExportMenu
                name="token-shares"
                table={() => ({
                  header: ["part", "position", `share (${unit})`],
                  rows: [
                    ...rows.map((row) => [row.label, row.position, row.share]),
                    ["unexplained", undefined, result.unexplained],
                    ["total", undefined, result.target.total],
                  ],
                })}
              />
            </span>
          }
        >
          <div className={styles.scroll}>
            <BarList
              label={`Parts of ${result.target.text}`}
              extent={extent}
              signed
              valueWidth={64}
              bars={[
                ...sorted.map((row) => ({
                  key: row.key,
                  label: (
                    <>
                      <span className="mono">{row.label}</span>
                      {row.position !== undefined && <span className="quiet"> {row.position}</span>}
                    </>
                  ),
                  value: row.share,
                  text: formatFigure(row.share),
                  ...(row.position === undefined ? {} : { onClick: () => select(row.position ?? 0) }),
                })),
                {
                  key: "unexplained",
                  label: "unexplained (rounding)",
                  value: result.unexplained,
                  text: formatFigure(result.unexplained),
                  quiet: true,
                },
              ]}
            />
          </div>
        </Section>
        <Components result={result} />
      </div>
      {result.flow !== undefined && <ShareFlow result={result} flow={result.flow} source={source} choices={choices} />}
      <p className={styles.note}>Held at the run’s values: {result.frozen}.</p>
    </div>
  );
}

const NONE = { key: "", label: "", share: 0, position: undefined };

/** The target and the sum that makes it, in one line. */
export function ShareSum({ result }: { readonly result: Decomposition }) {
  const { tokenShares, positionShares, biasShares, unexplained, target } = result;
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return (
    <div>
      <p className={styles.headline}>
        {target.text} = <b>{formatFigure(target.total)}</b>{" "}
        <span className="quiet">
          {unitOfTarget(result) === "logits" ? "logits " : ""}at position {target.position}
        </span>
      </p>
      <p className={styles.sum}>
        <span>= {formatFigure(sum(tokenShares))} tokens</span>
        {positionShares !== undefined && <span>+ {formatFigure(sum(positionShares))} positions</span>}
        <span>
          + {formatFigure(sum(biasShares.map(({ share }) => share)))} biases
          {biasShares.length === 0 ? " (the model has none)" : ""}
        </span>
        <span>+ {formatFigure(unexplained)} unexplained</span>
      </p>
    </div>
  );
}

const SHOWN_COMPONENTS = 18;

function Components({ result }: { readonly result: Decomposition }) {
  const unit = unitOfTarget(result);
  const ranked = result.components.toSorted((a, b) => Math.abs(b.through) - Math.abs(a.through));
  const shown = ranked.slice(0, SHOWN_COMPONENTS);
  const extent = Math.abs(shown[0]?.through ?? 0);
  return (
    <Section
      title="Through which component"
      aside={
        <span className={styles.aside}>
          <span>{unit} by any path; tick: directly</span>
          <ExportMenu
            name="components"
            table={() => ({
              header: ["component", `through (${unit})`, `direct (${unit})`],
              rows: result.components.map(({ label, through, direct }) => [label, through, direct]),
            })}
          />
        </span>
      }
    >
      <BarList
        label="What passes through each head and MLP"
        extent={Math.max(extent, ...shown.map(({ direct }) => Math.abs(direct)))}
        signed
        valueWidth={64}
        bars={shown.map(({ label, through, direct }) => ({
          key: label,
          label: <span className="mono">{label}</span>,
          value: through,
          reference: direct,
          text: formatFigure(through),
          title: `${label}: ${formatFigure(through)} through, ${formatFigure(direct)} directly`,
        }))}
      />
      {ranked.length > shown.length && (
        <p className={styles.note}>
          Bar: what passes through the component’s output by any later path; tick: what it writes to the target itself.
          The {shown.length} largest of {ranked.length}; a path passes through several, so they do not sum to the
          target.
        </p>
      )}
    </Section>
  );
}
