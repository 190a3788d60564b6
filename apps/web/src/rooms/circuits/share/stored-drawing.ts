/** A stored answer drawn as the view that was shared showed it, without the room. */
import type { CircuitDrawing } from "@patchbay/charts/geometry";
import type { CircuitGraph, CircuitNode, Supernode } from "@patchbay/circuit-graph";
import { type CircuitsView, circuitsViewOf } from "@patchbay/workbench-state";
import { visibleToken } from "../../../shell/ui/token-text.ts";
import { aspectOf } from "../aspect.ts";
import { CircuitEngine } from "../engine/circuit-engine.ts";
import type { Drawing } from "../engine/circuit-tasks.ts";
import { stageLabels } from "../stage-labels.ts";
import { documentOf } from "../use-circuit.ts";
import { captionOf } from "./caption.ts";

export interface StoredDrawing {
  readonly graph: CircuitGraph;
  readonly drawing: Drawing;
  readonly view: CircuitsView;
  /** The nodes that are drawn. */
  readonly nodes: readonly CircuitNode[];
  readonly groups: readonly Supernode[];
}

/** @param path of the view, as the finding keeps it. */
export function storedDrawing(document: unknown, path: string): StoredDrawing {
  const graph = documentOf(document);
  const view = circuitsViewOf(path);
  const { thresholds, pins, supernodes } = view.annotations;
  const drawing = new CircuitEngine(graph).draw({
    thresholds,
    annotations: { pins, supernodes },
    weights: view.weights,
    aspect: aspectOf({ panel: "graph", annotations: view.annotations }),
  });
  const nodes = Array.from(drawing.nodes).flatMap((place) => graph.nodes[place] ?? []);
  return { graph, drawing, view, nodes, groups: supernodes };
}

export function svgContent({ graph, drawing, view }: StoredDrawing): Omit<CircuitDrawing, "colours"> {
  return {
    scene: drawing.scene,
    layout: drawing.layout,
    order: drawing.order,
    start: drawing.start,
    tokens: graph.tokens.map(({ text }) => visibleToken(text)),
    layers: graph.model.layers,
    errorShares: drawing.facts.errorShares,
    labels: stageLabels(graph, drawing.nodes, view.annotations, () => undefined),
    title: graph.prompt,
    caption: captionOf(graph, drawing, view.weights),
  };
}
