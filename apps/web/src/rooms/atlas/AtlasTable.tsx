import { type TableColumn, VirtualTable } from "@patchbay/charts/react";
import type { ModelSummary, NeuronRow, TokenNeurons } from "@patchbay/contract";
import { neuronLabel } from "@patchbay/vocabulary";
import { pathOfRoute } from "@patchbay/workbench-state";
import { useMemo } from "react";
import { Link } from "../../shell/Link.tsx";
import { Button } from "../../shell/ui/Button.tsx";
import { EmptyState } from "../../shell/ui/EmptyState.tsx";
import { formatFixed } from "../../shell/ui/format-number.ts";
import { formatFigure } from "../common/format-figure.ts";
import type { Query } from "../common/query.ts";
import { TokenChips } from "../common/TokenChips.tsx";
import styles from "./Atlas.module.css";
import { type AtlasView, sortChange } from "./atlas-view.ts";
import type { NeuronPages } from "./neuron-pages.ts";
import { useTokenNeurons } from "./use-token-neurons.ts";

export interface AtlasTableProps {
  readonly model: ModelSummary;
  readonly view: AtlasView;
  readonly query: Query;
  readonly pages: NeuronPages;
  readonly resetKey: string;
  readonly cursor: number;
  readonly onCursor: (index: number) => void;
  readonly onOpen: (row: NeuronRow) => void;
}

export function AtlasTable({ model, view, query, pages, resetKey, cursor, onCursor, onOpen }: AtlasTableProps) {
  const writers = useTokenNeurons(model.name, view).value;
  const columns = useMemo(() => columnsOf(model.name, view, writers), [model.name, view, writers]);
  if (pages.status === "ready" && pages.total === 0) {
    const clear = () => query.set({ token: undefined, search: undefined, range: undefined, layer: undefined });
    return (
      <div className={styles.emptyTable}>
        <EmptyState title="No neuron fits all of this" action={<Button onClick={clear}>Clear the filters</Button>}>
          The map keeps the first tokens of each neuron. Try another side or variant, or a more common token (mind the
          leading space).
        </EmptyState>
      </div>
    );
  }
  return (
    <div className={styles.table}>
      <VirtualTable<NeuronRow>
        label="Neurons"
        columns={columns}
        rowCount={pages.status === "pending" && pages.total === 0 ? 24 : pages.total}
        rowAt={pages.rowAt}
        sort={{ key: view.sort, order: view.order }}
        onSort={({ key, order }) => query.set(sortChange(view, key, order))}
        cursor={cursor}
        onCursor={onCursor}
        onOpen={onOpen}
        onWindow={pages.showWindow}
        resetKey={resetKey}
      />
    </div>
  );
}

function columnsOf(
  model: string,
  { side, variant }: AtlasView,
  writers: TokenNeurons | undefined,
): TableColumn<NeuronRow>[] {
  const ranks = new Map(writers?.matches.map((match) => [`${match.layer}.${match.neuron}`, match]));
  const marked = writers?.token.id;
  // The searched token belongs in its column even when it comes after the few that the row lists.
  const withMarked = (row: NeuronRow, tokens: NeuronRow["writes"]) => {
    const match = ranks.get(`${row.layer}.${row.neuron}`);
    if (writers === undefined || match === undefined || tokens.some(({ id }) => id === marked)) return tokens;
    return [...tokens, { ...writers.token, score: match.score }];
  };
  const of = `${side}, ${variant}`;
  const number = (
    key: "peakedness" | "entropy" | "gap" | "norm",
    meaning: string,
    track: string,
  ): TableColumn<NeuronRow> => ({
    key,
    title: key,
    meaning,
    track,
    align: "right",
    sortable: true,
    cell: (row) => (
      <span className={styles.number}>
        {key === "peakedness" ? formatFigure(row[key]) : formatFixed(row[key], key === "norm" ? 2 : 3)}
      </span>
    ),
  });
  const rank: TableColumn<NeuronRow> = {
    key: "rank",
    title: "rank · score",
    meaning: `Place of the token in this neuron's ranking, from 1, and its score (${of})`,
    track: "96px",
    align: "right",
    cell: (row) => {
      const match = ranks.get(`${row.layer}.${row.neuron}`);
      return match === undefined ? "" : `${match.rank + 1} · ${formatFixed(match.score, 2)}`;
    },
  };
  return [
    {
      key: "layer",
      title: "neuron",
      meaning: "Layer and index, both from 0",
      track: "82px",
      sortable: true,
      cell: (row) => (
        <Link
          className={styles.label}
          tabIndex={-1}
          href={pathOfRoute({ room: "neuron", model, layer: row.layer, neuron: row.neuron })}
        >
          {neuronLabel(row)}
        </Link>
      ),
    },
    ...(writers === undefined ? [] : [rank]),
    number("peakedness", `Top-1 share of softmax over the vocabulary (${of})`, "88px"),
    number("entropy", `Entropy of the same softmax, nats (${of})`, "66px"),
    number("gap", `Score of the first token minus the second (${of})`, "58px"),
    number("norm", `Length of the weight vector (${side})`, "56px"),
    {
      key: "maximum",
      title: "maximum",
      meaning: "Largest activation (mlp.hook_post) on the reference text",
      track: "76px",
      align: "right",
      sortable: true,
      cell: (row) =>
        row.maximum === null ? (
          <span className={styles.faint}>not measured</span>
        ) : (
          <span className={styles.number}>{formatFixed(row.maximum, 2)}</span>
        ),
    },
    {
      key: "reads",
      title: "reads",
      meaning: "First tokens of the read side",
      track: "minmax(0, 1fr)",
      cell: (row) =>
        side === "write" ? (
          <TokenChips tokens={row.reads} />
        ) : (
          <TokenChips tokens={withMarked(row, row.reads)} marked={marked} />
        ),
    },
    {
      key: "writes",
      title: "writes",
      meaning: "First tokens of the write side",
      track: "minmax(0, 1.15fr)",
      cell: (row) =>
        side === "write" ? (
          <TokenChips tokens={withMarked(row, row.writes)} marked={marked} />
        ) : (
          <TokenChips tokens={row.writes} />
        ),
    },
  ];
}
