/** Tokens as they must be read: a space is a dot, a line break an arrow, a special token stands in angle brackets. */
export function visibleToken(text: string, special = false): string {
  const name = /^\s*<(\/?[a-z|_ ]+)>\s*$/i.exec(text)?.[1];
  if (special || name === "s" || name === "/s" || name === "unk") return `⟨${name ?? text.trim()}⟩`;
  const shown = text.replaceAll(" ", "·").replaceAll("\n", "⏎").replaceAll("\t", "⇥").replaceAll("\r", "␍");
  return shown === "" ? "∅" : shown.replaceAll(CONTROL, (character) => `\\x${hexadecimal(character)}`);
}

/** Control and format characters, separators that look like a space or a line end, variation selectors. */
const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u00a0\u202f]|\p{Variation_Selector}/gu;

function hexadecimal(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).padStart(2, "0");
}
