import { useStore } from "zustand";
import { Button } from "../../shell/ui/Button.tsx";
import { formatCount, formatFixed } from "../../shell/ui/format-number.ts";
import { Segmented } from "../../shell/ui/Segmented.tsx";
import styles from "./Circuits.module.css";
import { type CircuitRoom, useCircuitRoom, useCircuitsView } from "./circuits-context.tsx";
import { FigureExport } from "./share/FigureExport.tsx";
import { Suggestions } from "./subgraph/Suggestions.tsx";

/** Which view, what the edges mean, how much is shown, and what that is worth: live, while the sliders move. */
export function CircuitToolbar() {
  const room = useCircuitRoom();
  const { store, circuit } = room;
  const view = useCircuitsView();
  const past = useStore(store, (state) => state.past.length);
  const future = useStore(store, (state) => state.future.length);
  const hasFactors = circuit.graph.edges.factor?.some((factor) => factor !== null) === true;
  return (
    <div className={styles.toolbar}>
      <div className={styles.toolbarLine}>
        <Segmented
          label="View"
          value={view.panel}
          options={[
            { value: "graph", label: "Graph" },
            { value: "nodes", label: "Nodes", hint: "Every node as a row" },
            { value: "edges", label: "Edges", hint: "Every edge as a row" },
            { value: "compare", label: "Side by side", hint: "With another prompt" },
            { value: "check", label: "Causal check", hint: "Change nodes in the model: predicted against measured" },
          ]}
          onChange={(panel) => store.update({ panel })}
        />
        <Segmented
          label="Edges"
          value={view.weights}
          options={[
            { value: "prompt", label: "this prompt", hint: "Weight = factor × activation of the source" },
            {
              value: "any",
              label: "any prompt",
              hint: "The factor alone: the same whatever the prompt",
              disabled: hasFactors ? undefined : "This graph has no factors",
            },
          ]}
          onChange={(weights) => store.update({ weights })}
        />
        <span className={styles.toolbarEnd}>
          <Button kind="bare" disabled={past === 0} onClick={store.undo} title="Undo (Ctrl Z)">
            Undo
          </Button>
          <Button kind="bare" disabled={future === 0} onClick={store.redo} title="Redo (Ctrl Shift Z)">
            Redo
          </Button>
          <Suggestions />
          <FigureExport />
        </span>
      </div>
      <div className={styles.toolbarLine}>
        <Threshold
          name="node"
          label="Nodes"
          hint="The most influential nodes until they hold this share of all influence; tokens and targets always stay"
        />
        <Threshold
          name="edge"
          label="Edges"
          hint="The strongest edges between shown nodes until they hold this share of their score"
        />
        <Scores room={room} />
      </div>
    </div>
  );
}

function Threshold({
  name,
  label,
  hint,
}: {
  readonly name: "node" | "edge";
  readonly label: string;
  readonly hint: string;
}) {
  const { store, drawing } = useCircuitRoom();
  const { thresholds } = useCircuitsView().annotations;
  const value = thresholds[name] ?? 1;
  const set = (next: number) =>
    store.adjust((view) => ({
      ...view,
      thresholds: { ...view.thresholds, [name]: next >= 1 ? null : next },
    }));
  const shown = name === "node" ? drawing.nodes.length : drawing.edges.length;
  const all = name === "node" ? drawing.facts.allNodes : drawing.facts.allEdges;
  return (
    <label className={styles.threshold} title={hint}>
      <span>{label}</span>
      <input
        type="range"
        min={0}
        max={1}
        step={0.005}
        aria-label={`${label}: share of influence that is shown`}
        aria-valuetext={value >= 1 ? "all" : `${formatFixed(value * 100, 1)} %`}
        value={value}
        onChange={(event) => set(Number(event.target.value))}
      />
      <output>{value >= 1 ? "all" : `${formatFixed(value * 100, 1)} %`}</output>
      <small>
        <b>{formatCount(shown)}</b> of {formatCount(all)}
      </small>
    </label>
  );
}

function Scores({ room }: { readonly room: CircuitRoom }) {
  const { facts } = room.drawing;
  const made = room.circuit.graph.scores;
  const percent = (value: number | null | undefined) => (value == null ? "n/a" : `${formatFixed(value * 100, 1)} %`);
  const of = (name: "replacement" | "completeness") => (
    <span title={SCORE_MEANINGS[name]}>
      {name} <b data-score={name}>{percent(facts.scores?.[name])}</b>
      {made?.[name] != null && <small> of {percent(made[name])} as made</small>}
    </span>
  );
  const { ends } = facts;
  return (
    <span className={styles.scores} aria-live="polite">
      {of("replacement")}
      {of("completeness")}
      {ends !== null && (
        <span
          className={styles.ends}
          role="img"
          aria-label={`Influence ends at tokens ${percent(ends.tokens)}, at errors ${percent(ends.errors)}, left out ${percent(ends.leftOut)}`}
          title={`Where influence ends, in the whole graph: tokens ${percent(ends.tokens)}, errors ${percent(ends.errors)}, left out ${percent(ends.leftOut)}${facts.biasShare === null ? "" : `. Biases are ${percent(facts.biasShare)} of what enters the nodes`}`}
        >
          <i data-end="tokens" style={{ flexGrow: ends.tokens }} />
          <i data-end="errors" style={{ flexGrow: ends.errors }} />
          <i data-end="left-out" style={{ flexGrow: ends.leftOut }} />
        </span>
      )}
      {ends !== null && (
        <span>
          errors <b>{percent(ends.errors)}</b>
          {ends.leftOut > 0.0005 && (
            <>
              {" "}
              <small title="What was pruned or left out before the graph was delivered: neither token nor error is known">
                + {percent(ends.leftOut)} left out
              </small>
            </>
          )}
        </span>
      )}
      {facts.biasShare !== null && (
        <span title="Share of what enters the nodes that comes from biases, weighted by influence">
          biases <b>{percent(facts.biasShare)}</b>
        </span>
      )}
    </span>
  );
}

const SCORE_MEANINGS = {
  replacement:
    "Share of influence that reaches the tokens through nodes that are shown; errors and what is not shown count against it",
  completeness: "Share of each node’s inputs that is explained by shown nodes, weighted by the node’s influence",
} as const;
