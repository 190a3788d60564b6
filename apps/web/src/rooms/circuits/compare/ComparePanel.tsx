import { CircuitCanvas, type PaintBitmap } from "@patchbay/charts/react";
import { matchNodes } from "@patchbay/circuit-graph";
import { circuitRequest } from "@patchbay/workbench-state";
import { type KeyboardEvent, useCallback, useEffect, useMemo, useState } from "react";
import { Button } from "../../../shell/ui/Button.tsx";
import { EmptyState } from "../../../shell/ui/EmptyState.tsx";
import { formatCount, formatFixed } from "../../../shell/ui/format-number.ts";
import { useQuestion } from "../../common/use-question.ts";
import { COMPARED_ASPECT } from "../aspect.ts";
import styles from "../Circuits.module.css";
import { QuestionProgress } from "../check/QuestionProgress.tsx";
import { type CircuitRoom, selectedNode, useCircuitRoom, useCircuitsView } from "../circuits-context.tsx";
import { select } from "../edits.ts";
import { CircuitClient } from "../engine/circuit-client.ts";
import { placesInScene, useStageContent } from "../GraphPanel.tsx";
import { HoverCard } from "../HoverCard.tsx";
import { nodeLabel, nodeSentence } from "../node-words.ts";
import parts from "../Parts.module.css";
import { documentOf, opened } from "../use-circuit.ts";
import { useDrawing } from "../use-drawing.ts";
import { MatchTable } from "./MatchTable.tsx";

/** The same question of two prompts: which nodes they share, and where each goes its own way. */
export function ComparePanel() {
  const room = useCircuitRoom();
  const { store, model } = room;
  const view = useCircuitsView();
  const [draft, setDraft] = useState(view.other ?? "");
  useEffect(() => setDraft(view.other ?? ""), [view.other]);
  const run = () => store.update({ other: draft === "" ? undefined : draft }, { step: true });
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === "Enter") run();
  };
  return (
    <div className={parts.compare}>
      <div className={parts.compareBar}>
        <input
          className={`mono ${styles.prompt}`}
          aria-label="Other prompt"
          placeholder="The other prompt: a changed name, another ending …"
          spellCheck={false}
          value={draft}
          onChange={(event) => setDraft(event.target.value)}
          onKeyDown={onKeyDown}
        />
        <Button onClick={run} disabled={draft === "" || model === undefined}>
          Compare
        </Button>
      </div>
      {model === undefined || view.other === undefined ? (
        <EmptyState title="Two prompts side by side">
          Type another prompt: nodes that are the same unit at answering positions are matched, and selected together.
        </EmptyState>
      ) : (
        <Pair key={`${view.other} ${room.circuit.key}`} other={view.other} />
      )}
    </div>
  );
}

