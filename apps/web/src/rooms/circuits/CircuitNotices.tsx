import { useEffect } from "react";
import { useStore } from "zustand";
import { useApi } from "../../shell/api.ts";
import { showToast } from "../../shell/toasts.ts";
import { Button } from "../../shell/ui/Button.tsx";
import styles from "./Circuits.module.css";
import { useCircuitRoom } from "./circuits-context.tsx";
import { storeCircuit } from "./share/store-circuit.ts";
import type { CircuitLoading } from "./use-circuit.ts";

/** What was not understood or not taken as it was. Above the figure, never over it. */
export function CircuitNotices({ loading }: { readonly loading: CircuitLoading }) {
  const { store, circuit, drawing } = useCircuitRoom();
  const notices = useStore(store, (state) => state.notices);
  const overflows = useStore(store, (state) => state.overflows);
  const { state, call } = useApi<{ readonly id: string }>();
  const keep = () =>
    call(async (signal) => {
      const saved = await storeCircuit(circuit, store.getState().view, signal);
      store.update({ graph: saved.id }, { step: true });
      return saved;
    });
  useEffect(() => {
    if (state.status === "failed") showToast(`The graph was not stored. ${state.problem.detail}`, "bad");
  }, [state]);
  const failed = loading.status === "failed" ? loading.problem : undefined;
  const unsaved = circuit.from === "file";
  return (
    <div className={styles.notices} role="status">
      {notices.length > 0 && (
        <p>
          {notices.join(" ")}{" "}
          <Button kind="bare" onClick={store.dismissNotices}>
            Dismiss
          </Button>
        </p>
      )}
      {failed !== undefined && (
        <p data-kind="bad">
          <b>
            {failed.title}
            {loading.file === undefined ? "" : `: ${loading.file.name}`}.
          </b>{" "}
          {failed.detail} The figure shows the graph before.{" "}
          <Button kind="bare" onClick={loading.reload}>
            Try again
          </Button>
        </p>
      )}
      {drawing.facts.problem !== undefined && <p data-kind="bad">{drawing.facts.problem}</p>}
      {circuit.notices.length > 0 && (
        <details className={styles.fileNotices}>
          <summary>
            The file was read with {circuit.notices.length} {circuit.notices.length === 1 ? "notice" : "notices"}
          </summary>
          <ul>
            {circuit.notices.map((notice) => (
              <li key={notice}>{notice}</li>
            ))}
          </ul>
        </details>
      )}
      {(unsaved || overflows) && (
        <p>
          {unsaved
            ? "This file is open only here: the address does not lead back to it until it is stored."
            : "There is more on this graph than an address can hold."}{" "}
          <Button kind="bare" disabled={state.status === "pending"} onClick={() => void keep()}>
            {state.status === "pending" ? "Storing …" : "Store the graph"}
          </Button>
        </p>
      )}
    </div>
  );
}
