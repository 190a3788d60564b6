import { type TableColumn, TokenStrip, VirtualTable } from "@patchbay/charts/react";
import type { ModelSummary, UnitRow, UnitTextSearch } from "@patchbay/contract";
import { useMemo } from "react";
import { Link } from "../../shell/Link.tsx";
import { formatFixed } from "../../shell/ui/format-number.ts";
import { visibleToken } from "../../shell/ui/token-text.ts";
import { formatFigure } from "../common/format-figure.ts";
import type { Query } from "../common/query.ts";
import { TokenChips } from "../common/TokenChips.tsx";
import { SeedBadgeText } from "../common/unit/SeedBadgeText.tsx";
import { unitName, unitPath } from "../common/unit/unit-address.ts";
import type { Pages } from "../common/use-pages.ts";
import styles from "./Search.module.css";
import { isTokenMode, type SearchView } from "./search-view.ts";

type TextRow = UnitTextSearch["rows"][number];
type Row = UnitRow & Partial<Pick<TextRow, "activations" | "peak">>;

/** Units as rows: what each is called, how it fires, and the tokens on its sides; for a text, its heat. */
export function UnitTable({
  model,
  usual,
  view,
  query,
  tokens,
  textRows,
  pages,
  rowCount,
  resetKey,
  cursor,
  onCursor,
  onOpen,
}: {
  readonly model: ModelSummary;
  readonly usual: string | undefined;
  readonly view: SearchView;
  readonly query: Query;
  /** Of the text that was searched for. */
  readonly tokens: UnitTextSearch["tokens"] | undefined;
  readonly textRows: readonly TextRow[];
  readonly pages: Pages<UnitRow> | undefined;
  readonly rowCount: number;
  readonly resetKey: string;
  readonly cursor: number;
  onCursor(index: number): void;
  onOpen(row: UnitRow): void;
}) {
  const columns = useMemo(() => columnsOf(model.name, usual, view, tokens), [model.name, usual, view, tokens]);
  return (
    <div className={styles.table}>
      <VirtualTable<Row>
        label="Units"
        columns={columns}
        rowCount={rowCount}
        rowAt={(index) => (pages === undefined ? textRows[index] : pages.rowAt(index))}
        {...(pages === undefined
          ? {}
          : {
              sort: { key: view.sort, order: view.order },
              onSort: ({ key, order }) => query.set({ sort: key, order: order === "descending" ? undefined : order }),
              onWindow: pages.showWindow,
            })}
        cursor={cursor}
        onCursor={onCursor}
        onOpen={onOpen}
        resetKey={resetKey}
      />
    </div>
  );
}

function columnsOf(
  model: string,
  usual: string | undefined,
  view: SearchView,
  tokens: UnitTextSearch["tokens"] | undefined,
): TableColumn<Row>[] {
  const isText = view.mode === "text";
  const marked = (list: UnitRow["reads"]) =>
    list.find(({ id, text }) => text === view.token || `#${id}` === view.token)?.id;
  const number = (
    key: "density" | "maximum" | "mean",
    meaning: string,
    track: string,
    show: (value: number) => string,
  ): TableColumn<Row> => ({
    key,
    title: key,
    meaning,
    track,
    align: "right",
    sortable: !isText,
    cell: (row) => <span className={styles.number}>{show(row[key])}</span>,
  });
  const score: TableColumn<Row> = {
    key: "relevance",
    title: "score",
    meaning: isText
      ? "(mean activation here − mean in the corpus) ÷ corpus maximum"
      : "Of the token in the ranking that was searched",
    track: "66px",
    align: "right",
    sortable: !isText,
    cell: (row) => <span className={styles.number}>{row.score === null ? "" : formatFixed(row.score, 3)}</span>,
  };
  const chips = (key: "topTokens" | "reads" | "writes", title: string, meaning: string): TableColumn<Row> => ({
    key,
    title,
    meaning,
    track: "minmax(0, 1fr)",
    cell: (row) => <TokenChips tokens={row[key]} marked={marked(row[key])} />,
  });
  const strip: TableColumn<Row> = {
    key: "text",
    title: "on this text",
    meaning: "Activation on every token; full colour is the corpus maximum",
    track: "minmax(0, 3.4fr)",
    cell: (row) => (
      <TokenStrip
        tokens={(tokens ?? []).map((token, position) => ({
          position,
          text: token.text,
          label: visibleToken(token.text, token.special),
          value: row.activations?.[position],
          special: token.special,
        }))}
        quantity="activation"
        limit={row.maximum}
        peak={row.peak}
      />
    ),
  };
  return [
    {
      key: "unit",
      title: "unit",
      meaning: "Neurons by layer and index; features by dictionary and index",
      track: "minmax(130px, 176px)",
      sortable: !isText,
      cell: (row) => (
        <Link className={styles.unit} tabIndex={-1} href={unitPath(row, model, usual)}>
          {unitName(row)}
        </Link>
      ),
    },
    {
      key: "label",
      title: "label",
      track: isText || view.mode === "label" ? "minmax(0, 0.9fr)" : "minmax(0, 0.5fr)",
      cell: (row) => <span className={styles.label}>{row.label ?? ""}</span>,
    },
    {
      key: "badge",
      title: "seeds",
      meaning: "In how many dictionaries of other seeds the feature is found again",
      track: "52px",
      cell: (row) => (row.badge === null ? "" : <SeedBadgeText badge={row.badge} short />),
    },
    ...(isText || isTokenMode(view.mode) ? [score] : []),
    number("density", "Share of the corpus' tokens on which it fires", "72px", (value) =>
      value === 0 ? "never" : `${formatFigure(value * 100)} %`,
    ),
    number("maximum", "Largest activation in the corpus", "78px", formatFigure),
    ...(isText
      ? [strip]
      : [
          number("mean", "Over all tokens of the corpus", "68px", formatFigure),
          chips("topTokens", "fires on", "Tokens with the largest mean activation"),
          chips("reads", "reads", "First tokens of the read side: by the weights"),
          chips("writes", "writes", "First tokens of the write side: by the weights"),
        ]),
  ];
}
