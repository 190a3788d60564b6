/**
 * One value a token, as the background of running text. Colour is symmetric about zero, so that equal strength looks
 * equal in both directions, and normalised by the strongest value unless the caller fixes the scale.
 */
export interface HeatToken {
  readonly position: number;
  /** Exact. */
  readonly text: string;
  /** As it is shown, white space visible. */
  readonly label: string;
  /** undefined where there is no value, such as a position that was not captured. */
  readonly value: number | undefined;
  readonly special?: boolean | undefined;
}

export interface HeatCell extends HeatToken {
  /** −1…1; 0 where there is no value. */
  readonly strength: number;
  /** The text ends a line: the drawing breaks after it. */
  readonly breaksAfter: boolean;
}

export interface TokenHeat {
  readonly cells: readonly HeatCell[];
  /** The absolute value drawn in full colour. */
  readonly limit: number;
}

export function tokenHeat(tokens: readonly HeatToken[], limit?: number): TokenHeat {
  const strongest = tokens.reduce((most, { value }) => Math.max(most, Math.abs(value ?? 0)), 0);
  const full = limit ?? strongest;
  return {
    limit: full,
    cells: tokens.map((token) => ({
      ...token,
      strength: full === 0 ? 0 : Math.min(1, Math.max(-1, (token.value ?? 0) / full)),
      breaksAfter: token.special !== true && token.text.includes("\n"),
    })),
  };
}
