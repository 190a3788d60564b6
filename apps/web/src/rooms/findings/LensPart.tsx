import { type CellAddress, divergingScale, sequentialScale } from "@patchbay/charts/geometry";
import { CellGrid, ColourLegend, ExportMenu } from "@patchbay/charts/react";
import {
  type Comparison,
  gridCells,
  type LensMeasure,
  type LensSide,
  lensAnswer,
  trackedToken,
} from "@patchbay/workbench-state";
import { useMemo, useState } from "react";
import { useTheme } from "../../shell/theme.ts";
import { formatProbability } from "../../shell/ui/format-number.ts";
import { Segmented } from "../../shell/ui/Segmented.tsx";
import { TokenChip } from "../../shell/ui/TokenChip.tsx";
import { visibleToken } from "../../shell/ui/token-text.ts";
import { cellText } from "../common/cell-text.ts";
import { Section } from "../common/Section.tsx";
import type { Run } from "../common/wire.ts";
import styles from "./Findings.module.css";

const ROW_HEIGHT = 44;
const HEAD_WIDTH = 64;

/** The stored lens grid: depth upwards, positions to the right, before, after and their difference. */
export function LensPart({ before, after }: { readonly before: Run; readonly after: Run | undefined }) {
  const theme = useTheme();
  const [compare, setCompare] = useState<Comparison>(after === undefined ? "before" : "difference");
  const [measure, setMeasure] = useState<Exclude<LensMeasure, "rank">>("probability");
  const [selected, setSelected] = useState<CellAddress>();
  const [zoom, setZoom] = useState(1);
  const sides = useMemo(() => ({ before: sideOf(before), after: after && sideOf(after) }), [before, after]);
  const picture = useMemo(() => {
    if (sides.before === undefined) return undefined;
    const cells = gridCells({ before: sides.before, after: sides.after, compare, measure });
    return {
      cells,
      scale: cells.kind === "diverging" ? divergingScale(theme, cells.domain[1]) : sequentialScale(theme, cells.domain),
    };
  }, [sides, compare, measure, theme]);
  if (picture === undefined || sides.before === undefined) return null;
  const { cells, scale } = picture;
  const { lens } = sides.before;
  const last = cells.rows - 1;
  const positions = before.results.lens?.positions ?? [];
  const columns = positions.map((position) => {
    const token = before.tokens[0]?.[position];
    return { text: visibleToken(token?.text ?? "", token?.special), label: String(position) };
  });
  const describe = ({ row, column }: CellAddress) => {
    const of = (side: LensSide | undefined) =>
      side?.lens
        .ranking(last - row, column)
        .map(({ text, probability }) => `${visibleToken(text)} ${formatProbability(probability)}`)
        .join(", ");
    const now = of(sides.after);
    return `${lens.labels[last - row]}, position ${positions[column]}: ${of(sides.before)}${now === undefined ? "" : `; after: ${now}`}`;
  };
  const answer = before.results.lens;
  return (
    <Section
      title="Logit lens"
      aside={
        <span className={styles.aside}>
          <span>
            {cells.meaning} · {answer?.norm === "none" ? "no norm" : "final norm applied"}
          </span>
          <ColourLegend
            scale={scale}
            low={cells.domain[0].toFixed(cells.kind === "diverging" ? 1 : 0).replace("-", "−")}
            high={cells.domain[1].toFixed(1)}
          />
          {after !== undefined && (
            <Segmented
              label="Comparison"
              value={compare}
              options={(["before", "after", "difference"] as const).map((value) => ({ value, label: value }))}
              onChange={(next) => setCompare(next)}
            />
          )}
          <Segmented
            label="Measure"
            value={measure}
            options={[
              { value: "probability", label: "probability" },
              { value: "kl", label: "KL to final" },
              { value: "entropy", label: "entropy" },
            ]}
            onChange={(next) => setMeasure(next)}
          />
          <ExportMenu name="logit-lens" table={() => lensTable(sides.before, sides.after, positions)} />
        </span>
      }
    >
      <Lead before={sides.before} after={sides.after} />
      <div style={{ height: cells.rows * ROW_HEIGHT + 48 }}>
        <CellGrid
          label="Logit lens"
          rowLabels={lens.labels.toReversed()}
          columns={columns}
          values={flipped(cells.values, cells.rows, cells.columns)}
          scale={scale}
          text={(row, column) => cellText(cells, last - row, column)}
          note={(row, column) => cells.note(last - row, column)}
          describe={describe}
          selected={selected}
          zoom={zoom}
          onZoom={(wanted) => setZoom(Math.min(6, Math.max(1, wanted)))}
          onSelect={setSelected}
          headWidth={HEAD_WIDTH}
          rowHead={(row, height) => (
            <span className={styles.rowHead} style={{ height }}>
              {lens.labels[last - row]}
            </span>
          )}
        />
      </div>
      <p className={styles.readout} aria-hidden="true">
        {selected === undefined ? "Choose a cell to read its first tokens." : describe(selected)}
      </p>
    </Section>
  );
}

