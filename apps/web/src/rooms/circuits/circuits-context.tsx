"use client";
/** What every part of the room shares: its store, the open graph, what is drawn of it, and what is known of its units. */
import type { CircuitGraph, CircuitNode, CircuitView, EdgeIndex } from "@patchbay/circuit-graph";
import type {
  GraphDeletionRequest,
  GraphDeletionResult,
  GraphInterventionRequest,
  GraphInterventionResult,
  GraphResult,
  ModelSummary,
} from "@patchbay/contract";
import { type CircuitsStore, type CircuitsView, createCircuitsStore } from "@patchbay/workbench-state";
import { createContext, type ReactNode, useContext, useEffect, useState } from "react";
import { useStore } from "zustand";
import { locationStore } from "../../shell/location.ts";
import type { CircuitClient } from "./engine/circuit-client.ts";
import type { Drawing } from "./engine/circuit-tasks.ts";
import type { NoteOf } from "./node-words.ts";

/** A graph that is open in the room, wherever it came from. */
export interface OpenCircuit {
  /** Changes with the graph: what is asked about it is asked again. */
  readonly key: string;
  readonly graph: CircuitGraph;
  readonly from: "prompt" | "stored" | "file";
  readonly facts: GraphResult["facts"] | undefined;
  /** One an edge: "direct", or the head that its factor speaks of. Undefined of documents, which do not hold it. */
  readonly factorPaths: GraphResult["factorPaths"] | undefined;
  /** What was wrong with the file. */
  readonly notices: readonly string[];
  readonly index: EdgeIndex;
  readonly placeOf: ReadonlyMap<string, number>;
}

export interface CircuitRoom {
  readonly store: CircuitsStore;
  readonly client: CircuitClient;
  readonly model: ModelSummary | undefined;
  readonly circuit: OpenCircuit;
  readonly drawing: Drawing;
  /** Place in the graph's nodes → place in the drawing; −1 where it is not shown. */
  readonly sceneOf: Int32Array;
  readonly noteOf: NoteOf;
  /** Nodes chosen for grouping and checking: places in the graph. */
  readonly chosen: ReadonlySet<number>;
  choose(nodes: Iterable<number>): void;
  readonly checks: Checks;
  setChecks(checks: Checks): void;
}

/** The checks that were made of the open graph, so that a finding can hold them. */
export interface Checks {
  /** Of the circuit that they are checks of. */
  readonly key: string;
  readonly intervention:
    | { readonly request: GraphInterventionRequest; readonly result: GraphInterventionResult }
    | undefined;
  readonly deletion: { readonly request: GraphDeletionRequest; readonly result: GraphDeletionResult } | undefined;
}

const StoreContext = createContext<CircuitsStore | undefined>(undefined);
const RoomContext = createContext<CircuitRoom | undefined>(undefined);

export function CircuitsProvider({ children }: { readonly children: ReactNode }) {
  const [store, setStore] = useState<CircuitsStore | undefined>(undefined);
  useEffect(() => {
    const created = createCircuitsStore(locationStore());
    setStore(created);
    return () => created.dispose();
  }, []);
  return store === undefined ? null : <StoreContext value={store}>{children}</StoreContext>;
}

export function useCircuitsStore(): CircuitsStore {
  const store = useContext(StoreContext);
  if (store === undefined) throw new Error("The Circuits room's store is used outside the room.");
  return store;
}

export function useCircuitsView(): CircuitsView {
  return useStore(useCircuitsStore(), ({ view }) => view);
}

export function CircuitRoomProvider({ room, children }: { readonly room: CircuitRoom; readonly children: ReactNode }) {
  return <RoomContext value={room}>{children}</RoomContext>;
}

export function useCircuitRoom(): CircuitRoom {
  const room = useContext(RoomContext);
  if (room === undefined) throw new Error("An open circuit is used where none is.");
  return room;
}

/** The selected node, and its place in the graph. */
export function selectedNode(
  { graph, placeOf }: OpenCircuit,
  { clicked }: CircuitView,
): { readonly node: CircuitNode; readonly place: number } | undefined {
  const place = clicked === null ? undefined : placeOf.get(clicked);
  const node = place === undefined ? undefined : graph.nodes[place];
  return node === undefined || place === undefined ? undefined : { node, place };
}
