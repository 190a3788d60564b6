/** Supernodes take the cables' colours in turn; the same order as on the canvas. */
const NAMES = ["teal", "magenta", "gold", "violet", "red", "orange"] as const;

export function groupColourName(group: number): `--cable-${string}` {
  return `--cable-${NAMES[group % NAMES.length] ?? "teal"}`;
}
