import { ExportMenu, type TableColumn, type TableSort, VirtualTable } from "@patchbay/charts/react";
import type { CircuitNode } from "@patchbay/circuit-graph";
import { useMemo, useState } from "react";
import { formatFixed } from "../../../shell/ui/format-number.ts";
import { formatFigure } from "../../common/format-figure.ts";
import styles from "../Circuits.module.css";
import { useCircuitRoom, useCircuitsView } from "../circuits-context.tsx";
import { select } from "../edits.ts";
import { formatSignedFigure } from "../node/ConnectionList.tsx";
import { nodeLabel, nodeName } from "../node-words.ts";
import { type EdgeRow, edgeRows, sortEdges } from "./node-rows.ts";

const THROUGH: TableColumn<EdgeRow> = {
  key: "through",
  title: "through",
  meaning: "What the factor speaks of: the residual stream at one position, or the OV map of that one head",
  track: "66px",
  sortable: true,
  cell: ({ through }) => <span className="quiet">{through ?? ""}</span>,
};

/** The edges that are shown, one a row. Enter selects the reader, from which one goes on. */
export function EdgeTable() {
  const { store, circuit, drawing, noteOf } = useCircuitRoom();
  const { annotations, weights } = useCircuitsView();
  const [chosenSort, setSort] = useState<TableSort>();
  const sort: TableSort = chosenSort ?? { key: weights === "any" ? "factor" : "size", order: "descending" };
  const [cursor, setCursor] = useState(0);
  const { graph, index, factorPaths } = circuit;
  const all = useMemo(
    () => edgeRows(graph, index, drawing.edges, factorPaths),
    [graph, index, drawing.edges, factorPaths],
  );
  const { key, order } = sort;
  const rows = useMemo(() => sortEdges(all, { key, order }), [all, key, order]);
  const end = (node: CircuitNode) => (
    <>
      <span className="mono">{nodeName(node, graph.tokens)}</span> <small className="quiet">{node.position}</small>{" "}
      <span className="quiet">{nodeLabel(node, annotations.labels, noteOf(node))}</span>
    </>
  );
  const columns: TableColumn<EdgeRow>[] = [
    { key: "source", title: "from", track: "minmax(140px, 1fr)", sortable: true, cell: ({ source }) => end(source) },
    { key: "target", title: "to", track: "minmax(140px, 1fr)", sortable: true, cell: ({ target }) => end(target) },
    {
      key: "size",
      title: "|weight|",
      meaning: "Size of the direct effect on the reader’s pre-activation",
      track: "76px",
      align: "right",
      sortable: true,
      cell: ({ weight }) => formatFigure(Math.abs(weight)),
    },
    {
      key: "weight",
      title: "weight",
      meaning: "Signed direct effect on the reader’s pre-activation, on this prompt",
      track: "82px",
      align: "right",
      sortable: true,
      cell: ({ weight }) => formatSignedFigure(weight),
    },
    {
      key: "factor",
      title: "factor",
      meaning: "Weights alone, per unit of activation: the same on every prompt. Sorted by size",
      track: "82px",
      align: "right",
      sortable: true,
      cell: ({ factor }) => (factor === null ? "" : formatSignedFigure(factor)),
    },
    ...(factorPaths === undefined ? [] : [THROUGH]),
    {
      key: "share",
      title: "share",
      meaning: "Of all that enters the reader: Σ |inputs|, bias and what was left out",
      track: "66px",
      align: "right",
      sortable: true,
      cell: ({ share }) => `${formatFixed(share * 100, 1)} %`,
    },
  ];
  return (
    <div className={styles.list}>
      <VirtualTable
        label="Edges"
        columns={columns}
        rowCount={rows.length}
        rowHeight={27}
        rowAt={(row) => rows[row]}
        sort={sort}
        onSort={setSort}
        cursor={Math.min(cursor, Math.max(0, rows.length - 1))}
        onCursor={setCursor}
        onOpen={({ target }) => select(store, target.id)}
        resetKey={`${circuit.key} ${sort.key} ${sort.order}`}
      />
      <p className={styles.listFoot}>
        <span>Enter shows the reader in the panel.</span>
        <ExportMenu
          name={`${graph.slug || "circuit"}-edges`}
          table={() => ({
            header: ["source", "target", "weight", "factor", "factor through", "share"],
            rows: rows.map(({ source, target, weight, factor, through, share }) => [
              source.id,
              target.id,
              weight,
              factor,
              through,
              share,
            ]),
          })}
        />
      </p>
    </div>
  );
}
