import type { CircuitNode } from "@patchbay/circuit-graph";
import { connectionsOf } from "@patchbay/circuit-graph";
import { useMemo } from "react";
import { Link } from "../../../shell/Link.tsx";
import { Button } from "../../../shell/ui/Button.tsx";
import { formatFixed } from "../../../shell/ui/format-number.ts";
import ui from "../../../shell/ui/ui.module.css";
import { formatFigure } from "../../common/format-figure.ts";
import styles from "../Circuits.module.css";
import { selectedNode, useCircuitRoom, useCircuitsView } from "../circuits-context.tsx";
import { togglePin } from "../edits.ts";
import { factsOf } from "../HoverCard.tsx";
import { nodeLabel, nodeName, placeName } from "../node-words.ts";
import { ChosenSection } from "./ChosenSection.tsx";
import { ConnectionList } from "./ConnectionList.tsx";
import { GraphFactsSection } from "./GraphFactsSection.tsx";
import { NodeExamples } from "./NodeExamples.tsx";
import { NodeLabelField } from "./NodeLabelField.tsx";
import { connectionsLocation, nodeLocation, patchLocation } from "./node-location.ts";

/** One node: what it is, what it reads, who reads it, with shares that add up. */
export function NodePanel({ onLabelled }: { onLabelled(node: CircuitNode): void }) {
  const room = useCircuitRoom();
  const { annotations } = useCircuitsView();
  const selected = selectedNode(room.circuit, annotations);
  return (
    <aside className={styles.side} aria-label="Selected node">
      {room.chosen.size > 0 && <ChosenSection />}
      {selected === undefined ? (
        <GraphFactsSection />
      ) : (
        <Selected key={selected.node.id} node={selected.node} place={selected.place} onLabelled={onLabelled} />
      )}
    </aside>
  );
}

function Selected({
  node,
  place,
  onLabelled,
}: {
  readonly node: CircuitNode;
  readonly place: number;
  onLabelled(node: CircuitNode): void;
}) {
  const room = useCircuitRoom();
  const { store, circuit } = room;
  const { annotations, weights } = useCircuitsView();
  const { graph, index, factorPaths } = circuit;
  const connections = useMemo(() => connectionsOf(graph.nodes, index, place), [graph, index, place]);
  const note = room.noteOf(node);
  const label = nodeLabel(node, annotations.labels, note);
  const pinned = annotations.pins.includes(node.id);
  const page = node.kind === "feature" ? nodeLocation(room, node) : undefined;
  const connected = connectionsLocation(room, node);
  const trace = node.kind === "feature" ? patchLocation(room, [node]) : nodeLocation(room, node);
  const factorHead = factorPaths === undefined ? "weight factor" : "weight factor · through";
  const { preActivation } = node;
  return (
    <>
      <section>
        <h2 className="section-title">
          <span className={styles.nodeTitle}>{nodeName(node, graph.tokens)}</span>
          <span className="mono">{placeName(node, graph.tokens)}</span>
        </h2>
        {(node.kind === "feature" || node.kind === "error" || node.kind === "other" || node.kind === "bias") && (
          <NodeLabelField node={node} suggested={label} note={note} onLabelled={onLabelled} />
        )}
        <p className={styles.nodeFacts}>
          {factsOf(node)}
          {node.dictionary !== null && <span> · {node.dictionary}</span>}
        </p>
        <div className={styles.nodeActions}>
          <Button aria-pressed={pinned} onClick={() => togglePin(store, node.id)} title="Pin to the subgraph (P)">
            {pinned ? "Unpin" : "Pin"}
          </Button>
          <Button onClick={() => store.update({ panel: "check" })} title="Ablate or clamp it in the model">
            Check
          </Button>
          {page !== undefined && (
            <Link className={ui.button} data-kind="plain" href={page}>
              Feature’s page
            </Link>
          )}
          {connected !== undefined && (
            <Link
              className={ui.button}
              data-kind="plain"
              href={connected}
              title="What it is connected to by weights alone, on every prompt"
            >
              Weights
            </Link>
          )}
          {trace !== undefined && (
            <Link
              className={ui.button}
              data-kind="plain"
              href={trace}
              title={node.kind === "feature" ? "Trace, with a patch that ablates it here" : "This place in Trace"}
            >
              {node.kind === "feature" ? "Patch in Trace" : "Open in Trace"}
            </Link>
          )}
        </div>
      </section>
      {node.kind === "feature" && <NodeExamples node={node} />}
      {(connections.inputs.length > 0 || connections.bias !== null) && (
        <section>
          <h2 className="section-title">
            <span>Inputs</span>
            <span>{weights === "any" ? factorHead : "weight · share of Σ|inputs|"}</span>
          </h2>
          <ConnectionList
            label="Inputs"
            connections={connections.inputs}
            extra={[
              ...(connections.bias === null
                ? []
                : [{ name: "bias", value: connections.bias.value, share: connections.bias.share }]),
              ...(connections.rest.size > 0
                ? [{ name: "left out of the graph", value: undefined, share: connections.rest.share }]
                : []),
            ]}
          />
          <p className={styles.caption}>
            {weights === "any" && "on this prompt: "}
            {preActivation !== null && (
              <>
                inputs and bias sum to {formatFigure(sumOf(connections))}
                {connections.rest.size > 0 ? ` of ${formatFigure(preActivation)}` : ""} ·{" "}
              </>
            )}
            errors {formatFixed(connections.errorShare * 100, 1)} %
          </p>
        </section>
      )}
      {connections.outputs.length > 0 && (
        <section>
          <h2 className="section-title">
            <span>Outputs</span>
            <span>{weights === "any" ? factorHead : "weight · share of the reader’s inputs"}</span>
          </h2>
          <ConnectionList label="Outputs" connections={connections.outputs} extra={[]} />
        </section>
      )}
    </>
  );
}

function sumOf({ inputs, bias }: ReturnType<typeof connectionsOf>): number {
  return inputs.reduce((sum, { weight }) => sum + weight, bias?.value ?? 0);
}
