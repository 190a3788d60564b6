import type { Connection } from "@patchbay/circuit-graph";
import { type CSSProperties, useMemo, useState } from "react";
import { Button } from "../../../shell/ui/Button.tsx";
import { formatCount, formatFixed } from "../../../shell/ui/format-number.ts";
import { formatFigure } from "../../common/format-figure.ts";
import styles from "../Circuits.module.css";
import { useCircuitRoom, useCircuitsView } from "../circuits-context.tsx";
import { select } from "../edits.ts";
import { nodeLabel, nodeName, placeName } from "../node-words.ts";
import { byFactor, type FactorConnection, withFactors } from "./any-prompt.ts";

const FIRST = 8;
const MORE = 40;

export interface ExtraInput {
  readonly name: string;
  /** Undefined where only its size is known. */
  readonly value: number | undefined;
  readonly share: number;
}

/**
 * The other ends of a node's edges, strongest first. In "any prompt" the factor stands in place of the weight, with the path
 * that it speaks of, and orders the list; what has no factor (bias, what was left out) is not shown.
 */
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
  const { graph, factorPaths } = circuit;
  const any = weights === "any";
  const { factor: factors } = graph.edges;
  const rows = useMemo(() => {
    const found = withFactors(connections, factors, factorPaths);
    return any ? byFactor(found) : found;
  }, [connections, factors, factorPaths, any]);
  const rest = any ? [] : extra;
  const sizeOf = ({ share, factor }: FactorConnection) => (any ? Math.abs(factor ?? 0) : share);
  const largest = [...rows.map(sizeOf), ...rest.map(({ share }) => share)].reduce((a, b) => Math.max(a, b), 1e-12);
  const bar = (size: number) => ({ "--share": size / largest }) as CSSProperties;
  return (
    <>
      <ol className={styles.connections} aria-label={label}>
        {rows.slice(0, shown).map((row) => {
          const { edge, weight, share, factor, through } = row;
          const node = graph.nodes[row.node];
          if (node === undefined) return null;
          const name = nodeName(node, graph.tokens);
          const text = nodeLabel(node, annotations.labels, noteOf(node));
          return (
            <li key={edge}>
              <button
                type="button"
                onClick={() => select(store, node.id)}
                title={`${name} ${placeName(node, graph.tokens)}${text === "" ? "" : `\n${text}`}\nweight ${weight}${factor === null ? "" : `\nfactor ${factor}`}${through === null ? "" : `, ${pathWords(through)}`}`}
              >
                <i data-negative={(any ? (factor ?? 0) : weight) < 0} style={bar(sizeOf(row))} aria-hidden="true" />
                <span data-kind={node.kind}>
                  {name} <small>{node.position}</small> <em>{text}</em>
                </span>
                <span>{any ? (factor === null ? "–" : formatSignedFigure(factor)) : formatSignedFigure(weight)}</span>
                <span>{any ? (through ?? "") : `${formatFixed(share * 100, 1)} %`}</span>
              </button>
            </li>
          );
        })}
        {rest.map(({ name, value, share }) => (
          <li key={name}>
            <div>
              <i data-negative={(value ?? 0) < 0} style={bar(share)} aria-hidden="true" />
              <span data-kind="bias">{name}</span>
              <span>{value === undefined ? "" : formatSignedFigure(value)}</span>
              <span>{formatFixed(share * 100, 1)} %</span>
            </div>
          </li>
        ))}
      </ol>
      {rows.length > shown && (
        <Button kind="bare" onClick={() => setShown(shown + MORE)}>
          {formatCount(rows.length - shown)} more
        </Button>
      )}
    </>
  );
}

function pathWords(through: string): string {
  return through === "direct" ? "at one position" : `through the OV map of head ${through}`;
}

export function formatSignedFigure(value: number): string {
  return value > 0 ? `+${formatFigure(value)}` : formatFigure(value);
}
