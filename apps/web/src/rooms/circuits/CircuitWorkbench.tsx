"use client";
import type { ModelSummary } from "@patchbay/contract";
import { type DragEvent, useCallback, useEffect, useMemo, useState } from "react";
import { Room } from "../../shell/Room.tsx";
import { Button } from "../../shell/ui/Button.tsx";
import { EmptyState } from "../../shell/ui/EmptyState.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { formatFixed } from "../../shell/ui/format-number.ts";
import { ProgressBar } from "../common/ProgressBar.tsx";
import { aspectOf } from "./aspect.ts";
import { CircuitBar } from "./CircuitBar.tsx";
import { CircuitNotices } from "./CircuitNotices.tsx";
import styles from "./Circuits.module.css";
import { CircuitToolbar } from "./CircuitToolbar.tsx";
import { CheckPanel } from "./check/CheckPanel.tsx";
import {
  type Checks,
  type CircuitRoom,
  CircuitRoomProvider,
  useCircuitsStore,
  useCircuitsView,
} from "./circuits-context.tsx";
import { ComparePanel } from "./compare/ComparePanel.tsx";
import { CircuitClient } from "./engine/circuit-client.ts";
import { GraphPanel } from "./GraphPanel.tsx";
import { EdgeTable } from "./lists/EdgeTable.tsx";
import { NodeTable } from "./lists/NodeTable.tsx";
import { NodePanel } from "./node/NodePanel.tsx";
import { SubgraphDock } from "./subgraph/SubgraphDock.tsx";
import { useCircuit } from "./use-circuit.ts";
import { useCircuitCommands } from "./use-circuit-commands.ts";
import { useDrawing } from "./use-drawing.ts";
import { useUnitNotes } from "./use-unit-notes.ts";

export function CircuitWorkbench({ model }: { readonly model: ModelSummary | undefined }) {
  const store = useCircuitsStore();
  const view = useCircuitsView();
  const client = useClient();
  const loading = useCircuit(store, view, model, client);
  const { circuit } = loading;
  const { shown, problem: drawingProblem } = useDrawing(client, circuit, view, aspectOf(view));
  const { noteOf, forget } = useUnitNotes(model, circuit, shown?.drawing);
  const chosen = useMemo(
    () => new Set(view.chosen.flatMap((id) => circuit?.placeOf.get(id) ?? [])),
    [view.chosen, circuit],
  );
  const choose = useCallback(
    (places: Iterable<number>) =>
      store.update({ chosen: [...places].flatMap((place) => circuit?.graph.nodes[place]?.id ?? []) }),
    [store, circuit],
  );
  const [checks, setChecks] = useState<Checks>({ key: "", intervention: undefined, deletion: undefined });
  // The address always reproduces the view: also on a first visit, which has nothing in it yet.
  useEffect(() => store.update({}), [store]);

  const room = useMemo<CircuitRoom | undefined>(
    () =>
      client === undefined || circuit === undefined || shown === undefined
        ? undefined
        : {
            store,
            client,
            model,
            circuit,
            drawing: shown.drawing,
            sceneOf: shown.sceneOf,
            noteOf,
            chosen,
            choose,
            checks,
            setChecks,
          },
    [store, client, model, circuit, shown, noteOf, chosen, choose, checks],
  );
  const [over, setOver] = useState(false);
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const [file] = event.dataTransfer.files;
    if (file !== undefined) loading.openFile(file);
  };
  const pending = loading.status === "pending";
  const title =
    circuit?.from === "prompt" || circuit === undefined ? view.prompt : circuit.graph.title || circuit.graph.slug;
  return (
    <Room
      title={title.slice(0, 40) || "Circuits"}
      scroll={false}
      bar={<CircuitBar model={model} loading={loading} room={room} />}
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a file can also be opened with the button */}
      <div
        className={styles.room}
        data-over={over}
        onDragOver={(event) => {
          if (!event.dataTransfer.types.includes("Files")) return;
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={(event) => event.currentTarget === event.target && setOver(false)}
        onDrop={onDrop}
      >
        {pending && (
          <div className={styles.progress} role="status">
            <ProgressBar value={loading.progress?.fraction ?? 0} label="Attribution graph" />
            <span>
              {loading.file === undefined ? (
                <>
                  {loading.progress?.message ?? "Asking for the graph …"}
                  <span className="quiet"> {Math.round((loading.progress?.fraction ?? 0) * 100)} %</span>
                </>
              ) : (
                `Reading ${loading.file.name}, ${formatFixed(loading.file.size / 1e6, 1)} MB …`
              )}
            </span>
          </div>
        )}
        {room === undefined ? (
          <Waiting loading={loading} drawingProblem={drawingProblem} />
        ) : (
          <CircuitRoomProvider room={room}>
            <Commands />
            <div className={styles.layout} data-stale={pending}>
              <div className={styles.stage}>
                <CircuitToolbar />
                <CircuitNotices loading={loading} />
                <div className={styles.figure}>
                  {view.panel === "graph" && <GraphPanel />}
                  {view.panel === "nodes" && <NodeTable />}
                  {view.panel === "edges" && <EdgeTable />}
                  {view.panel === "compare" && <ComparePanel />}
                  {view.panel === "check" && <CheckPanel />}
                </div>
                {view.panel === "graph" && <SubgraphDock />}
              </div>
              <NodePanel onLabelled={forget} />
            </div>
          </CircuitRoomProvider>
        )}
      </div>
    </Room>
  );
}

function Commands() {
  useCircuitCommands();
  return null;
}

function Waiting({
  loading,
  drawingProblem,
}: {
  readonly loading: ReturnType<typeof useCircuit>;
  readonly drawingProblem: string | undefined;
}) {
  const again = <Button onClick={loading.reload}>Try again</Button>;
  if (loading.status === "failed" && loading.problem !== undefined)
    return <ErrorState problem={loading.problem} action={again} />;
  if (drawingProblem !== undefined)
    return <ErrorState problem={{ title: "The graph could not be drawn", detail: drawingProblem }} action={again} />;
  if (loading.status === "cancelled")
    return <EmptyState title="Cancelled before the graph was complete" action={again} />;
  if (loading.status === "idle")
    return (
      <EmptyState title="What caused the answer?">
        Type a prompt above, or open a graph that circuit-tracer, Neuronpedia or Patchbay has written.
      </EmptyState>
    );
  return (
    <div className={styles.skeleton} aria-busy="true" aria-hidden="true">
      {Array.from({ length: 54 }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: places that hold nothing yet
        <i key={index} style={{ animationDelay: `${(index % 9) * 60 + Math.floor(index / 9) * 90}ms` }} />
      ))}
    </div>
  );
}

function useClient(): CircuitClient | undefined {
  const [client, setClient] = useState<CircuitClient>();
  useEffect(() => {
    const created = new CircuitClient();
    setClient(created);
    return () => created.dispose();
  }, []);
  return client;
}
