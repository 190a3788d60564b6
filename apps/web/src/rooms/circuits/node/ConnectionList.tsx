import type { Connection } from "@patchbay/circuit-graph";
import { useState } from "react";
import { Button } from "../../../shell/ui/Button.tsx";
import { formatCount, formatFixed } from "../../../shell/ui/format-number.ts";
import { formatFigure } from "../../common/format-figure.ts";
import styles from "../Circuits.module.css";
import { useCircuitRoom, useCircuitsView } from "../circuits-context.tsx";
import { select } from "../edits.ts";
import { nodeLabel, nodeName, placeName } from "../node-words.ts";

const FIRST = 8;
const MORE = 40;

export interface ExtraInput {
  readonly name: string;
  /** Undefined where only its size is known. */
  readonly value: number | undefined;
  readonly share: number;
}

/** The other ends of a node's edges, strongest first. In "any prompt" the factor stands in place of the weight. */
export function ConnectionList({
  label,
  connections,
  extra,
}: {
  readonly label: string;
  readonly connections: readonly Connection[];
  readonly extra: readonly ExtraInput[];
}) {
  const { store, circuit, noteOf } = useCircuitRoom();
  const { annotations, weights } = useCircuitsView();
  const [shown, setShown] = useState(FIRST);
  const { graph } = circuit;
  const largest = Math.max(...connections.map(({ share }) => share), ...extra.map(({ share }) => share), 1e-12);
  return (
    <>
      <ol className={styles.connections} aria-label={label}>
        {connections.slice(0, shown).map(({ node: place, edge, weight, share }) => {
          const node = graph.nodes[place];
          if (node === undefined) return null;
          const name = nodeName(node, graph.tokens);
          const text = nodeLabel(node, annotations.labels, noteOf(node));
          const factor = graph.edges.factor?.[edge];
          return (
            <li key={edge}>
              <button
                type="button"
                onClick={() => select(store, node.id)}
                title={`${name} ${placeName(node, graph.tokens)}${text === "" ? "" : `\n${text}`}\nweight ${weight}${factor == null ? "" : `\nfactor ${factor}`}`}
              >
                <i data-negative={weight < 0} style={{ width: `${(share / largest) * 100}%` }} aria-hidden="true" />
                <span data-kind={node.kind}>
                  {name} <small>{node.position}</small> <em>{text}</em>
                </span>
                <span>
                  {weights === "any"
                    ? factor == null
                      ? "no factor"
                      : formatSignedFigure(factor)
                    : formatSignedFigure(weight)}
                </span>
                <span>{formatFixed(share * 100, 1)} %</span>
              </button>
            </li>
          );
        })}
        {extra.map(({ name, value, share }) => (
          <li key={name}>
            <div>
              <i data-negative={(value ?? 0) < 0} style={{ width: `${(share / largest) * 100}%` }} aria-hidden="true" />
              <span data-kind="bias">{name}</span>
              <span>{value === undefined ? "" : formatSignedFigure(value)}</span>
              <span>{formatFixed(share * 100, 1)} %</span>
            </div>
          </li>
        ))}
      </ol>
      {connections.length > shown && (
        <Button kind="bare" onClick={() => setShown(shown + MORE)}>
          {formatCount(connections.length - shown)} more
        </Button>
      )}
    </>
  );
}

export function formatSignedFigure(value: number): string {
  return value > 0 ? `+${formatFigure(value)}` : formatFigure(value);
}
