import { DepthCurve } from "@patchbay/charts/react";
import type { ModelSummary } from "@patchbay/contract";
import type { LensSide } from "@patchbay/workbench-state";
import { formatProbability } from "../../shell/ui/format-number.ts";
import { visibleToken } from "../../shell/ui/token-text.ts";
import styles from "./Side.module.css";
import { TokenPicker } from "./TokenPicker.tsx";
import { useTraceStore, useView } from "./trace-context.tsx";
import type { TraceData } from "./use-trace-data.ts";

/** The followed token at this position, from the embedding to the last layer. */
export function DepthSection({
  data,
  before,
  model,
}: {
  readonly data: TraceData;
  readonly before: LensSide;
  readonly model: ModelSummary;
}) {
  const store = useTraceStore();
  const view = useView();
  const { target, after, position } = data;
  const { lens } = before;
  const rank = view.measure === "rank";
  const read = (side: LensSide | undefined) => {
    const tracked = side?.tracked;
    if (tracked === undefined) return undefined;
    return lens.labels.map((_, row) =>
      rank ? Math.log10(tracked.rank(row, position) + 1) : tracked.probability(row, position),
    );
  };
  const [old, now] = [read(before), read(after)];
  const format = (value: number) => (rank ? String(Math.round(10 ** value - 1)) : formatProbability(value));
  const lead = before.tracked;
  const settled = lens.settledAt(position);
  return (
    <section>
      <h2 className="section-title">
        <span>
          <span className="mono">“{visibleToken(target?.text ?? "")}”</span> through depth
        </span>
        <span>{rank ? "rank, 0 on top" : "probability"}</span>
      </h2>
      <DepthCurve
        labels={lens.labels}
        domain={rank ? [0, Math.max(1, ...(old ?? []), ...(now ?? []))] : [0, 1]}
        inverted={rank}
        selected={data.row}
        onSelect={(row) =>
          store.update(({ selected }) => ({
            selected: { ...selected, depth: row === lens.rows - 1 ? "last" : row === 0 ? "embed" : row - 1 },
          }))
        }
        format={format}
        series={[
          ...(old === undefined ? [] : [{ name: "before", values: old, colour: "var(--heat)" }]),
          ...(now === undefined ? [] : [{ name: "after", values: now, colour: "var(--counter)", dashed: true }]),
        ]}
      />
      <p className={styles.captionRow}>
        <span>
          {lead === undefined
            ? ""
            : lens.topId(lens.rows - 1, position) === lead.id
              ? `leads from ${lens.labels[settled] ?? "?"} on`
              : `rank ${lead.rank(lens.rows - 1, position)} in the end`}
          {now !== undefined && " · dashed: after"}
        </span>
        <TokenPicker
          model={model}
          label={view.pinned === undefined ? "follow another token…" : "change…"}
          value={view.pinned}
          onPick={(token) => store.update({ pinned: token }, { step: true })}
          clearLabel="follow the answer"
        />
        {view.pinned !== undefined && (
          <button
            type="button"
            className={styles.quietLink}
            onClick={() => store.update({ pinned: undefined }, { step: true })}
          >
            unpin
          </button>
        )}
      </p>
    </section>
  );
}
