/** The page's colours now, as a canvas needs them. */
import type { CircuitPalette } from "../../paint/circuit-palette.ts";

export function pagePalette(): CircuitPalette {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string) => style.getPropertyValue(name).trim();
  return {
    paper: read("--paper"),
    surface: read("--surface"),
    ink: read("--ink"),
    quiet: read("--ink-3"),
    faint: read("--ink-4"),
    line: read("--line"),
    positive: read("--heat"),
    negative: read("--counter"),
    groups: ["teal", "magenta", "gold", "violet", "red", "orange"].map((name) => read(`--cable-${name}`)),
    sans: read("--sans") || "sans-serif",
    mono: read("--mono") || "monospace",
  };
}
