/** The page's command registry, and the one listener that turns key presses into commands. */
import { type Command, createCommandRegistry, keyName } from "@patchbay/workbench-state";
import { useEffect, useRef } from "react";
import { useStore } from "zustand";

export const commandRegistry = createCommandRegistry();

export function useCommandList(): readonly Command[] {
  return useStore(commandRegistry);
}

/**
 * Registers commands while the component is there. Only the ids, titles and keys decide about registering again, so
 * `run` may be a new closure on every render.
 */
export function useCommands(commands: readonly Command[]): void {
  const latest = useRef(commands);
  latest.current = commands;
  const signature = commands.map(({ id, title, keys }) => `${id}|${title}|${keys?.join(" ")}`).join("\n");
  // biome-ignore lint/correctness/useExhaustiveDependencies: the signature stands for the commands
  useEffect(
    () =>
      commandRegistry.register(
        latest.current.map((command) => ({
          ...command,
          run: () => latest.current.find(({ id }) => id === command.id)?.run(),
        })),
      ),
    [signature],
  );
}

export function useCommandKeys(): void {
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      // A dialog over the page has the keyboard to itself.
      if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]") !== null) return;
      const command = commandRegistry.find(keyName(event), isField(event.target));
      if (command === undefined) return;
      event.preventDefault();
      command.run();
    }
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);
}

function isField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement)
    return true;
  return target instanceof HTMLInputElement && target.type !== "checkbox" && target.type !== "range";
}
