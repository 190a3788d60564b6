import { divergingScale, sequentialScale, usefulZoom } from "@patchbay/charts/geometry";
import { ColourLegend } from "@patchbay/charts/react";
import { interventionsOf } from "@patchbay/workbench-state";
import { useMemo } from "react";
import { useTheme } from "../../shell/theme.ts";
import { Button } from "../../shell/ui/Button.tsx";
import { formatFixed } from "../../shell/ui/format-number.ts";
import { Segmented } from "../../shell/ui/Segmented.tsx";
import { ExportButton } from "./ExportButton.tsx";
import styles from "./Trace.module.css";
import { useTraceStore, useView } from "./trace-context.tsx";
import type { TraceData } from "./use-trace-data.ts";

/** What is drawn, of which run, and what its colour means. */
export function Toolbar({
  data,
  zoom,
  onZoom,
}: {
  readonly data: TraceData;
  readonly zoom: number;
  onZoom(zoom: number): void;
}) {
  const store = useTraceStore();
  const view = useView();
  const patched = interventionsOf(view.patches, "run").length > 0;
  const needsPatch = patched ? undefined : "Needs a patch: click a jack beside a row, or press P on a cell.";
  return (
    <div className={styles.toolbar}>
      <Segmented
        label="View"
        value={view.panel}
        onChange={(panel) => store.update({ panel }, { step: true })}
        options={[
          { value: "lens", label: "Logit lens" },
          { value: "attention", label: "Attention" },
          { value: "contributions", label: "Contributions" },
          { value: "features", label: "Features" },
        ]}
      />
      <Segmented
        label="Comparison"
        value={patched ? view.compare : "before"}
        onChange={(compare) => store.update({ compare })}
        options={[
          { value: "before", label: "Before", hint: "Without the patches" },
          { value: "after", label: "After", disabled: needsPatch, hint: "With the patches" },
          { value: "difference", label: "Difference", disabled: needsPatch, hint: "After minus before (D)" },
        ]}
      />
      {view.panel === "lens" && (
        <>
          <Segmented
            label="Measure"
            value={view.measure}
            onChange={(measure) => store.update({ measure })}
            options={[
              { value: "probability", label: "Probability", hint: "Of the leading token" },
              { value: "rank", label: "Rank", hint: "Of the followed token" },
              { value: "kl", label: "KL", hint: "From the final distribution to this row's, nats" },
              { value: "entropy", label: "Entropy", hint: "Of this row's distribution, nats" },
            ]}
          />
          <span className={styles.toolbarEnd}>
            {zoom > 1.01 && (
              <Button kind="bare" onClick={() => onZoom(1)} title="Fit the grid to the window (0)">
                Fit
              </Button>
            )}
            {zoom <= 1.01 && tokensAreHidden(data) && (
              <Button
                kind="bare"
                onClick={() => onZoom(readableZoom(data))}
                title="Make the cells wide enough for their tokens (+, or Ctrl and the wheel)"
              >
                Zoom to read
              </Button>
            )}
            <ExportButton data={data} />
          </span>
          <p className={styles.legend}>
            <LensLegend data={data} />
            <button
              type="button"
              title="Which norm is applied to the residual stream before the unembedding"
              onClick={() => store.update({ norm: view.norm === "final" ? "none" : "final" }, { step: true })}
            >
              {view.norm === "final" ? "final norm applied" : "raw stream, no norm"}
            </button>
            <span>
              <i className={styles.settledKey} /> from here up the answer stays
            </span>
          </p>
        </>
      )}
    </div>
  );
}

/** px beside the grid: rail, row heads, side panel. */
const BESIDE = 520;
/** Below this width, px, a cell is colour alone. */
const READABLE = 31;

function tokensAreHidden({ tokens }: TraceData): boolean {
  return (innerWidth - BESIDE) / Math.max(1, tokens.length) < READABLE;
}

function readableZoom({ tokens, before }: TraceData): number {
  const space = {
    rows: before?.lens.rows ?? 1,
    columns: tokens.length,
    width: innerWidth - BESIDE,
    height: 400,
    zoom: 1,
  };
  return Math.max(1.1, usefulZoom(space) * 0.6);
}

function LensLegend({ data }: { readonly data: TraceData }) {
  const theme = useTheme();
  const { cells } = data;
  const scale = useMemo(
    () =>
      cells &&
      (cells.kind === "diverging" ? divergingScale(theme, cells.domain[1]) : sequentialScale(theme, cells.domain)),
    [cells, theme],
  );
  const { measure } = useView();
  if (cells === undefined || scale === undefined) return null;
  const [low, high] = cells.domain;
  const rank = measure === "rank" && cells.kind === "sequential";
  const places = Math.abs(high) >= 10 || Number.isInteger(high) ? 0 : 2;
  return (
    <>
      <ColourLegend
        scale={scale}
        low={rank ? "10k" : formatFixed(low, places)}
        high={rank ? "0" : formatFixed(high, places)}
      />
      <span>{cells.meaning}</span>
    </>
  );
}