/** The model's own answer at the last position: what became of it. */
function Lead({ before, after }: { readonly before: LensSide; readonly after: LensSide | undefined }) {
  const answerOf = ({ lens }: LensSide) => ({
    id: lens.topId(lens.rows - 1, lens.columns - 1),
    text: lens.topText(lens.rows - 1, lens.columns - 1),
    probability: lens.topProbability(lens.rows - 1, lens.columns - 1),
  });
  const old = answerOf(before);
  const now = after && answerOf(after);
  const kept = after && keptProbability(after, old.id);
  return (
    <p className={styles.lead}>
      <span className="quiet">next token</span>
      <TokenChip text={old.text} /> <b>{old.probability.toFixed(3)}</b>
      {now !== undefined && (
        <>
          <span className="quiet">after</span> <b>{kept}</b>
          {now.id !== old.id && (
            <>
              <span className="quiet">and</span> <TokenChip text={now.text} tone="counter" />{" "}
              <b>{now.probability.toFixed(3)}</b> <span className="quiet">leads</span>
            </>
          )}
        </>
      )}
    </p>
  );
}

/** Of the last cell; below the list only that it is less than the last one listed. */
function keptProbability({ lens, tracked }: LensSide, id: number): string {
  const [row, column] = [lens.rows - 1, lens.columns - 1];
  const exact =
    lens.probabilityOf(row, column, id) ?? (tracked?.id === id ? tracked.probability(row, column) : undefined);
  return exact === undefined
    ? `< ${formatProbability(lens.topProbability(row, column, lens.depthOfRanking - 1))}`
    : formatProbability(exact);
}

function sideOf(run: Run): LensSide | undefined {
  const lens = lensAnswer(run);
  return lens && { lens, tracked: trackedToken(run.results.lens) };
}

/** Depth goes up on the screen: the last row first. */
function flipped(values: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(values.length);
  for (let row = 0; row < rows; row++)
    turned.set(values.subarray(row * columns, (row + 1) * columns), (rows - 1 - row) * columns);
  return turned;
}

function lensTable(before: LensSide | undefined, after: LensSide | undefined, positions: readonly number[]) {
  const rows: (string | number | undefined)[][] = [];
  for (const [name, side] of [
    ["before", before],
    ["after", after],
  ] as const) {
    if (side === undefined) continue;
    for (let row = 0; row < side.lens.rows; row++) {
      positions.forEach((position, column) => {
        rows.push([
          name,
          side.lens.sites[row],
          position,
          side.lens.topText(row, column),
          side.lens.topProbability(row, column),
          side.lens.divergence(row, column),
          side.lens.entropy(row, column),
        ]);
      });
    }
  }
  return {
    header: ["run", "site", "position", "leading token", "probability", "KL to final (nats)", "entropy (nats)"],
    rows,
  };
}
