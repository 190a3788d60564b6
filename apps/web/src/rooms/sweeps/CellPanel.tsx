import type { SweepRequest } from "@patchbay/contract";
import type { ShownSweep } from "@patchbay/workbench-state";
import { placeOnAxes } from "@patchbay/workbench-state";
import { useEffect, useMemo } from "react";
import { Link } from "../../shell/Link.tsx";
import { Button } from "../../shell/ui/Button.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import ui from "../../shell/ui/ui.module.css";
import common from "../common/common.module.css";
import { formatFigure } from "../common/format-figure.ts";
import { useQuestion } from "../common/use-question.ts";
import styles from "./Sweeps.module.css";
import { cellName, cellSentence } from "./sweep-words.ts";
import { tracePatchOf } from "./trace-patch.ts";

/** The chosen cell: what was done, what came of it, and the two ways to check it. */
export function CellPanel({
  sweep,
  request,
  cell,
  onClose,
}: {
  readonly sweep: ShownSweep;
  readonly request: SweepRequest;
  readonly cell: { readonly panel: number; readonly index: number };
  onClose(): void;
}) {
  const panel = sweep.panels[cell.panel];
  const patch = useMemo(() => tracePatchOf(request, sweep, cell), [request, sweep, cell]);
  const { state, ask, reset } = useQuestion("sweep");
  const cellKey = `${cell.panel}:${cell.index}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another cell has not been verified yet
  useEffect(() => reset(), [cellKey, request]);
  if (panel === undefined || cell.index >= panel.raw.length) return null;
  const [raw, normalised] = [panel.raw[cell.index], panel.normalised[cell.index]];
  const [low, high] = [panel.interval?.low[cell.index], panel.interval?.high[cell.index]];
  const { clean, corrupted } = sweep.baselines;
  const estimated = request.estimate !== undefined;
  const verify = () => {
    const { estimate: _estimate, verify: _verify, ...exact } = request;
    void ask({ ...exact, cells: [{ panel: cell.panel, indices: placeOnAxes(panel.axes, cell.index) }] });
  };
  const exact = state.status === "ready" ? state.value.panels[cell.panel]?.raw[cell.index] : undefined;
  const facts: [string, string][] = [
    ...(raw == null ? [] : ([[sweep.metric, formatFigure(raw)]] satisfies [string, string][])),
    ...(normalised == null
      ? []
      : ([[request.method.kind === "ablation" ? "change" : "normalised", formatFigure(normalised)]] satisfies [
          string,
          string,
        ][])),
    ...(low == null || high == null
      ? []
      : ([["95 % interval", `${formatFigure(low)} … ${formatFigure(high)}`]] satisfies [string, string][])),
    ["clean", formatFigure(clean)],
    ...(corrupted === null ? [] : ([["corrupted", formatFigure(corrupted)]] satisfies [string, string][])),
  ];
  return (
    <aside className={styles.cell} aria-label="Chosen cell">
      <h2 className="section-title">
        <span className="mono">{cellName(panel, cell.index)}</span>
        <Button kind="bare" onClick={onClose} aria-label="Close the chosen cell">
          ×
        </Button>
      </h2>
      <p>{cellSentence(panel, cell.index, request)}</p>
      <dl className={common.facts}>
        {facts.map(([name, value]) => (
          <div key={name} style={{ display: "contents" }}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {raw == null && (
        <p className="quiet">
          {sweep.result === undefined
            ? "This cell has not come yet."
            : "Not computed: these positions have no partner in the other prompt, or the cell was not asked for."}
        </p>
      )}
      <div className={styles.cellActions}>
        {patch.path === undefined ? (
          <p className="quiet">{patch.why}</p>
        ) : (
          <Link href={patch.path} className={ui.button} data-kind="plain">
            Open in Trace as a patch
          </Link>
        )}
        <Button disabled={state.status === "pending" || raw == null} onClick={verify}>
          {state.status === "pending" ? "Running …" : estimated ? "Verify exactly" : "Run alone"}
        </Button>
      </div>
      {request.examples !== undefined && patch.path !== undefined && (
        <p className="quiet">Trace shows the first prompt; the numbers here are means over all.</p>
      )}
      {state.status === "failed" && <ErrorState inline problem={state.problem} />}
      {exact != null && raw != null && (
        <p role="status" data-verified="">
          Run by itself: <b>{formatFigure(exact)}</b>,{" "}
          {Math.abs(exact - raw) < 1e-4 * Math.max(1, Math.abs(raw))
            ? "the same"
            : `${formatFigure(Math.abs(exact - raw))} from the ${estimated ? "estimate" : "sweep"}`}
          .
        </p>
      )}
    </aside>
  );
}
