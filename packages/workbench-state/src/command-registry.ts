/** What can be done now: rooms register commands, and the palette, the keyboard and the help page read them. */
import { createStore, type StoreApi } from "zustand/vanilla";

export interface Command {
  readonly id: string;
  readonly title: string;
  /** Heading in the palette and in the keyboard help. */
  readonly group: string;
  /** Such as "mod+enter", "p", "shift+arrowup"; mod is Command on a Mac and Control elsewhere. */
  readonly keys?: readonly string[];
  /** Works also while a text field has the focus. */
  readonly inFields?: boolean;
  /** Absent from the palette: only a key. */
  readonly hidden?: boolean;
  run(): void;
}

export interface CommandRegistry extends StoreApi<readonly Command[]> {
  /** A later registration of the same id takes its place. Returns the function that removes these commands. */
  register(commands: readonly Command[]): () => void;
  find(keys: string, inField: boolean): Command | undefined;
}

export function createCommandRegistry(): CommandRegistry {
  const store = createStore<readonly Command[]>(() => []);
  return {
    ...store,
    register(commands) {
      const ids = new Set(commands.map(({ id }) => id));
      store.setState((known) => [...known.filter(({ id }) => !ids.has(id)), ...commands], true);
      return () => store.setState((known) => known.filter((command) => !commands.includes(command)), true);
    },
    find: (keys, inField) =>
      store
        .getState()
        .findLast((command) => (command.keys?.includes(keys) ?? false) && (!inField || command.inFields === true)),
  };
}

/** The name of a key press as commands write it. Shift is named only for keys whose character it does not change. */
export function keyName(event: {
  readonly key: string;
  readonly metaKey: boolean;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}): string {
  const key = event.key === " " ? "space" : event.key.toLowerCase();
  const parts: string[] = [];
  if (event.metaKey || event.ctrlKey) parts.push("mod");
  if (event.altKey) parts.push("alt");
  if (event.shiftKey && (key.length > 1 || /[a-z]/.test(key))) parts.push("shift");
  return [...parts, key].join("+");
}
