import { formatBytes, formatCount, formatFixed } from "../../../shell/ui/format-number.ts";
import common from "../../common/common.module.css";
import styles from "../Circuits.module.css";
import { useCircuitRoom, useCircuitsView } from "../circuits-context.tsx";
import { select } from "../edits.ts";
import { nodeLabel, nodeName } from "../node-words.ts";

const LISTED = 14;

/** While no node is selected: what the graph holds, how it was made, and where to begin. */
export function GraphFactsSection() {
  const { store, circuit, drawing, noteOf } = useCircuitRoom();
  const { annotations } = useCircuitsView();
  const { graph, facts } = circuit;
  const leading = Array.from(drawing.nodes, (place) => graph.nodes[place])
    .filter(
      (node) => node !== undefined && node.influence !== null && (node.kind === "feature" || node.kind === "error"),
    )
    .sort((a, b) => (a?.influence ?? 1) - (b?.influence ?? 1))
    .slice(0, LISTED);
  const rows: [string, string][] = [
    ["Model", `${graph.model.name ?? "unknown"}${graph.model.hash === null ? "" : ` ${graph.model.hash.slice(0, 8)}`}`],
    ["Tokens", formatCount(graph.tokens.length)],
  ];
  if (facts !== undefined) {
    rows.push(
      ["Active features", `${formatCount(facts.activeFeatures)}, ${formatCount(facts.selectedFeatures)} of them nodes`],
      ["Unpruned", `${formatCount(facts.unpruned.nodes)} nodes, ${formatCount(facts.unpruned.edges)} edges`],
      ["Left out", `${formatFixed(facts.leftOutShare * 100, 1)} % of Σ|weight|`],
      ["Sums", `inputs + bias = pre-activation to ${facts.largestResidual.toExponential(0)}`],
      [
        "Made in",
        `${formatFixed(
          facts.phases.reduce((sum, { seconds }) => sum + seconds, 0),
          1,
        )} s, ${formatBytes(facts.peakBytes)}`,
      ],
    );
    if (facts.errorOnlyLayers.length > 0)
      rows.push(["All error", facts.errorOnlyLayers.map((layer) => `L${layer}`).join(", ")]);
  }
  return (
    <>
      <section>
        <h2 className="section-title">
          <span>This graph</span>
          <span>no node is selected</span>
        </h2>
        <dl className={common.facts}>
          {rows.map(([name, value]) => (
            <div key={name} style={{ display: "contents" }}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
        <p className={styles.caption}>
          Click a node, or walk with the arrow keys: up and down follow the strongest edge. Shift-click or shift-drag
          chooses several.
        </p>
      </section>
      {leading.length > 0 && (
        <section>
          <h2 className="section-title">
            <span>Most influential</span>
            <span>cumulative share</span>
          </h2>
          <ol className={styles.connections} aria-label="Most influential nodes">
            {leading.map((node) =>
              node === undefined ? null : (
                <li key={node.id}>
                  <button type="button" data-two="" onClick={() => select(store, node.id)}>
                    <span data-kind={node.kind}>
                      {nodeName(node, graph.tokens)} <small>{node.position}</small>{" "}
                      <em>{nodeLabel(node, annotations.labels, noteOf(node))}</em>
                    </span>
                    <span>{node.influence === null ? "" : `${formatFixed(node.influence * 100, 1)} %`}</span>
                  </button>
                </li>
              ),
            )}
          </ol>
        </section>
      )}
    </>
  );
}
