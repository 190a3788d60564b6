import type { ModelSummary } from "@patchbay/contract";
import { NO_ANNOTATIONS } from "@patchbay/workbench-state";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useModels } from "../../shell/models.ts";
import { Button } from "../../shell/ui/Button.tsx";
import { Kbd } from "../../shell/ui/Kbd.tsx";
import styles from "./Circuits.module.css";
import { type CircuitRoom, useCircuitsStore, useCircuitsView } from "./circuits-context.tsx";
import { ShareButton } from "./share/ShareButton.tsx";
import { StoredGraphs } from "./share/StoredGraphs.tsx";
import { TargetSettings } from "./TargetSettings.tsx";
import type { CircuitLoading } from "./use-circuit.ts";

/** The prompt whose answer is explained, what counts as the answer, and the ways in and out. */
export function CircuitBar({
  model,
  loading,
  room,
}: {
  readonly model: ModelSummary | undefined;
  readonly loading: CircuitLoading;
  readonly room: CircuitRoom | undefined;
}) {
  const store = useCircuitsStore();
  const view = useCircuitsView();
  const { models } = useModels();
  const foreign = loading.circuit !== undefined && loading.circuit.from !== "prompt" ? loading.circuit : undefined;
  const prompt = view.graph !== undefined || foreign?.from === "file" ? (foreign?.graph.prompt ?? "") : view.prompt;
  const [draft, setDraft] = useState(prompt);
  const box = useRef<HTMLInputElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  useEffect(() => setDraft(prompt), [prompt]);
  const pending = loading.status === "pending";

  function run() {
    box.current?.blur();
    if (draft === view.prompt && view.graph === undefined && foreign === undefined) return loading.reload();
    const { thresholds } = view.annotations;
    store.update(
      { prompt: draft, graph: undefined, chosen: [], annotations: { ...NO_ANNOTATIONS, thresholds } },
      { step: true },
    );
    // The same question as before a file was opened over it.
    if (draft === view.prompt && view.graph === undefined) loading.reload();
  }
  function onKeyDown(event: KeyboardEvent) {
    if (event.key === "Enter") run();
    else if (event.key === "Escape") box.current?.blur();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
  return (
    <>
      {models.length > 1 ? (
        <select
          className={styles.model}
          aria-label="Model"
          value={model?.name ?? ""}
          onChange={(event) =>
            store.update(
              {
                model: event.target.value,
                graph: undefined,
                chosen: [],
                annotations: NO_ANNOTATIONS,
                target: undefined,
              },
              { step: true },
            )
          }
        >
          {models.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      ) : (
        <strong className={styles.modelName}>{model?.name ?? "Circuits"}</strong>
      )}
      <input
        ref={box}
        id="circuit-prompt"
        className={`mono ${styles.prompt}`}
        aria-label="Prompt"
        spellCheck={false}
        placeholder="Type a prompt …"
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={onKeyDown}
      />
      {model !== undefined && <TargetSettings model={model} />}
      {pending ? (
        <Button onClick={loading.cancel}>
          Cancel <Kbd keys="escape" />
        </Button>
      ) : (
        <Button kind="primary" onClick={run} disabled={draft === "" || model === undefined}>
          Run <Kbd keys="enter" />
        </Button>
      )}
      <input
        ref={picker}
        type="file"
        accept=".json,.gz,application/json"
        className="visually-hidden"
        tabIndex={-1}
        aria-label="Graph file"
        onChange={(event) => {
          const [file] = event.target.files ?? [];
          if (file !== undefined) loading.openFile(file);
          event.target.value = "";
        }}
      />
      <StoredGraphs onOpenFile={() => picker.current?.click()} />
      {room !== undefined && <ShareButton room={room} />}
    </>
  );
}
