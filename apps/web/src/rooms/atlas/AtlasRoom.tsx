"use client";
/** Every neuron of a model: where it stands, what it reads and what it writes. The whole view is in the address. */
import type { NeuronRow } from "@patchbay/contract";
import { pathOfRoute, type Route } from "@patchbay/workbench-state";
import { useEffect, useMemo, useRef, useState } from "react";
import { useCommands } from "../../shell/commands.ts";
import { Link } from "../../shell/Link.tsx";
import { navigate } from "../../shell/location.ts";
import { refreshModels, useModel, useModels } from "../../shell/models.ts";
import { Room } from "../../shell/Room.tsx";
import { forgetResources } from "../../shell/resource.ts";
import { Button } from "../../shell/ui/Button.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { useQuery } from "../common/query.ts";
import styles from "./Atlas.module.css";
import { AtlasBar } from "./AtlasBar.tsx";
import { AtlasMapMissing } from "./AtlasMapMissing.tsx";
import { AtlasScatter } from "./AtlasScatter.tsx";
import { AtlasTable } from "./AtlasTable.tsx";
import { listQueryOf, readAtlasView } from "./atlas-view.ts";
import { FilterLine } from "./FilterLine.tsx";
import { useNeuronPages } from "./neuron-pages.ts";
import { useTokenNeurons } from "./use-token-neurons.ts";

export function AtlasRoom({ route }: { readonly route: Extract<Route, { room: "atlas" }> }) {
  const { status, problem } = useModels();
  const model = useModel(route.model);
  const query = useQuery();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text holds all that get reads
  const view = useMemo(() => readAtlasView(query.get), [query.text]);
  const search = useRef<HTMLInputElement>(null);
  const ready = model?.neuronMap === "ready";
  const named = useTokenNeurons(ready ? route.model : undefined, view);
  // A token given by its id is listed by its text, which the look-up knows.
  const byId = view.token?.startsWith("#") === true;
  const listed = byId && named.value !== undefined ? { ...view, token: named.value.token.text } : view;
  const waits = byId && named.value === undefined;
  const pages = useNeuronPages(ready && !waits ? route.model : undefined, listQueryOf(listed), view.range);
  const refused = named.problem ?? pages.problem;
  const [cursor, setCursor] = useState(0);
  const listKey = JSON.stringify([listQueryOf(view), view.range]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another list begins at its first row
  useEffect(() => setCursor(0), [listKey]);

  const open = (row: Pick<NeuronRow, "layer" | "neuron">) =>
    navigate(pathOfRoute({ room: "neuron", model: route.model, layer: row.layer, neuron: row.neuron }));
  useCommands([
    { id: "atlas-search", title: "Search neurons", group: "Atlas", keys: ["/"], run: () => search.current?.focus() },
    { id: "atlas-table", title: "Go to the table", group: "Atlas", keys: ["arrowdown"], run: focusTable },
    {
      id: "atlas-clear",
      title: "Clear all filters",
      group: "Atlas",
      run: () => query.set({ layer: undefined, token: undefined, search: undefined, range: undefined }),
    },
    {
      id: "atlas-random",
      title: "Open a random neuron",
      group: "Atlas",
      keys: ["r"],
      run: () => {
        if (model === undefined) return;
        open({ layer: randomBelow(model.layers), neuron: randomBelow(model.neuronsPerLayer) });
      },
    },
  ]);

  const bar = <AtlasBar name={route.model} model={model} view={view} query={query} searchRef={search} />;
  if (model === undefined) {
    const unknown = {
      title: `There is no model “${route.model}”`,
      detail: "It may have been removed, or the address is mistyped.",
    };
    return (
      <Room title="Atlas" bar={bar}>
        {(status === "ready" || status === "failed") && (
          <ErrorState problem={problem ?? unknown} action={<Link href="/models">See the installed models</Link>} />
        )}
      </Room>
    );
  }
  if (!ready) {
    const onDone = () => {
      forgetResources("scatter:");
      void refreshModels();
    };
    return (
      <Room title="Atlas" bar={bar}>
        <AtlasMapMissing model={model} onDone={onDone} />
      </Room>
    );
  }
  const current = pages.rowAt(cursor);
  return (
    <Room title="Atlas" bar={bar} scroll={false}>
      <div className={styles.room}>
        <AtlasScatter model={model} view={view} query={query} current={current} onOpen={open} />
        <FilterLine view={view} query={query} pages={pages} model={model} />
        {refused !== undefined ? (
          <ErrorState
            problem={refused}
            action={
              <Button onClick={() => query.set({ token: undefined, search: undefined })}>Clear the search</Button>
            }
          />
        ) : (
          <AtlasTable
            model={model}
            view={view}
            query={query}
            pages={pages}
            resetKey={listKey}
            cursor={cursor}
            onCursor={setCursor}
            onOpen={open}
          />
        )}
      </div>
    </Room>
  );
}

function focusTable(): void {
  document.querySelector<HTMLElement>("[data-virtual-table]")?.focus();
}

function randomBelow(count: number): number {
  return Math.floor(Math.random() * count);
}
