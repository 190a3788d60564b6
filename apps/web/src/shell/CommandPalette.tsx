import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { api } from "./api.ts";
import { useCommandList } from "./commands.ts";
import { navigate } from "./location.ts";
import { useDefaultModel } from "./models.ts";
import styles from "./Overlay.module.css";
import { Overlay } from "./Overlay.tsx";
import { type PaletteEntry, paletteEntries } from "./palette-entries.ts";
import { useResource } from "./resource.ts";
import { useTokenPieces } from "./token-pieces.ts";
import { Kbd } from "./ui/Kbd.tsx";

const TOKENS_SHOWN = 12;

/** One box that goes anywhere: commands, neurons by label, tokens of the vocabulary. */
export function CommandPalette({ close }: { close(): void }) {
  const [query, setQuery] = useState("");
  const [chosen, setChosen] = useState(0);
  const listId = useId();
  const list = useRef<HTMLDivElement>(null);
  const commands = useCommandList();
  const model = useDefaultModel();
  const tokens = useResource(
    model !== undefined && query.trim() !== "" ? `vocabulary ${model.name} ${query}` : undefined,
    (signal) =>
      api.searchVocabulary({ params: { model: model?.name ?? "" }, query: { query, limit: TOKENS_SHOWN }, signal }),
    { delay: 120 },
  );
  const found = tokens.state.status === "ready" ? tokens.state.value.tokens : undefined;
  const pieces = useTokenPieces(model?.name, query, found);
  const searching = tokens.state.status === "pending" || (found !== undefined && pieces === undefined);
  const entries = useMemo(
    () => paletteEntries(query, commands, model, found ?? [], searching ? undefined : (pieces ?? [])),
    [query, commands, model, found, pieces, searching],
  );
  const index = Math.min(chosen, entries.length - 1);

  // biome-ignore lint/correctness/useExhaustiveDependencies: scrolls when the choice moves
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [index]);

  function choose(entry: PaletteEntry | undefined) {
    if (entry === undefined) return;
    close();
    if (entry.path !== undefined) navigate(entry.path);
    entry.run?.();
  }

  function onKeyDown(event: KeyboardEvent) {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) setChosen((index + step + entries.length) % Math.max(1, entries.length));
    else if (event.key === "Enter") choose(entries[index]);
    else return;
    event.preventDefault();
  }

  return (
    <Overlay label="Search and commands" close={close}>
      <input
        className={styles.search}
        // biome-ignore lint/a11y/noAutofocus: the dialog was opened to type
        autoFocus
        role="combobox"
        aria-expanded="true"
        aria-controls={listId}
        aria-activedescendant={entries[index] === undefined ? undefined : `${listId}-${entries[index].id}`}
        aria-label="Search commands, neurons and tokens"
        placeholder="A command, a neuron (L5N732), a token, a prompt…"
        value={query}
        onChange={(event) => {
          setQuery(event.target.value);
          setChosen(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div ref={list} className={styles.list} role="listbox" id={listId} aria-label="Results">
        {entries.map((entry, i) => (
          <div key={entry.id}>
            {entries[i - 1]?.group !== entry.group && <div className={styles.group}>{entry.group}</div>}
            {/* biome-ignore lint/a11y/useKeyWithClickEvents: the input above has the keys */}
            <div
              id={`${listId}-${entry.id}`}
              role="option"
              tabIndex={-1}
              aria-selected={i === index}
              className={styles.entry}
              onPointerMove={() => setChosen(i)}
              onClick={() => choose(entry)}
            >
              <span className={entry.monospace === true ? "mono" : undefined}>{entry.title}</span>
              {entry.keys === undefined ? <small>{entry.note}</small> : <Kbd keys={entry.keys} />}
            </div>
          </div>
        ))}
        {entries.length === 0 && (
          <p className={styles.nothing}>{searching ? "Searching…" : "Nothing has this name."}</p>
        )}
      </div>
    </Overlay>
  );
}
