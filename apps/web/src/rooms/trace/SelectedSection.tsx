import { BarList } from "@patchbay/charts/react";
import type { ModelSummary } from "@patchbay/contract";
import type { LensSide } from "@patchbay/workbench-state";
import { formatFixed, formatProbability } from "../../shell/ui/format-number.ts";
import { TokenChip } from "../../shell/ui/TokenChip.tsx";
import { visibleToken } from "../../shell/ui/token-text.ts";
import styles from "./Side.module.css";
import { useTraceStore, useView } from "./trace-context.tsx";
import type { TraceData } from "./use-trace-data.ts";

const SHOWN = 7;

/** The distribution at the selected place. A click follows that token. */
export function SelectedSection({
  data,
  before,
  model,
}: {
  readonly data: TraceData;
  readonly before: LensSide;
  readonly model: ModelSummary;
}) {
  const store = useTraceStore();
  const { compare } = useView();
  const { row, position, after } = data;
  const showsAfter = compare !== "before" && after !== undefined;
  const { lens } = showsAfter ? after : before;
  const other = showsAfter ? before.lens : undefined;
  const ranking = lens.ranking(row, position).slice(0, SHOWN);
  const label = lens.labels[row] ?? "";
  const isOutput = row === lens.rows - 1;
  const rest = 1 - ranking.reduce((sum, { probability }) => sum + probability, 0);
  return (
    <section>
      <h2 className="section-title" id="selected-place" tabIndex={-1}>
        <span>
          {label} · position {position} <TokenChip text={data.tokens[position]?.text ?? ""} />
        </span>
        <span>probability{showsAfter ? ", after" : ""}</span>
      </h2>
      <BarList
        label={`Leading tokens at ${label}, position ${position}`}
        extent={1}
        bars={[
          ...ranking.map(({ id, text, probability }) => ({
            key: String(id),
            label: <span className="mono">{visibleToken(text)}</span>,
            value: probability,
            reference: other?.probabilityOf(row, position, id),
            text: formatProbability(probability),
            title: `Follow ${JSON.stringify(text)} through depth`,
            onClick: () =>
              store.update({ pinned: text.trim() === "" || text.includes("<") ? id : text }, { step: true }),
          })),
          {
            key: "rest",
            label: `${(model.vocabulary - ranking.length).toLocaleString("en-US")} others`,
            value: Math.max(0, rest),
            text: formatProbability(Math.max(0, rest)),
            quiet: true,
          },
        ]}
      />
      <p className={styles.caption}>
        {isOutput
          ? "the model's own output"
          : `as if ${label === "embed" ? "there were no layers" : "the model stopped here"}`}{" "}
        · entropy {formatFixed(lens.entropy(row, position))} nats
        {!isOutput && ` · KL to final ${formatFixed(lens.divergence(row, position))}`}
      </p>
    </section>
  );
}
