import { divergingScale, type ThemeName } from "@patchbay/charts/geometry";
import { ColourLegend, ExportMenu, useThemeName } from "@patchbay/charts/react";
import type { SweepRequest } from "@patchbay/contract";
import { type ShownSweep, type SweepsView, sharedExtent, shownValues } from "@patchbay/workbench-state";
import { useMemo } from "react";
import { formatCount, formatFixed } from "../../shell/ui/format-number.ts";
import { Segmented } from "../../shell/ui/Segmented.tsx";
import { formatFigure } from "../common/format-figure.ts";
import { CellPanel } from "./CellPanel.tsx";
import { GreedyCurve } from "./GreedyCurve.tsx";
import { SweepMap, sweepTable } from "./SweepMap.tsx";
import styles from "./Sweeps.module.css";
import { SweepTable } from "./SweepTable.tsx";
import { changedBaseline, measureWords, SITE_WORDS } from "./sweep-words.ts";
import { VerificationFigure } from "./VerificationFigure.tsx";

type Looking = Pick<SweepsView, "scale" | "form" | "cell">;

/** A sweep, whole or as far as it has come. In the room and on the page of a finding. */
export function SweepResults({
  sweep,
  request,
  looking,
  onLook,
}: {
  readonly sweep: ShownSweep;
  readonly request: SweepRequest;
  readonly looking: Looking;
  onLook(change: Partial<Looking>): void;
}) {
  const { scale, form, cell } = looking;
  const theme = useThemeName();
  const base = changedBaseline(sweep, request);
  const cells = useMemo(
    () => sweep.panels.map((panel) => shownValues(panel, scale, base)),
    [sweep.panels, scale, base],
  );
  // A hundredth of what there is to explain; normalised that is 1.
  const whole = Math.abs(sweep.baselines.clean - (sweep.baselines.corrupted ?? 0));
  const least = (scale === "normalised" && request.method.kind !== "ablation" ? 0.01 : 0.01 * whole) || 0.01;
  const colours = useMemo(
    () => divergingScale(theme === "dark" ? ("dark" satisfies ThemeName) : "light", sharedExtent(cells, least)),
    [theme, cells, least],
  );
  const { clean, corrupted } = sweep.baselines;
  const extent = formatFigure(colours.domain[1]);
  const ablation = request.method.kind === "ablation";
  const { result } = sweep;
  return (
    <div className={styles.results} data-sweep={result === undefined ? "coming" : "done"}>
      <div className={styles.resultBar}>
        <p className={styles.baselines}>
          <span>{sweep.metric}</span> clean <b>{formatFigure(clean)}</b>
          {corrupted !== null && (
            <>
              {" "}
              · corrupted <b>{formatFigure(corrupted)}</b>
            </>
          )}
        </p>
        <Segmented
          label="Scale"
          value={scale}
          options={[
            {
              value: "normalised",
              label: ablation ? "change" : "normalised",
              hint: ablation ? "Changed − clean" : "0 as corrupted, 1 as clean",
            },
            ...(ablation
              ? []
              : [
                  {
                    value: "effect" as const,
                    label: "effect",
                    hint: "The metric less that of the run that is changed: 0 is nothing happened",
                  },
                ]),
            { value: "raw", label: "raw", hint: "The metric of the changed run" },
          ]}
          onChange={(next) => onLook({ scale: next })}
        />
        <Segmented
          label="Form"
          value={form}
          options={[
            { value: "map", label: "map" },
            { value: "table", label: "table" },
          ]}
          onChange={(next) => onLook({ form: next })}
        />
      </div>
      <p className={styles.legend}>
        <ColourLegend scale={colours} low={`−${extent}`} high={extent} />
        <span>{measureWords(sweep, request, scale)}; one scale for all pictures, centred at 0</span>
        {form === "table" && (
          <ExportMenu
            name="sweep"
            table={() => ({
              header: ["site", "cell", "raw", "normalised", "low", "high"],
              rows: sweep.panels.flatMap((panel) =>
                sweepTable(panel).rows.map((row) => [
                  SITE_WORDS[panel.site],
                  row.slice(0, -4).join(" · "),
                  ...row.slice(-4),
                ]),
              ),
            })}
          />
        )}
      </p>
      <div className={styles.stage} data-with-cell={cell !== undefined}>
        <div className={styles.figures}>
          {form === "table" ? (
            <SweepTable sweep={sweep} base={base} cell={cell} onSelect={(next) => onLook({ cell: next })} />
          ) : (
            <div className={styles.maps}>
              {sweep.panels.map((_, number) => (
                <SweepMap
                  // biome-ignore lint/suspicious/noArrayIndexKey: a panel is its place in the request
                  key={number}
                  sweep={sweep}
                  request={request}
                  number={number}
                  measure={scale}
                  cells={cells[number] ?? []}
                  colours={colours}
                  selected={cell?.panel === number ? cell.index : undefined}
                  onSelect={(index) => onLook({ cell: { panel: number, index } })}
                />
              ))}
            </div>
          )}
          {sweep.greedy.length > 0 && <GreedyCurve sweep={sweep} />}
          {result?.verification != null && <VerificationFigure verification={result.verification} what="cell" />}
          {result !== undefined && (
            <p className={styles.cost}>
              {result.warnings.map((warning) => (
                <span key={warning} role="alert">
                  {warning}{" "}
                </span>
              ))}
              {formatCount(result.cost.cells)} cells, {formatCount(result.cost.rows)} runs computed,{" "}
              {formatCount(result.cost.unchanged)} unchanged by proof · {formatCount(result.cost.blockTokens)}{" "}
              block-tokens of {formatCount(result.cost.blockTokensFromScratch)} from scratch ·{" "}
              {formatFixed(result.cost.seconds, 1)} s{result.examples > 1 && ` · means of ${result.examples} prompts`}
              {result.samples > 1 && ` · ${result.samples} samples`} · recipe {result.recipe.hash.slice(0, 8)}
            </p>
          )}
        </div>
        {cell !== undefined && (
          <CellPanel sweep={sweep} request={request} cell={cell} onClose={() => onLook({ cell: undefined })} />
        )}
      </div>
    </div>
  );
}
