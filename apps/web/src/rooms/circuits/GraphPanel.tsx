import { CircuitCanvas, type PaintBitmap, type StageContent } from "@patchbay/charts/react";
import { useCallback, useMemo, useState } from "react";
import { navigate } from "../../shell/location.ts";
import { EmptyState } from "../../shell/ui/EmptyState.tsx";
import { visibleToken } from "../../shell/ui/token-text.ts";
import { aspectOf } from "./aspect.ts";
import styles from "./Circuits.module.css";
import { type CircuitRoom, selectedNode, useCircuitRoom, useCircuitsView } from "./circuits-context.tsx";
import { select } from "./edits.ts";
import { GraphLegend } from "./GraphLegend.tsx";
import { HoverCard } from "./HoverCard.tsx";
import { nodeLocation } from "./node/node-location.ts";
import { nodeLabel, nodeSentence } from "./node-words.ts";
import { stageLabels } from "./stage-labels.ts";

/** The graph as a figure. */
export function GraphPanel() {
  const room = useCircuitRoom();
  const { store, circuit, drawing, sceneOf, client, chosen, choose } = room;
  const { annotations } = useCircuitsView();
  const [hover, setHover] = useState<{ readonly node: number; readonly x: number; readonly y: number }>();
  const content = useStageContent(room, annotations);
  const paint = useCallback<PaintBitmap>(
    async (request) => (await client.ask("paint", request).catch(() => null)) ?? undefined,
    [client],
  );
  const selected = selectedNode(circuit, annotations);
  const inScene = (place: number | undefined) => {
    const n = place === undefined ? -1 : (sceneOf[place] ?? -1);
    return n < 0 ? undefined : n;
  };
  const pinned = useMemo(
    () => placesInScene(annotations.pins, circuit.placeOf, sceneOf),
    [annotations.pins, circuit, sceneOf],
  );
  const chosenInScene = useMemo(() => new Set([...chosen].flatMap((p) => shownPlace(sceneOf, p))), [chosen, sceneOf]);
  const idOf = (n: number) => circuit.graph.nodes[drawing.nodes[n] ?? -1]?.id ?? null;
  if (circuit.graph.nodes.length === 0)
    return (
      <EmptyState title="An empty graph">
        The document has no nodes. Its other members are kept when it is saved.
      </EmptyState>
    );
  const announcement =
    selected === undefined
      ? ""
      : nodeSentence(
          selected.node,
          circuit.graph,
          nodeLabel(selected.node, annotations.labels, room.noteOf(selected.node)),
        );
  return (
    <div className={styles.graph}>
      <CircuitCanvas
        content={content}
        paint={paint}
        fitKey={`${circuit.key} ${aspectOf({ panel: "graph", annotations })}`}
        label={`Attribution graph of ${circuit.graph.prompt}`}
        announcement={announcement}
        selected={inScene(selected?.place)}
        chosen={chosenInScene}
        pinned={pinned}
        onHover={(node, at) => setHover(node === undefined ? undefined : { node, ...at })}
        onSelect={(n) => select(store, n === undefined ? null : idOf(n))}
        onChoose={(nodes) => choose(nodes.map((n) => drawing.nodes[n] ?? -1))}
        onOpen={(n) => {
          const node = circuit.graph.nodes[drawing.nodes[n] ?? -1];
          const path = node === undefined ? undefined : nodeLocation(room, node);
          if (path !== undefined) navigate(path);
        }}
      />
      <GraphLegend room={room} />
      {hover !== undefined && <HoverCard room={room} place={drawing.nodes[hover.node] ?? -1} x={hover.x} y={hover.y} />}
    </div>
  );
}

/** What the canvas needs; labels beside targets, pinned, grouped and labelled nodes. */
export function useStageContent(
  room: Pick<CircuitRoom, "circuit" | "drawing" | "noteOf">,
  annotations: ReturnType<typeof useCircuitsView>["annotations"],
): StageContent {
  const { circuit, drawing, noteOf } = room;
  const { graph } = circuit;
  return useMemo(() => {
    return {
      scene: drawing.scene,
      layout: { ...drawing.layout, x: drawing.scene.x, y: drawing.scene.y },
      order: drawing.order,
      start: drawing.start,
      adjacency: drawing.adjacency,
      tokens: graph.tokens.map(({ text }) => visibleToken(text)),
      layers: graph.model.layers,
      errorShares: drawing.facts.errorShares,
      labels: stageLabels(graph, drawing.nodes, annotations, noteOf),
    };
  }, [drawing, graph, noteOf, annotations]);
}

export function placesInScene(
  ids: readonly string[],
  placeOf: ReadonlyMap<string, number>,
  sceneOf: Int32Array,
): ReadonlySet<number> {
  return new Set(ids.flatMap((id) => shownPlace(sceneOf, placeOf.get(id) ?? -1)));
}

function shownPlace(sceneOf: Int32Array, place: number): number[] {
  const n = sceneOf[place] ?? -1;
  return n < 0 ? [] : [n];
}
