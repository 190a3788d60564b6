import { useState } from "react";
import { Link } from "../../../shell/Link.tsx";
import { Button } from "../../../shell/ui/Button.tsx";
import ui from "../../../shell/ui/ui.module.css";
import styles from "../Circuits.module.css";
import { useCircuitRoom } from "../circuits-context.tsx";
import { group, pinAll } from "../edits.ts";
import { patchLocation } from "./node-location.ts";

/** Several nodes at once: what can be done with them. */
export function ChosenSection() {
  const room = useCircuitRoom();
  const { store, circuit, chosen, choose } = room;
  const [label, setLabel] = useState("");
  const nodes = [...chosen].flatMap((place) => circuit.graph.nodes[place] ?? []);
  const ids = nodes.map(({ id }) => id);
  const trace = patchLocation(room, nodes);
  return (
    <section className={styles.chosen}>
      <h2 className="section-title">
        <span>
          {nodes.length} {nodes.length === 1 ? "node" : "nodes"} chosen
        </span>
        <span>
          <Button kind="bare" onClick={() => choose([])}>
            Clear
          </Button>
        </span>
      </h2>
      <form
        className={styles.groupForm}
        onSubmit={(event) => {
          event.preventDefault();
          group(store, ids, label.trim());
          setLabel("");
          choose([]);
        }}
      >
        <input
          aria-label="Name of the group"
          placeholder="Name of the group"
          maxLength={200}
          value={label}
          onChange={(event) => setLabel(event.target.value)}
          onKeyDown={(event) => event.stopPropagation()}
        />
        <Button type="submit" title="Group into a supernode (G)">
          Group
        </Button>
      </form>
      <div className={styles.nodeActions}>
        <Button onClick={() => pinAll(store, ids)}>Pin all</Button>
        <Button onClick={() => store.update({ panel: "check" })}>Check</Button>
        {trace !== undefined && (
          <Link className={ui.button} data-kind="plain" href={trace}>
            Patch in Trace
          </Link>
        )}
      </div>
    </section>
  );
}
