/** Colours of a circuit, as text that a canvas and an SVG understand. */
export interface CircuitPalette {
  readonly paper: string;
  readonly surface: string;
  readonly ink: string;
  readonly quiet: string;
  readonly faint: string;
  readonly line: string;
  /** Positive and negative weights. */
  readonly positive: string;
  readonly negative: string;
  /** Of groups, in turn. */
  readonly groups: readonly string[];
  readonly sans: string;
  readonly mono: string;
}

export function groupColour(palette: CircuitPalette, group: number): string | undefined {
  return group < 0 ? undefined : palette.groups[group % palette.groups.length];
}
