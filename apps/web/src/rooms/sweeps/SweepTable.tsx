import { type TableColumn, type TableSort, VirtualTable } from "@patchbay/charts/react";
import type { ShownSweep } from "@patchbay/workbench-state";
import { useMemo, useState } from "react";
import { formatFigure } from "../common/format-figure.ts";
import styles from "./Sweeps.module.css";
import { cellName, SITE_WORDS } from "./sweep-words.ts";

interface Row {
  readonly panel: number;
  readonly index: number;
  readonly raw: number | null;
  readonly normalised: number | null;
  readonly effect: number | null;
  readonly interval: string;
}

/** Every cell of every panel as a row; Enter chooses it. */
export function SweepTable({
  sweep,
  base,
  cell,
  onSelect,
}: {
  readonly sweep: ShownSweep;
  /** Metric of the run that is changed. */
  readonly base: number;
  readonly cell: { readonly panel: number; readonly index: number } | undefined;
  onSelect(cell: { readonly panel: number; readonly index: number }): void;
}) {
  const [sort, setSort] = useState<TableSort>({ key: "effect", order: "descending" });
  const rows = useMemo(() => sortRows(rowsOf(sweep, base), sort), [sweep, base, sort]);
  const [cursor, setCursor] = useState(0);
  const site = (row: Row) => sweep.panels[row.panel]?.site;
  const columns: TableColumn<Row>[] = [
    {
      key: "site",
      title: "site",
      track: "minmax(120px, 1fr)",
      cell: (row) => {
        const name = site(row);
        return name === undefined ? "" : SITE_WORDS[name];
      },
    },
    {
      key: "cell",
      title: "cell",
      track: "minmax(140px, 1fr)",
      sortable: true,
      cell: (row) => {
        const panel = sweep.panels[row.panel];
        return <span className="mono">{panel === undefined ? "" : cellName(panel, row.index)}</span>;
      },
    },
    {
      key: "raw",
      title: "metric",
      meaning: `${sweep.metric} of the changed run`,
      track: "90px",
      align: "right",
      sortable: true,
      cell: ({ raw }) => (raw === null ? "" : formatFigure(raw)),
    },
    {
      key: "effect",
      title: "effect",
      meaning: "Change of the metric from that of the run that is changed; sorted by size",
      track: "90px",
      align: "right",
      sortable: true,
      cell: ({ effect }) => (effect === null ? "" : formatFigure(effect)),
    },
    {
      key: "normalised",
      title: "normalised",
      meaning: "Patching: 0 as corrupted, 1 as clean. Ablation: change from clean",
      track: "96px",
      align: "right",
      sortable: true,
      cell: ({ normalised }) => (normalised === null ? "" : formatFigure(normalised)),
    },
    {
      key: "interval",
      title: "95 % interval",
      meaning: "Of the metric, over examples or samples",
      track: "150px",
      align: "right",
      cell: ({ interval }) => interval,
    },
  ];
  return (
    <div className={styles.table}>
      <VirtualTable
        label="Cells"
        columns={columns}
        rowCount={rows.length}
        rowHeight={27}
        rowAt={(row) => rows[row]}
        sort={sort}
        onSort={setSort}
        cursor={Math.min(
          cell === undefined
            ? cursor
            : Math.max(
                0,
                rows.findIndex((row) => row.panel === cell.panel && row.index === cell.index),
              ),
          Math.max(0, rows.length - 1),
        )}
        onCursor={(row) => {
          setCursor(row);
          const at = rows[row];
          if (at !== undefined) onSelect({ panel: at.panel, index: at.index });
        }}
        onOpen={({ panel, index }) => onSelect({ panel, index })}
        resetKey={`${sort.key} ${sort.order}`}
      />
    </div>
  );
}

function rowsOf(sweep: ShownSweep, base: number): Row[] {
  return sweep.panels.flatMap(({ raw, normalised, interval }, panel) =>
    raw.map((value, index) => {
      const [low, high] = [interval?.low[index], interval?.high[index]];
      return {
        panel,
        index,
        raw: value,
        normalised: normalised[index] ?? null,
        effect: value === null ? null : value - base,
        interval: low == null || high == null ? "" : `${formatFigure(low)} … ${formatFigure(high)}`,
      };
    }),
  );
}

function sortRows(rows: readonly Row[], { key, order }: TableSort): Row[] {
  if (key === "cell") return order === "ascending" ? [...rows] : rows.toReversed();
  const numberIn = ({ raw, normalised, effect }: Row) => {
    if (key === "effect") return effect === null ? Number.NaN : Math.abs(effect);
    return (key === "raw" ? raw : normalised) ?? Number.NaN;
  };
  const sign = order === "ascending" ? 1 : -1;
  return rows.toSorted((a, b) => {
    const [x, y] = [numberIn(a), numberIn(b)];
    // What was not computed goes last, either way.
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
    return sign * (x - y);
  });
}
