import { useState } from "react";
import { Segmented } from "../../shell/ui/Segmented.tsx";
import styles from "./Neuron.module.css";
import { type ClampPositions as Positions, readPositions, writePositions } from "./neuron-view.ts";

/** Where in the text a clamp holds. */
export function ClampPositions({
  positions,
  onChange,
}: {
  readonly positions: Positions;
  onChange(positions: Positions): void;
}) {
  const kind = typeof positions === "string" ? positions : "these";
  const [typed, setTyped] = useState(typeof positions === "string" ? "" : writePositions(positions));
  const read = typed.trim() === "" ? undefined : readPositions(typed);
  return (
    <div className={styles.control}>
      <span className={styles.controlLabel}>Positions</span>
      <span className={styles.positions}>
        <Segmented
          label="Positions"
          value={kind}
          options={[
            { value: "all", label: "all", hint: "Every position, generated ones included" },
            { value: "last", label: "last", hint: "The last position of the text" },
            { value: "these", label: "these", hint: "Indices; −1 is the last" },
          ]}
          onChange={(next) => {
            if (next === "these") setTyped((known) => (known === "" ? "-1" : known));
            onChange(next === "these" ? (read ?? [-1]) : next);
          }}
        />
        {kind === "these" && (
          <input
            aria-label="Position indices, separated by commas"
            aria-invalid={typed.trim() !== "" && read === undefined}
            value={typed}
            placeholder="3, 5, −1"
            onChange={(event) => {
              setTyped(event.target.value);
              const next = readPositions(event.target.value);
              if (next !== undefined) onChange(next);
            }}
          />
        )}
      </span>
      {kind === "these" && typed.trim() !== "" && read === undefined && (
        <p role="alert">Whole numbers separated by commas, such as 3, 5, -1.</p>
      )}
    </div>
  );
}
