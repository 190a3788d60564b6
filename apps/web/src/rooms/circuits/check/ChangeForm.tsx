import type { CircuitNode } from "@patchbay/circuit-graph";
import type { CircuitCheck } from "@patchbay/workbench-state";
import { Button } from "../../../shell/ui/Button.tsx";
import { Segmented } from "../../../shell/ui/Segmented.tsx";
import { useDraft } from "../../common/use-draft.ts";
import styles from "../Circuits.module.css";
import { useCircuitRoom, useCircuitsView } from "../circuits-context.tsx";
import { nodeName } from "../node-words.ts";
import parts from "../Parts.module.css";

const NAMED = 6;

/** Which nodes, what is done to them, and what of the model may answer. */
export function ChangeForm({
  subject,
  pending,
  onRun,
  onCancel,
}: {
  readonly subject: readonly CircuitNode[];
  readonly pending: boolean;
  onRun(): void;
  onCancel(): void;
}) {
  const { store, circuit, choose } = useCircuitRoom();
  const { check, annotations } = useCircuitsView();
  const { tokens } = circuit.graph;
  const set = (change: Partial<CircuitCheck>) => store.update({ check: { ...check, ...change } });
  const onlyFeatures = subject.every(({ kind }) => kind === "feature");
  const notForAll = onlyFeatures ? undefined : "Only features have an activation to set";
  const [draft, setDraft] = useDraft(
    String(check.value),
    (text) => {
      const value = Number(text.replace(",", "."));
      if (text.trim() !== "" && Number.isFinite(value)) set({ value });
    },
    300,
  );
  return (
    <div className={parts.changeForm}>
      <p>
        {subject.length === 0 ? (
          "Choose nodes in the graph or in the list, or take a group:"
        ) : (
          <>
            <b>
              {subject.length} {subject.length === 1 ? "node" : "nodes"}
            </b>{" "}
            <span className="mono quiet">
              {subject
                .slice(0, NAMED)
                .map((node) => `${nodeName(node, tokens)}@${node.position}`)
                .join(", ")}
              {subject.length > NAMED ? ` and ${subject.length - NAMED} more` : ""}
            </span>
          </>
        )}
      </p>
      {annotations.supernodes.length > 0 && (
        <p className={parts.groupButtons}>
          {annotations.supernodes.map(({ id, label, nodes }) => (
            <Button
              key={id}
              aria-label={`Take the group ${label === "" ? id : label}`}
              onClick={() => choose(nodes.flatMap((node) => circuit.placeOf.get(node) ?? []))}
            >
              {label === "" ? "unnamed" : label} <small className="quiet">{nodes.length}</small>
            </Button>
          ))}
        </p>
      )}
      <div className={parts.changeLine}>
        <Segmented
          label="Change"
          value={check.op}
          options={[
            { value: "zero", label: "ablate", hint: "To zero" },
            { value: "scale", label: "scale" },
            { value: "set", label: "set", disabled: notForAll },
            { value: "add", label: "add", disabled: notForAll },
          ]}
          onChange={(op) => set({ op })}
        />
        {check.op !== "zero" && (
          <input
            className={styles.changeValue}
            aria-label="Value"
            inputMode="decimal"
            value={draft}
            onChange={(event) => setDraft(event.target.value)}
          />
        )}
        <span className={parts.changeMode}>
          attention
          <Segmented
            label="Attention patterns"
            value={check.attention}
            options={[
              { value: "freeze", label: "frozen", hint: "As recorded" },
              { value: "recompute", label: "recomputed", hint: "As the changed run makes them" },
            ]}
            onChange={(attention) => set({ attention })}
          />
        </span>
        <span className={parts.changeMode}>
          norms and MLPs
          <Segmented
            label="Norms and MLPs"
            value={check.downstream}
            options={[
              { value: "freeze", label: "frozen", hint: "Measures the direct effect: what the edges say" },
              { value: "recompute", label: "recomputed", hint: "The model answers freely" },
            ]}
            onChange={(downstream) => set({ downstream })}
          />
        </span>
        {pending ? (
          <Button onClick={onCancel}>Cancel</Button>
        ) : (
          <Button kind="primary" disabled={subject.length === 0} onClick={onRun}>
            Change and compare
          </Button>
        )}
      </div>
    </div>
  );
}
