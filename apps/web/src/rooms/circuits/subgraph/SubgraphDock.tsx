import { useState } from "react";
import { Button } from "../../../shell/ui/Button.tsx";
import { formatFixed } from "../../../shell/ui/format-number.ts";
import styles from "../Circuits.module.css";
import { useCircuitRoom, useCircuitsView } from "../circuits-context.tsx";
import { forgetPlaces } from "../edits.ts";
import { SubgraphFigure } from "./SubgraphFigure.tsx";
import { SupernodeList } from "./SupernodeList.tsx";
import { useSubgraph } from "./use-subgraph.ts";

/** Pinned nodes and supernodes, with their own edges and their own scores. It appears with the first pin. */
export function SubgraphDock() {
  const { store } = useCircuitRoom();
  const { pins, supernodes, positions } = useCircuitsView().annotations;
  const [folded, setFolded] = useState(false);
  const subgraph = useSubgraph();
  if (pins.length === 0 && supernodes.length === 0) return null;
  const percent = (value: number | null | undefined) => (value == null ? "n/a" : `${formatFixed(value * 100, 1)} %`);
  return (
    <section className={styles.dock} aria-label="Subgraph" data-folded={folded}>
      <h2 className="section-title">
        <span>
          Subgraph{" "}
          <span className="quiet">
            {pins.length} pinned · {supernodes.length} {supernodes.length === 1 ? "supernode" : "supernodes"}
          </span>
        </span>
        <span className={styles.dockScores}>
          {subgraph !== undefined && (
            <>
              <span title="With every other node counted as error">
                replacement <b>{percent(subgraph.scores?.replacement)}</b>
              </span>
              <span title="With every other node counted as error">
                completeness <b>{percent(subgraph.scores?.completeness)}</b>
              </span>
              <span title="Share of all influence, tokens and targets aside, that passes these nodes">
                influence <b>{percent(subgraph.influence)}</b>
              </span>
            </>
          )}
          {Object.keys(positions).length > 0 && (
            <Button kind="bare" onClick={() => forgetPlaces(store)} title="Boxes go back to where the layout puts them">
              Straighten
            </Button>
          )}
          <Button kind="bare" aria-expanded={!folded} onClick={() => setFolded(!folded)}>
            {folded ? "Show" : "Fold"}
          </Button>
        </span>
      </h2>
      {!folded && (
        <div className={styles.dockBody}>
          {supernodes.length > 0 && <SupernodeList />}
          {subgraph !== undefined && <SubgraphFigure subgraph={subgraph} />}
        </div>
      )}
    </section>
  );
}
