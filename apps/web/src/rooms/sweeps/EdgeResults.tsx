import {
  EdgeDiagram,
  ExportMenu,
  LineChart,
  type TableColumn,
  type TableSort,
  VirtualTable,
} from "@patchbay/charts/react";
import type { EdgeAttribution, EdgeAttributionRequest } from "@patchbay/contract";
import { useMemo, useRef, useState } from "react";
import { formatCount, formatFixed } from "../../shell/ui/format-number.ts";
import { formatFigure } from "../common/format-figure.ts";
import { Section } from "../common/Section.tsx";
import { type EdgeRow, edgeRows, sortEdgeRows } from "./edge-rows.ts";
import { NumberField } from "./NumberField.tsx";
import styles from "./Sweeps.module.css";
import { VerificationFigure } from "./VerificationFigure.tsx";

const FIRST_DRAWN = 30;

/** Edges by estimated effect: drawing, list, circuits by size, check. In the room and on the page of a finding. */
export function EdgeResults({
  request,
  result,
}: {
  readonly request: EdgeAttributionRequest;
  readonly result: EdgeAttribution;
}) {
  const diagram = useRef<HTMLDivElement>(null);
  const curve = useRef<HTMLDivElement>(null);
  const [drawn, setDrawn] = useState(FIRST_DRAWN);
  const [sort, setSort] = useState<TableSort>({ key: "size", order: "descending" });
  const [cursor, setCursor] = useState(0);
  const [chosen, setChosen] = useState<number>();
  const all = useMemo(() => edgeRows(result), [result]);
  const rows = useMemo(() => sortEdgeRows(all, sort), [all, sort]);
  const top = useMemo(() => all.slice(0, drawn), [all, drawn]);
  const { clean, corrupted } = result.baselines;
  const { circuits } = result;
  const columns: TableColumn<EdgeRow>[] = [
    {
      key: "name",
      title: "edge",
      track: "minmax(150px, 1fr)",
      sortable: true,
      cell: ({ name }) => <span className="mono">{name}</span>,
    },
    ...(all.some(({ position }) => position !== undefined)
      ? [
          {
            key: "position",
            title: "position",
            track: "70px",
            align: "right" as const,
            cell: ({ position }: EdgeRow) => position ?? "",
          },
        ]
      : []),
    {
      key: "score",
      title: "score",
      meaning: "Estimated change of the metric when this edge alone carries the corrupted value",
      track: "84px",
      align: "right",
      sortable: true,
      cell: ({ score }) => formatFigure(score),
    },
    {
      key: "size",
      title: "|score|",
      track: "84px",
      align: "right",
      sortable: true,
      cell: ({ score }) => formatFigure(Math.abs(score)),
    },
  ];
  const faithful = circuits.flatMap(({ edges, faithfulness }) =>
    faithfulness === null ? [] : [{ x: edges, y: faithfulness }],
  );
  return (
    <div className={styles.results} data-edges="">
      <p className={styles.baselines}>
        Metric clean <b>{formatFigure(clean)}</b> · corrupted <b>{formatFigure(corrupted)}</b> · the{" "}
        {formatCount(all.length)} largest of {formatCount(result.total)} edges
      </p>
      <div className={styles.edgeStage}>
        <Section
          title={`Strongest ${Math.min(drawn, all.length)} edges`}
          aside={<ExportMenu name="edges-diagram" figure={diagram} />}
        >
          <div ref={diagram}>
            <EdgeDiagram
              label={`The ${top.length} strongest edges, layers upwards; the list holds them too`}
              nodes={result.nodes}
              edges={top}
              selected={chosen !== undefined && chosen < top.length ? chosen : undefined}
              onSelect={(edge) => {
                setChosen(edge);
                const row = rows.findIndex(({ rank }) => rank === edge);
                if (row >= 0) setCursor(row);
              }}
              nameOf={(edge) => `${top[edge]?.name}: ${formatFigure(top[edge]?.score ?? 0)}`}
            />
          </div>
          <div className={styles.edgeFoot}>
            <NumberField label="Edges drawn" width={64} value={drawn} low={1} high={300} onChange={setDrawn} />
            <p className="quiet">
              Width: |score|, widest {formatFigure(Math.abs(top[0]?.score ?? 0))}. Dashed orange: below zero (removing
              the edge lowers the metric). Query, key and value edges are drawn apart in the list.
            </p>
          </div>
        </Section>
        <Section
          title="All listed edges"
          aside={
            <ExportMenu
              name="edges"
              table={() => ({
                header: ["edge", "source", "target", "input", "position", "score"],
                rows: rows.map(({ name, source, target, input, position, score }) => [
                  name,
                  result.nodes[source]?.name,
                  result.nodes[target]?.name,
                  input,
                  position,
                  score,
                ]),
              })}
            />
          }
        >
          <div className={styles.edgeTable}>
            <VirtualTable
              label="Edges"
              columns={columns}
              rowCount={rows.length}
              rowHeight={26}
              rowAt={(row) => rows[row]}
              sort={sort}
              onSort={setSort}
              cursor={Math.min(cursor, Math.max(0, rows.length - 1))}
              onCursor={(row) => {
                setCursor(row);
                setChosen(rows[row]?.rank);
              }}
              onOpen={({ rank }) => setChosen(rank)}
              resetKey={`${sort.key} ${sort.order}`}
            />
          </div>
        </Section>
      </div>
      {circuits.length > 0 && (
        <Section
          title="Faithfulness against number of edges"
          aside={
            <ExportMenu
              name="faithfulness"
              figure={curve}
              table={() => ({
                header: ["asked", "edges", "nodes", "metric", "faithfulness"],
                rows: circuits.map(({ requested, edges, nodes, metric, faithfulness }) => [
                  requested,
                  edges,
                  nodes,
                  metric,
                  faithfulness,
                ]),
              })}
            />
          }
        >
          <div className={styles.greedy}>
            <div ref={curve}>
              <LineChart
                label="Faithfulness of circuits by number of edges"
                series={[
                  { name: "faithfulness", points: faithful.toSorted((a, b) => a.x - b.x), colour: "var(--heat)" },
                ]}
                height={210}
                unitX="edges"
                nameWidth={0}
                format={(value) => formatFixed(value, 3)}
                formatX={(value) => formatCount(Math.round(value))}
              />
            </div>
            <div>
              <table className={styles.smallTable} aria-label="Circuits by size">
                <thead>
                  <tr>
                    <th>edges kept</th>
                    <th>nodes</th>
                    <th>metric</th>
                    <th>faithfulness</th>
                  </tr>
                </thead>
                <tbody>
                  {circuits.map(({ requested, edges, nodes, metric, faithfulness }) => (
                    <tr key={requested} title={`${requested} edges were asked for`}>
                      <td>{formatCount(edges)}</td>
                      <td>{formatCount(nodes)}</td>
                      <td>{formatFigure(metric)}</td>
                      <td>{faithfulness === null ? "n/a" : formatFixed(faithfulness, 3)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
              <p className="quiet">
                (circuit − corrupted) / (clean − corrupted); every edge outside carries the corrupted value. Chosen{" "}
                {request.selection === "top" ? "by |score|" : "from the logits backwards"}.
              </p>
            </div>
          </div>
        </Section>
      )}
      {result.verification !== null && <VerificationFigure verification={result.verification} what="edge" />}
      <p className={styles.cost}>
        {formatCount(result.cost.forwardRows)} prompts forward, {formatCount(result.cost.backwardRows)} backward ·{" "}
        {formatFixed(result.cost.seconds, 1)} s · recipe {result.recipe.hash.slice(0, 8)}
      </p>
    </div>
  );
}
