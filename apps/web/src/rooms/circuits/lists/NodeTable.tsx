import { ExportMenu, type TableColumn, type TableSort, VirtualTable } from "@patchbay/charts/react";
import type { CircuitNode } from "@patchbay/circuit-graph";
import { useMemo, useState } from "react";
import { navigate } from "../../../shell/location.ts";
import { formatFixed } from "../../../shell/ui/format-number.ts";
import { visibleToken } from "../../../shell/ui/token-text.ts";
import { formatFigure } from "../../common/format-figure.ts";
import styles from "../Circuits.module.css";
import { useCircuitRoom, useCircuitsView } from "../circuits-context.tsx";
import { select } from "../edits.ts";
import { nodeLocation } from "../node/node-location.ts";
import { nodeLabel, nodeName } from "../node-words.ts";
import { type NodeRow, nodeRows, sortNodes } from "./node-rows.ts";

/** The nodes that are shown, one a row: the twin of the figure. */
export function NodeTable() {
  const room = useCircuitRoom();
  const { store, circuit, drawing, noteOf, chosen, choose } = room;
  const { annotations } = useCircuitsView();
  const [sort, setSort] = useState<TableSort>({ key: "influence", order: "ascending" });
  const { graph, index } = circuit;
  const all = useMemo(() => nodeRows(graph, index, drawing.nodes), [graph, index, drawing.nodes]);
  const rows = useMemo(() => sortNodes(all, sort), [all, sort]);
  const labelOf = (node: CircuitNode) => nodeLabel(node, annotations.labels, noteOf(node));
  const [cursor, setCursor] = useState(0);
  const columns: TableColumn<NodeRow>[] = [
    {
      key: "chosen",
      title: "",
      track: "20px",
      cell: ({ node, place }) => (
        <input
          type="checkbox"
          aria-label={`Choose ${nodeName(node, graph.tokens)} at ${node.position}`}
          tabIndex={-1}
          checked={chosen.has(place)}
          onClick={(event) => event.stopPropagation()}
          onChange={() => choose(chosen.has(place) ? [...chosen].filter((p) => p !== place) : [...chosen, place])}
        />
      ),
    },
    { key: "kind", title: "kind", track: "62px", sortable: true, cell: ({ node }) => node.kind },
    {
      key: "layer",
      title: "node",
      track: "100px",
      sortable: true,
      cell: ({ node }) => <span className="mono">{nodeName(node, graph.tokens)}</span>,
    },
    {
      key: "position",
      title: "position",
      track: "104px",
      sortable: true,
      cell: ({ node }) => (
        <span className="mono">
          {node.position} <span className="quiet">{visibleToken(graph.tokens[node.position]?.text ?? "")}</span>
        </span>
      ),
    },
    { key: "label", title: "label or tokens", track: "minmax(120px, 1fr)", cell: ({ node }) => labelOf(node) },
    {
      key: "activation",
      title: "activation",
      track: "78px",
      align: "right",
      sortable: true,
      cell: ({ node }) => (node.activation === null ? "" : formatFigure(node.activation)),
    },
    {
      key: "influence",
      title: "influence",
      meaning: "Cumulative share of all influence at the node’s rank: small is important",
      track: "74px",
      align: "right",
      sortable: true,
      cell: ({ node }) => (node.influence === null ? "" : `${formatFixed(node.influence * 100, 1)} %`),
    },
    {
      key: "out",
      title: "Σ |out|",
      meaning: "Sum of the sizes of its edges to other nodes of the opened graph",
      track: "70px",
      align: "right",
      sortable: true,
      cell: ({ out }) => (out === 0 ? "" : formatFigure(out)),
    },
    { key: "inputs", title: "inputs", track: "56px", align: "right", sortable: true, cell: ({ inputs }) => inputs },
    { key: "outputs", title: "outputs", track: "58px", align: "right", sortable: true, cell: ({ outputs }) => outputs },
  ];
  return (
    <div className={styles.list}>
      <VirtualTable
        label="Nodes"
        columns={columns}
        rowCount={rows.length}
        rowHeight={27}
        rowAt={(row) => rows[row]}
        sort={sort}
        onSort={setSort}
        cursor={Math.min(cursor, Math.max(0, rows.length - 1))}
        onCursor={setCursor}
        onOpen={({ node }) => {
          // The first time it is shown in the panel, the second time its page is opened.
          if (node.id !== annotations.clicked) return select(store, node.id);
          const path = nodeLocation(room, node);
          if (path !== undefined) navigate(path);
        }}
        resetKey={`${circuit.key} ${sort.key} ${sort.order}`}
      />
      <p className={styles.listFoot}>
        <span>Enter shows the node in the panel, and again opens its page.</span>
        <ExportMenu
          name={`${graph.slug || "circuit"}-nodes`}
          table={() => ({
            header: [
              "id",
              "kind",
              "layer",
              "position",
              "token",
              "dictionary",
              "unit",
              "label",
              "activation",
              "preActivation",
              "bias",
              "influence",
              "sumOut",
            ],
            rows: rows.map(({ node, out }) => [
              node.id,
              node.kind,
              node.layer,
              node.position,
              graph.tokens[node.position]?.text,
              node.dictionary,
              node.unit,
              labelOf(node),
              node.activation,
              node.preActivation,
              node.bias,
              node.influence,
              out,
            ]),
          })}
        />
      </p>
    </div>
  );
}
