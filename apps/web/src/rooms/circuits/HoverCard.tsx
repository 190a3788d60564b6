import { TokenStrip } from "@patchbay/charts/react";
import type { CircuitNode } from "@patchbay/circuit-graph";
import { TokenChip } from "../../shell/ui/TokenChip.tsx";
import { visibleToken } from "../../shell/ui/token-text.ts";
import { formatFigure } from "../common/format-figure.ts";
import { useUnit } from "../common/unit/use-unit.ts";
import styles from "./Circuits.module.css";
import { type CircuitRoom, useCircuitsView } from "./circuits-context.tsx";
import { nodeLabel, nodeName, placeName } from "./node-words.ts";
import { useSettled } from "./use-settled.ts";
import { isOfModel } from "./use-unit-notes.ts";

const EXAMPLES = 3;
const CARD_WIDTH = 320;

/** What the node under the pointer is: it follows the pointer and never takes it. */
export function HoverCard({
  room,
  place,
  x,
  y,
}: {
  readonly room: CircuitRoom;
  readonly place: number;
  readonly x: number;
  readonly y: number;
}) {
  const { annotations } = useCircuitsView();
  const { graph } = room.circuit;
  const node = graph.nodes[place];
  const settled = useSettled(place, 160);
  if (node === undefined) return null;
  const note = room.noteOf(node);
  const label = nodeLabel(node, annotations.labels, note);
  const group = annotations.supernodes.find(({ nodes }) => nodes.includes(node.id));
  return (
    <div
      className={styles.hover}
      style={{ ...(x > 420 ? { right: `calc(100% - ${x - 14}px)` } : { left: x + 14 }), top: y, width: CARD_WIDTH }}
      data-low={y > 360}
      aria-hidden="true"
    >
      <p>
        <b>{nodeName(node, graph.tokens)}</b> <span className="mono">{placeName(node, graph.tokens)}</span>
      </p>
      {label !== "" && <p>{label}</p>}
      {group !== undefined && <p className="quiet">in “{group.label === "" ? "unnamed group" : group.label}”</p>}
      <p className="quiet">{factsOf(node)}</p>
      {note !== undefined && note.writes.length > 0 && (
        <p className={styles.hoverTokens}>
          <span className="quiet">writes</span>
          {note.writes.slice(0, 5).map((text) => (
            <TokenChip key={text} text={text} />
          ))}
        </p>
      )}
      {node.kind === "feature" && settled === place && <Examples room={room} node={node} />}
    </div>
  );
}

export function factsOf(node: CircuitNode): string {
  const parts: string[] = [];
  if (node.kind === "feature" && node.activation !== null) parts.push(`activation ${formatFigure(node.activation)}`);
  if (node.kind === "logit" && node.probability !== null && node.probability < 1)
    parts.push(`probability ${formatFigure(node.probability)}`);
  if (node.influence !== null && node.influence > 0)
    parts.push(`among the nodes that hold ${formatFigure(node.influence * 100)} % of influence`);
  return parts.join(" · ");
}

function Examples({ room, node }: { readonly room: CircuitRoom; readonly node: CircuitNode }) {
  const { model, circuit } = room;
  const known = isOfModel(circuit, model) && room.noteOf(node) !== undefined && node.dictionary !== null;
  const { state } = useUnit(known ? model : undefined, { source: node.dictionary ?? "", unit: node.unit ?? 0 });
  const page = state.value;
  if (!known || page === undefined || page.unit !== node.unit) return null;
  const top = page.groups.find(({ name }) => name === "top")?.examples.slice(0, EXAMPLES) ?? [];
  return (
    <div className={styles.hoverExamples}>
      {top.map((example) => (
        <TokenStrip
          key={`${example.document}.${example.peak}`}
          tokens={example.tokens.map(({ text }, i) => ({
            position: example.start + i,
            text,
            label: visibleToken(text),
            value: example.activations[i],
          }))}
          quantity="activation"
          limit={page.statistics?.maximum}
          peak={example.peak}
        />
      ))}
    </div>
  );
}
