"use client";
/** Units by what they read, write, fire on or are called: neurons and features in one table. The question is the address. */
import type { UnitRow } from "@patchbay/contract";
import { useMemo, useRef, useState } from "react";
import { api } from "../../shell/api.ts";
import { useCommands } from "../../shell/commands.ts";
import { Link } from "../../shell/Link.tsx";
import { navigate } from "../../shell/location.ts";
import { useDefaultModel } from "../../shell/models.ts";
import { Room } from "../../shell/Room.tsx";
import { useResource } from "../../shell/resource.ts";
import { Button } from "../../shell/ui/Button.tsx";
import { EmptyState } from "../../shell/ui/EmptyState.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { IndexMissing } from "../common/unit/IndexMissing.tsx";
import { unitPath } from "../common/unit/unit-address.ts";
import { usePages } from "../common/use-pages.ts";
import { useDictionaries } from "../dictionaries/use-dictionaries.ts";
import { useDictionaryPlace } from "../dictionaries/use-dictionary-place.ts";
import styles from "./Search.module.css";
import { SearchBox } from "./SearchBox.tsx";
import { SearchFilters } from "./SearchFilters.tsx";
import { isTokenMode, listQueryOf, readSearchView, sourcesOf } from "./search-view.ts";
import { UnitTable } from "./UnitTable.tsx";
import { unitSources } from "./unit-sources.ts";

const TEXT_RESULTS = 100;

export function SearchRoom() {
  const { model, problem, query } = useDictionaryPlace();
  const usual = useDefaultModel()?.name;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text holds all that get reads
  const view = useMemo(() => readSearchView(query.get), [query.text]);
  const box = useRef<HTMLInputElement>(null);
  const [cursor, setCursor] = useState(0);
  const dictionaries = useDictionaries(model).state.value?.dictionaries;
  const sources = useMemo(
    () => (model === undefined ? [] : unitSources(model, dictionaries ?? [])),
    [model, dictionaries],
  );

  const list = listQueryOf(view);
  const listKey = model === undefined || list === undefined ? undefined : `${model.hash} ${JSON.stringify(list)}`;
  const pages = usePages<UnitRow>(listKey, (offset, limit, signal) =>
    api.listUnits({ params: { model: model?.name ?? "" }, query: { ...list, offset, limit }, signal }),
  );
  const wantsText = view.mode === "text" && view.text !== undefined && dictionaries !== undefined;
  const chosen = sourcesOf(view, sources);
  const restricted = view.kind !== undefined || view.layer !== undefined || view.source !== undefined;
  const textKey =
    wantsText && model !== undefined && chosen.length > 0
      ? `units-by-text:${model.hash}:${JSON.stringify([view.text, restricted ? chosen : "all"])}`
      : undefined;
  const byText = useResource(
    textKey,
    (signal) =>
      api.searchUnitsByText({
        params: { model: model?.name ?? "" },
        body: { text: view.text ?? "", limit: TEXT_RESULTS, ...(restricted ? { sources: chosen } : {}) },
        signal,
      }),
    { delay: 150 },
  );

  const open = (row: UnitRow) => model !== undefined && navigate(unitPath(row, model.name, usual));
  const group = "Search";
  useCommands([
    { id: "search-box", title: "Search units", group, keys: ["/"], run: () => box.current?.focus() },
    {
      id: "search-table",
      title: "Go to the results",
      group,
      keys: ["arrowdown"],
      run: () => document.querySelector<HTMLElement>("[data-virtual-table]")?.focus(),
    },
    { id: "search-clear", title: "Clear all filters", group, run: () => query.set(NO_FILTERS) },
  ]);

  const bar = <SearchBox view={view} query={query} model={model} inputRef={box} />;
  if (model === undefined) {
    return (
      <Room title="Search" bar={bar}>
        {problem !== undefined && (
          <ErrorState problem={problem} action={<Link href="/models">See the installed models</Link>} />
        )}
      </Room>
    );
  }
  const isText = view.mode === "text";
  const status = isText ? byText.state.status : pages.status;
  const failure = isText && byText.state.status === "failed" ? byText.state.problem : pages.problem;
  const rows = byText.state.value?.rows ?? [];
  const total = isText ? rows.length : pages.total;
  const reload = isText ? byText.reload : pages.reload;
  return (
    <Room title="Search" bar={bar} scroll={false}>
      <div className={styles.room}>
        <SearchFilters
          view={view}
          query={query}
          model={model}
          sources={sources}
          total={status === "pending" ? undefined : total}
        />
        {failure !== undefined ? (
          failure.code === "not-ready" ? (
            <div className={styles.state}>
              <IndexMissing model={model} onDone={reload} />
            </div>
          ) : (
            <ErrorState problem={failure} action={<Button onClick={reload}>Try again</Button>} />
          )
        ) : status === "idle" ? (
          <EmptyState title={isText ? "Which units fire on a text?" : "Type above to search"}>
            {isText
              ? "Type a text: units are ranked by how much more they fire on it than in the corpus."
              : "Neurons and dictionary features in one list."}
          </EmptyState>
        ) : status === "ready" && total === 0 ? (
          <EmptyState
            title={view.mode === "label" ? "No unit has such a label" : "No unit fits all of this"}
            action={<Button onClick={() => query.set(NO_FILTERS)}>Clear the filters</Button>}
          >
            {view.mode === "label"
              ? "Labels are what people wrote on the pages of units; a part of one is enough."
              : isTokenMode(view.mode)
                ? "The index keeps the first tokens of each unit. Mind the space before a word: “·Lily” and “Lily” are two tokens."
                : "Widen the density, or choose more layers and sources."}
          </EmptyState>
        ) : (
          <UnitTable
            key={view.mode}
            model={model}
            usual={usual}
            view={view}
            query={query}
            tokens={isText ? byText.state.value?.tokens : undefined}
            textRows={rows}
            pages={isText ? undefined : pages}
            rowCount={status === "pending" && total === 0 ? 24 : total}
            resetKey={listKey ?? textKey ?? ""}
            cursor={cursor}
            onCursor={setCursor}
            onOpen={open}
          />
        )}
      </div>
    </Room>
  );
}

const NO_FILTERS = {
  kind: undefined,
  source: undefined,
  layer: undefined,
  from: undefined,
  to: undefined,
  dead: undefined,
};
