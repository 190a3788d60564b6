/** The longest beginning of a monospace text that fits a width, with an ellipsis where something is left out. */
export function fitMonospace(text: string, width: number, characterWidth: number): string {
  const room = Math.floor(width / characterWidth);
  const characters = [...text];
  if (characters.length <= room) return text;
  return room < 2 ? "" : `${characters.slice(0, room - 1).join("")}…`;
}

/** JetBrains Mono: every character is 0.6 em wide. */
export const MONOSPACE_EM = 0.6;

/** The largest font size, from `size` down to `least`, at which the text fits; `least` when none does. */
export function fitFontSize(length: number, width: number, size: number, least: number): number {
  return Math.max(least, Math.min(size, width / (Math.max(1, length) * MONOSPACE_EM)));
}
