import { csvDocument, saveFile, type TableColumn, type TableSort, VirtualTable } from "@patchbay/charts/react";
import type { Comparison } from "@patchbay/contract";
import { useMemo, useState } from "react";
import { Link } from "../../shell/Link.tsx";
import { navigate } from "../../shell/location.ts";
import { Button } from "../../shell/ui/Button.tsx";
import { formatCount, formatFixed } from "../../shell/ui/format-number.ts";
import { Segmented } from "../../shell/ui/Segmented.tsx";
import compare from "./Compare.module.css";
import type { CompareView } from "./compare-view.ts";
import styles from "./Dictionaries.module.css";
import type { DictionaryAddresses } from "./dictionary-address.ts";
import { type PairRow, pairRows, unmatchedRows } from "./pair-rows.ts";

/** Left feature, similarity, right feature: as in a mirror. Enter opens the left one. */
export function PairTable({
  comparison,
  view,
  to,
  onList,
}: {
  readonly comparison: Comparison;
  readonly view: CompareView;
  readonly to: DictionaryAddresses;
  readonly onList: (list: CompareView["list"]) => void;
}) {
  const [sort, setSort] = useState<TableSort>({ key: "similarity", order: "descending" });
  const [cursor, setCursor] = useState(0);
  const { left, right, threshold } = comparison;
  const rows = useMemo(
    () => (view.list === "pairs" ? pairRows(comparison, threshold, sort) : unmatchedRows(comparison)),
    [comparison, threshold, sort, view.list],
  );
  const columns = useMemo(() => columnsOf(left, right, to), [left, right, to]);
  const shared = comparison.pairs.similarity.filter((value) => value >= threshold).length;
  const save = () =>
    saveFile(
      `${left}-${right}-${view.list}.csv`,
      csvDocument(
        [left, right, "similarity", "shared"],
        rows.map((row) => [row.left, row.right, row.similarity, String(row.shared)]),
      ),
      "text/csv",
    );
  return (
    <div className={compare.pairs}>
      <div className={compare.pairBar}>
        <Segmented
          label="List"
          value={view.list}
          options={[
            { value: "pairs", label: `all pairs · ${formatCount(comparison.pairs.left.length)}` },
            { value: "unmatched", label: `unmatched · ${formatCount(comparison.unmatched.length)}` },
          ]}
          onChange={onList}
        />
        <span>
          {view.list === "pairs"
            ? `${formatCount(shared)} shared; a grey bar is below the threshold`
            : `features of ${left} below the threshold, worst first; swap for those of ${right}`}
        </span>
        <span className={styles.space} />
        <Button kind="bare" onClick={save}>
          CSV
        </Button>
      </div>
      <div className={compare.pairTable}>
        <VirtualTable<PairRow>
          label="Pairs of features"
          columns={columns}
          rowCount={rows.length}
          rowHeight={28}
          rowAt={(index) => rows[index]}
          sort={view.list === "pairs" ? sort : undefined}
          {...(view.list === "pairs" && { onSort: setSort })}
          cursor={Math.min(cursor, Math.max(0, rows.length - 1))}
          onCursor={setCursor}
          onOpen={(row) => navigate(to.feature(left, row.left))}
          resetKey={`${view.list} ${sort.key} ${sort.order} ${left} ${right}`}
        />
      </div>
    </div>
  );
}

function columnsOf(left: string, right: string, to: DictionaryAddresses): TableColumn<PairRow>[] {
  const feature = (dictionary: string, index: number | undefined) =>
    index === undefined ? (
      <span className="quiet">no partner</span>
    ) : (
      <Link
        href={to.feature(dictionary, index)}
        className={styles.featureLink}
        tabIndex={-1}
        // The row itself opens the left one.
        onClick={(event) => event.stopPropagation()}
      >
        F{index}
      </Link>
    );
  return [
    {
      key: "left",
      title: left,
      meaning: "Feature of the left dictionary",
      track: "minmax(0, 1fr)",
      align: "right",
      sortable: true,
      cell: (row) => feature(left, row.left),
    },
    {
      key: "similarity",
      title: "similarity",
      meaning: "Cosine, −1 … 1",
      track: "minmax(220px, 2fr)",
      sortable: true,
      cell: (row) => (
        <span className={compare.similarity} data-shared={row.shared}>
          <span className={styles.track} aria-hidden="true">
            <span className={styles.fill} style={{ width: `${Math.max(0, row.similarity) * 100}%` }} />
          </span>
          <span>{formatFixed(row.similarity, 3)}</span>
        </span>
      ),
    },
    {
      key: "right",
      title: right,
      meaning: "Its partner in the right dictionary",
      track: "minmax(0, 1fr)",
      sortable: true,
      cell: (row) => feature(right, row.right),
    },
  ];
}
