import type { CircuitNode } from "@patchbay/circuit-graph";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { api, problemOf } from "../../../shell/api.ts";
import { useCommands } from "../../../shell/commands.ts";
import { showToast } from "../../../shell/toasts.ts";
import { Button } from "../../../shell/ui/Button.tsx";
import { forgetUnit } from "../../common/unit/use-unit.ts";
import styles from "../Circuits.module.css";
import { useCircuitRoom, useCircuitsView } from "../circuits-context.tsx";
import { label as labelNode } from "../edits.ts";
import type { UnitNote } from "../node-words.ts";

/** What a person calls the node in this graph; on request it becomes the unit's label everywhere. */
export function NodeLabelField({
  node,
  suggested,
  note,
  onLabelled,
}: {
  readonly node: CircuitNode;
  /** What it is called while nobody has named it here. */
  readonly suggested: string;
  readonly note: UnitNote | undefined;
  onLabelled(node: CircuitNode): void;
}) {
  const { store, model } = useCircuitRoom();
  const { annotations } = useCircuitsView();
  const own = annotations.labels[node.id] ?? "";
  const [draft, setDraft] = useState(own);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => setDraft(own), [own]);
  useCommands([
    { id: "circuit-label", title: "Label the node", group: "Circuits", keys: ["e"], run: () => field.current?.focus() },
  ]);
  const commit = (event?: FormEvent) => {
    event?.preventDefault();
    labelNode(store, node.id, draft.trim());
  };
  const { dictionary, unit } = node;
  const canKeep =
    note !== undefined &&
    model !== undefined &&
    dictionary !== null &&
    unit !== null &&
    own !== "" &&
    own !== note.label;
  async function keep() {
    if (model === undefined || dictionary === null || unit === null) return;
    try {
      await api.labelUnit({ params: { model: model.name, source: dictionary, unit }, body: { label: own } });
      forgetUnit(model, { source: dictionary, unit });
      onLabelled(node);
      showToast("The feature has this label everywhere now", "good");
    } catch (error) {
      showToast(`The label was not stored. ${problemOf(error).detail}`, "bad");
    }
  }
  return (
    <form className={styles.nodeLabel} onSubmit={commit}>
      <input
        ref={field}
        aria-label="Label of the node"
        placeholder={suggested === "" ? "Label: what does it do here?" : suggested}
        maxLength={200}
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={() => commit()}
        onKeyDown={(event) => {
          if (event.key !== "Escape" && event.key !== "Enter") return;
          event.stopPropagation();
          if (event.key === "Escape") setDraft(own);
          else commit();
          event.currentTarget.blur();
        }}
      />
      {canKeep && (
        <Button
          kind="bare"
          onClick={() => void keep()}
          title="Store it as the feature’s label, on its page and in the search"
        >
          Keep for the feature
        </Button>
      )}
    </form>
  );
}
