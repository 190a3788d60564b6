/** Labels and top tokens of the features that are shown, from the unit index, a few requests for each dictionary. */
import type { CircuitNode } from "@patchbay/circuit-graph";
import type { ModelSummary } from "@patchbay/contract";
import { useCallback, useEffect, useMemo, useState } from "react";
import { api, isAborted } from "../../shell/api.ts";
import { useDictionaries } from "../dictionaries/use-dictionaries.ts";
import type { OpenCircuit } from "./circuits-context.tsx";
import type { Drawing } from "./engine/circuit-tasks.ts";
import type { NoteOf, UnitNote } from "./node-words.ts";

/** The most influential ones; others are asked for when they are looked at. */
const MOST_NOTES = 600;
const AT_ONCE = 150;

const known = new Map<string, UnitNote | null>();

export interface UnitNotes {
  readonly noteOf: NoteOf;
  /** After a label was stored. */
  forget(node: CircuitNode): void;
}

export function useUnitNotes(
  model: ModelSummary | undefined,
  circuit: OpenCircuit | undefined,
  drawing: Drawing | undefined,
): UnitNotes {
  const [version, setVersion] = useState(0);
  const [attempt, setAttempt] = useState(0);
  const dictionaries = useDictionaries(model).state.value?.dictionaries;
  const installed = useMemo(() => new Set((dictionaries ?? []).map(({ name }) => name)), [dictionaries]);
  const hash = model?.hash;
  // The graph of another model may name dictionaries as ours are named.
  const speaks = circuit !== undefined && isOfModel(circuit, model);
  const keyOf = useCallback(
    ({ kind, dictionary, unit }: CircuitNode) =>
      kind === "feature" && dictionary !== null && unit !== null && installed.has(dictionary)
        ? `${hash} ${dictionary} ${unit}`
        : undefined,
    [hash, installed],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: after something was forgotten it is asked for again
  useEffect(() => {
    if (!speaks || drawing === undefined || model === undefined) return undefined;
    const control = new AbortController();
    const nodes = Array.from(drawing.nodes, (place) => circuit.graph.nodes[place]).filter((node) => node !== undefined);
    nodes.sort((a, b) => (a.influence ?? 1) - (b.influence ?? 1));
    const wanted = new Map<string, Set<number>>();
    let count = 0;
    for (const node of nodes) {
      const key = keyOf(node);
      if (key === undefined || known.has(key) || count >= MOST_NOTES) continue;
      const units = wanted.get(node.dictionary ?? "") ?? new Set();
      wanted.set(node.dictionary ?? "", units.add(node.unit ?? 0));
      count += 1;
    }
    if (count === 0) return undefined;
    const arrived = () => setVersion((before) => before + 1);
    // Without an index there are no notes; the page of a feature says how to make one.
    fetchNotes(model, wanted, control.signal, arrived).catch((error: unknown) => {
      if (!isAborted(error)) arrived();
    });
    return () => control.abort();
  }, [speaks, drawing, keyOf, model, attempt]);

  const noteOf = useCallback<NoteOf>(
    (node) => {
      const key = speaks ? keyOf(node) : undefined;
      void version;
      return key === undefined ? undefined : (known.get(key) ?? undefined);
    },
    [keyOf, speaks, version],
  );
  const forget = useCallback(
    (node: CircuitNode) => {
      const key = keyOf(node);
      if (key !== undefined) known.delete(key);
      setAttempt((before) => before + 1);
    },
    [keyOf],
  );
  return { noteOf, forget };
}

export function isOfModel({ graph }: OpenCircuit, model: ModelSummary | undefined): boolean {
  if (model === undefined) return false;
  const { hash, name } = graph.model;
  return hash === null ? name === model.name : hash === model.hash;
}

async function fetchNotes(
  model: ModelSummary,
  wanted: ReadonlyMap<string, ReadonlySet<number>>,
  signal: AbortSignal,
  arrived: () => void,
): Promise<void> {
  for (const [source, units] of wanted) {
    const list = [...units];
    for (let begin = 0; begin < list.length; begin += AT_ONCE) {
      const some = list.slice(begin, begin + AT_ONCE);
      const { rows } = await api.listUnits({
        params: { model: model.name },
        query: { source, units: some.join(), dead: "include", limit: some.length },
        signal,
      });
      for (const unit of some) known.set(`${model.hash} ${source} ${unit}`, null);
      for (const row of rows) {
        known.set(`${model.hash} ${source} ${row.unit}`, {
          label: row.label,
          fires: row.topTokens.map(({ text }) => text),
          writes: row.writes.map(({ text }) => text),
        });
      }
      arrived();
    }
  }
}
