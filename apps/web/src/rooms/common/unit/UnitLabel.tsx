import type { ModelSummary } from "@patchbay/contract";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { api, problemOf } from "../../../shell/api.ts";
import { useCommands } from "../../../shell/commands.ts";
import { showToast } from "../../../shell/toasts.ts";
import styles from "./Unit.module.css";
import { forgetUnit, type UnitName } from "./use-unit.ts";

/** A unit's label, in the reader's words. It is stored when the field is left or confirmed. */
export function UnitLabel({
  model,
  unit,
  label,
  group,
  onStored,
}: {
  readonly model: ModelSummary;
  readonly unit: UnitName;
  readonly label: string | null;
  /** Of the palette's command. */
  readonly group: string;
  onStored(): void;
}) {
  const field = useRef<HTMLInputElement>(null);
  const [draft, setDraft] = useState(label ?? "");
  const [stored, setStored] = useState(label ?? "");
  useEffect(() => {
    setDraft(label ?? "");
    setStored(label ?? "");
  }, [label]);
  useCommands([{ id: "unit-label", title: "Edit the label", group, keys: ["e"], run: () => field.current?.focus() }]);

  async function store(event?: FormEvent) {
    event?.preventDefault();
    const next = draft.trim();
    if (next === stored) return;
    setStored(next);
    try {
      const params = { model: model.name, source: unit.source, unit: unit.unit };
      await api.labelUnit({ params, body: { label: next } });
      forgetUnit(model, unit);
      onStored();
    } catch (error) {
      setStored(label ?? "");
      showToast(`The label was not stored. ${problemOf(error).detail}`, "bad");
    }
  }
  return (
    <form className={styles.label} onSubmit={(event) => void store(event)}>
      <input
        ref={field}
        aria-label="Label"
        placeholder="No label yet: say what it does"
        maxLength={200}
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={() => void store()}
        onKeyDown={(event) => {
          if (event.key !== "Escape" && event.key !== "Enter") return;
          event.stopPropagation();
          if (event.key === "Escape") setDraft(stored);
          else void store();
          event.currentTarget.blur();
        }}
      />
    </form>
  );
}
