import type { KeyboardEvent } from "react";

/** Control-Enter (Command on a Mac) asks from anywhere in a form; Enter alone is a line break in its text areas. */
export function submitKey(event: KeyboardEvent<HTMLFormElement>): void {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  event.stopPropagation();
  event.currentTarget.requestSubmit();
}
