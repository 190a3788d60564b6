import { formatCount } from "../../shell/ui/format-number.ts";
import { formatFigure } from "../common/format-figure.ts";
import styles from "./Circuits.module.css";
import { type CircuitRoom, useCircuitsView } from "./circuits-context.tsx";

/** What shapes, widths, colours and dashes mean, and in which unit. */
export function GraphLegend({ room }: { readonly room: CircuitRoom }) {
  const { weights } = useCircuitsView();
  const { facts } = room.drawing;
  const kinds = new Set(room.circuit.graph.nodes.map(({ kind }) => kind));
  return (
    <p className={styles.legend}>
      {kinds.has("feature") && (
        <span>
          <Shape d="M9.6 5a4.6 4.6 0 1 1-9.2 0a4.6 4.6 0 1 1 9.2 0z" /> feature
        </span>
      )}
      {kinds.has("error") && (
        <span>
          <Shape d="M5 0L10 5L5 10L0 5z" fill="var(--ink-4)" /> error
        </span>
      )}
      {kinds.has("token") && (
        <span>
          <Shape d="M1 1H9V9H1z" fill="var(--ink)" /> token
        </span>
      )}
      {kinds.has("logit") && (
        <span>
          <Shape d="M0 2H10V8H0z" fill="var(--ink)" /> target
        </span>
      )}
      {kinds.has("bias") && (
        <span>
          <Shape d="M5 1L9.6 9H.4z" /> bias
        </span>
      )}
      <span>
        <svg width="22" height="8" aria-hidden="true">
          <path d="M0 4H22" stroke="var(--heat)" strokeWidth="2.4" />
        </svg>{" "}
        raises
      </span>
      <span>
        <svg width="22" height="8" aria-hidden="true">
          <path d="M0 4H22" stroke="var(--counter)" strokeWidth="2.4" strokeDasharray="6 3.5" />
        </svg>{" "}
        lowers
      </span>
      <span>
        width: |{weights === "any" ? "factor" : "direct effect"}|, widest {formatFigure(facts.largest)}{" "}
        {weights === "any" ? "per unit of activation" : "of the reader’s pre-activation"}
      </span>
      {facts.withoutFactor > 0 && (
        <span>{formatCount(facts.withoutFactor)} edges have no factor (errors, several paths) and are not drawn</span>
      )}
    </p>
  );
}

function Shape({ d, fill = "var(--surface)" }: { readonly d: string; readonly fill?: string }) {
  return (
    <svg width="10" height="10" aria-hidden="true" style={{ overflow: "visible" }}>
      <path d={d} fill={fill} stroke="var(--ink-2)" />
    </svg>
  );
}