function Pair({ other }: { readonly other: string }) {
  const room = useCircuitRoom();
  const { store, circuit, model } = room;
  const view = useCircuitsView();
  const question = useQuestion("attributionGraph");
  const [client, setClient] = useState<CircuitClient>();
  const [ready, setReady] = useState(false);
  useEffect(() => {
    const created = new CircuitClient();
    setClient(created);
    return () => created.dispose();
  }, []);
  const request = circuitRequest(view, model?.name ?? "", other);
  const asked = JSON.stringify(request);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text stands for the request
  useEffect(() => {
    void question.ask(request);
    return question.cancel;
  }, [asked]);
  const answer = question.state.status === "ready" ? question.state.value : undefined;
  const second = useMemo(
    () =>
      answer === undefined
        ? undefined
        : opened(`other ${asked}`, { graph: documentOf(answer.graph), from: "prompt", facts: answer.facts }),
    [answer, asked],
  );
  useEffect(() => {
    setReady(false);
    if (client === undefined || second === undefined) return;
    client.ask("load", { graph: second.graph }).then(
      () => setReady(true),
      () => undefined,
    );
  }, [client, second]);
  const match = useMemo(
    () => (second === undefined ? undefined : matchNodes(circuit.graph, second.graph)),
    [circuit, second],
  );
  // Groups and pins are of the first graph; the second is shown with the same thresholds.
  const annotations = useMemo(
    () => ({ ...view.annotations, pins: [], supernodes: [], labels: {}, positions: {}, clicked: null }),
    [view.annotations],
  );
  const { shown } = useDrawing(
    client,
    ready ? second : undefined,
    { annotations, weights: view.weights },
    COMPARED_ASPECT,
  );
  const [own, setOwn] = useState<string | null>(null);
  if (second === undefined || match === undefined || shown === undefined || client === undefined) {
    return <QuestionProgress state={question.state} onRetry={() => void question.ask(request)} />;
  }
  const secondRoom: CircuitRoom = { ...room, circuit: second, drawing: shown.drawing, sceneOf: shown.sceneOf, client };
  const selected = selectedNode(circuit, view.annotations);
  const partner = match.matches.find(({ a }) => a === selected?.place);
  const partnerId = partner === undefined ? own : (second.graph.nodes[partner.b]?.id ?? null);
  const onSecond = (id: string | null) => {
    const place = id === null ? undefined : second.placeOf.get(id);
    const found = match.matches.find(({ b }) => b === place);
    setOwn(id);
    select(store, found === undefined ? null : (circuit.graph.nodes[found.a]?.id ?? null));
  };
  const percent = (value: number | null) => (value === null ? "n/a" : `${formatFixed(value * 100, 1)} %`);
  const aligned = match.matches.filter(({ how }) => how === "aligned").length;
  return (
    <>
      <p className={parts.compareFacts} role="status">
        <b>{formatCount(match.matches.length)}</b> nodes matched ({formatCount(aligned)} at answering positions,{" "}
        {formatCount(match.matches.length - aligned)} elsewhere). They carry <b>{percent(match.sharedInfluence.a)}</b>{" "}
        of the influence in the first and <b>{percent(match.sharedInfluence.b)}</b> in the second.
      </p>
      <div className={parts.pair}>
        <Side
          room={room}
          lit={match.matches.map(({ a }) => a)}
          selected={selected?.node.id ?? null}
          onSelect={(id) => {
            setOwn(null);
            select(store, id);
          }}
          annotations={view.annotations}
        />
        <Side
          room={secondRoom}
          lit={match.matches.map(({ b }) => b)}
          selected={partnerId}
          onSelect={onSecond}
          annotations={annotations}
        />
      </div>
      <MatchTable first={circuit} second={second} match={match} />
    </>
  );
}

function Side({
  room,
  lit,
  selected,
  onSelect,
  annotations,
}: {
  readonly room: CircuitRoom;
  readonly lit: readonly number[];
  readonly selected: string | null;
  onSelect(id: string | null): void;
  readonly annotations: ReturnType<typeof useCircuitsView>["annotations"];
}) {
  const { circuit, drawing, sceneOf, client } = room;
  const content = useStageContent(room, annotations);
  const paint = useCallback<PaintBitmap>(
    async (request) => (await client.ask("paint", request).catch(() => null)) ?? undefined,
    [client],
  );
  const [hover, setHover] = useState<{ readonly node: number; readonly x: number; readonly y: number }>();
  const litInScene = useMemo(
    () => new Set(lit.map((place) => sceneOf[place] ?? -1).filter((n) => n >= 0)),
    [lit, sceneOf],
  );
  const place = selected === null ? undefined : circuit.placeOf.get(selected);
  const node = place === undefined ? undefined : circuit.graph.nodes[place];
  const n = place === undefined ? -1 : (sceneOf[place] ?? -1);
  return (
    <figure className={parts.pairSide}>
      <figcaption className="mono" title={circuit.graph.prompt}>
        {circuit.graph.prompt}
      </figcaption>
      <div className={styles.graph}>
        <CircuitCanvas
          content={content}
          paint={paint}
          fitKey={circuit.key}
          label={`Attribution graph of ${circuit.graph.prompt}`}
          announcement={
            node === undefined
              ? ""
              : nodeSentence(node, circuit.graph, nodeLabel(node, annotations.labels, room.noteOf(node)))
          }
          selected={n < 0 ? undefined : n}
          chosen={NOTHING}
          pinned={placesInScene(annotations.pins, circuit.placeOf, sceneOf)}
          lit={litInScene}
          onHover={(at, point) => setHover(at === undefined ? undefined : { node: at, ...point })}
          onSelect={(at) =>
            onSelect(at === undefined ? null : (circuit.graph.nodes[drawing.nodes[at] ?? -1]?.id ?? null))
          }
          onChoose={() => undefined}
          onOpen={() => undefined}
        />
        {hover !== undefined && (
          <HoverCard room={room} place={drawing.nodes[hover.node] ?? -1} x={hover.x} y={hover.y} />
        )}
      </div>
    </figure>
  );
}

const NOTHING: ReadonlySet<number> = new Set();
