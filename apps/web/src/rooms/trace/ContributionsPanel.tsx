import { divergingScale } from "@patchbay/charts/geometry";
import { BarList, CellGrid, ColourLegend } from "@patchbay/charts/react";
import type { ModelSummary } from "@patchbay/contract";
import { useMemo, useState } from "react";
import { navigate } from "../../shell/location.ts";
import { useTheme } from "../../shell/theme.ts";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { formatFixed, formatSigned } from "../../shell/ui/format-number.ts";
import { visibleToken } from "../../shell/ui/token-text.ts";
import { componentName, contributionGrid } from "./contribution-list.ts";
import { flipRows } from "./flip-rows.ts";
import styles from "./Panels.module.css";
import { TokenPicker } from "./TokenPicker.tsx";
import { useTraceStore, useView } from "./trace-context.tsx";
import { useAttribution } from "./use-attribution.ts";
import type { TraceData } from "./use-trace-data.ts";

/** Who wrote the logit: every head and every MLP, and what stands outside the layers. */
export function ContributionsPanel({ data, model }: { readonly data: TraceData; readonly model: ModelSummary }) {
  const store = useTraceStore();
  const view = useView();
  const theme = useTheme();
  const [cell, setCell] = useState({ row: 0, column: 0 });
  const shown = useAttribution(data);
  const { layers, heads } = model;
  const values = useMemo(
    () => shown && flipRows(contributionGrid(shown.parts, layers, heads), layers, heads + 1),
    [shown, layers, heads],
  );
  const columns = useMemo(
    () =>
      Array.from({ length: heads + 1 }, (_, i) => ({
        text: i === heads ? "MLP" : `H${i}`,
        label: i === heads ? "MLP" : `H${i}`,
      })),
    [heads],
  );
  const extent = Math.max(0.01, ...(shown?.parts.map(({ share }) => Math.abs(share)) ?? []));
  const scale = useMemo(() => divergingScale(theme, extent), [theme, extent]);
  if (data.detailProblem !== undefined) return <ErrorState problem={data.detailProblem} />;
  if (shown === undefined || values === undefined) {
    return (
      <p className="quiet" role="status">
        Computing contributions…
      </p>
    );
  }
  const { result, parts } = shown;
  const minus = result.target.minus;
  const number = (row: number, column: number) => values[row * (heads + 1) + column] ?? Number.NaN;
  const rest = parts.filter(({ kind }) => kind !== "head" && kind !== "mlp");
  const bars = [
    ...parts.slice(0, 24).map(({ key, name, share, before }) => ({
      key,
      label: name,
      value: share,
      reference: before,
      text: formatSigned(share),
    })),
    {
      key: "unexplained",
      label: "unexplained",
      value: shown.unexplained,
      text: formatSigned(shown.unexplained, 4),
      quiet: true,
    },
  ];
  const neurons = result.neurons ?? [];
  return (
    <div className={styles.contributions}>
      <section className={styles.contributionMap}>
        <h2 className="section-title">
          <span className={styles.question}>
            {shown.kind === "difference" ? "Change in who wrote" : "Who wrote"}{" "}
            <span className="mono">“{visibleToken(result.target.token.text)}”</span>
            {minus !== undefined && (
              <>
                {" "}
                over <span className="mono">“{visibleToken(minus.text)}”</span>
              </>
            )}{" "}
            at position {result.position < 0 ? data.position : result.position}
          </span>
          <TokenPicker
            model={model}
            label={minus === undefined ? "compare with a token…" : "compare with another token…"}
            value={view.minus}
            onPick={(token) => store.update({ minus: token }, { step: true })}
            clearLabel="logit of the token alone"
          />
        </h2>
        <div className={styles.contributionGrid}>
          <CellGrid
            label="Contributions of heads and MLPs"
            rowLabels={Array.from({ length: layers }, (_, i) => `L${layers - 1 - i}`)}
            columns={columns}
            values={values}
            scale={scale}
            text={(row, column) => (Number.isNaN(number(row, column)) ? "" : formatSigned(number(row, column)))}
            note={() => ""}
            describe={({ row, column }) =>
              `L${layers - 1 - row} ${columns[column]?.text}: ${formatSigned(number(row, column))} logits`
            }
            selected={cell}
            zoom={1}
            onSelect={setCell}
            onOpen={({ row, column }) => {
              const layer = layers - 1 - row;
              if (column < heads) store.update({ panel: "attention", head: { layer, head: column } }, { step: true });
              else
                store.update(({ selected }) => ({ panel: "lens", selected: { ...selected, depth: layer } }), {
                  step: true,
                });
            }}
            headWidth={34}
            rowHead={(row, height) => (
              <span className={styles.layerName} style={{ lineHeight: `${height}px` }}>
                L{layers - 1 - row}
              </span>
            )}
          />
        </div>
        <p className={styles.mapNote}>
          <ColourLegend scale={scale} low={`−${formatFixed(extent)}`} high={`+${formatFixed(extent)}`} />
          {minus === undefined ? "logits" : "logit difference"}, through the final norm's recorded scale{" "}
          {formatFixed(result.scale, 3)} · Enter opens a head
        </p>
        <p className={styles.mapNote}>
          {rest.map(({ name, share }) => `${name} ${formatSigned(share)}`).join(" · ")}
          {rest.length > 0 && " · "}unexplained {formatSigned(shown.unexplained, 4)} ·{" "}
          <strong>total {formatSigned(shown.total)}</strong>
        </p>
      </section>
      <section className={styles.contributionBars}>
        <h2 className="section-title">
          Parts, largest first <span>logits{shown.kind === "difference" ? ", change" : ""}</span>
        </h2>
        <BarList label="Contributions" bars={bars} extent={extent} signed />
        {neurons.length > 0 && (
          <>
            <h2 className="section-title" style={{ marginTop: 18 }}>
              Single neurons <span>logits{shown.kind === "difference" ? ", after" : ""}; inside their MLP's bar</span>
            </h2>
            <BarList
              label="Contributions of neurons"
              extent={Math.max(...neurons.map(({ share }) => Math.abs(share)), 0.01)}
              signed
              bars={neurons.map((neuron) => ({
                key: neuron.label,
                label: <span className="mono">{componentName(neuron)}</span>,
                value: neuron.share,
                text: formatSigned(neuron.share),
                onClick: () => navigate(`/m/${encodeURIComponent(model.name)}/L${neuron.layer}/N${neuron.unit}`),
              }))}
            />
          </>
        )}
      </section>
    </div>
  );
}
