/** A unit as a row of a list: statistics, tokens, label, badge. */
import type { RankedToken, UnitRow } from "@patchbay/contract";
import type { Tokenizer } from "@patchbay/transformer";
import { shortFloat } from "../run/tensor-json.ts";
import { type SourceIndex, TOP_TOKENS } from "../unit-index/source-index.ts";
import type { RankedSide, TokenSides } from "./token-sides.ts";
import { requireIndex, type UnitContext, type UnitSource } from "./unit-context.ts";
import type { LabelsByUnit } from "./unit-labels.ts";

/** Tokens that a row shows of each side. */
const CHIPS = 5;

export interface ScoredUnit {
  readonly source: UnitSource;
  readonly unit: number;
  /** null where the list is not ranked by relevance. */
  readonly score: number | null;
}

/** @param sides of each source by name; undefined where they have not been computed */
export function unitRows(
  context: UnitContext,
  units: readonly ScoredUnit[],
  sides: ReadonlyMap<string, TokenSides | undefined>,
  labels: LabelsByUnit,
): Promise<UnitRow[]> {
  const { tokenizer } = context;
  return Promise.all(
    units.map(async ({ source, unit, score }) => {
      const index = requireIndex(source);
      const own = sides.get(source.name);
      return {
        source: source.name,
        unit,
        kind: source.kind,
        layer: source.layer,
        score: score === null ? null : shortFloat(score),
        density: shortFloat(density(index, unit)),
        maximum: shortFloat(index.maximum[unit] ?? 0),
        mean: shortFloat(mean(index, unit)),
        topTokens: firedTokens(tokenizer, index, unit),
        reads: sideTokens(tokenizer, own?.reads, own?.perSide ?? 0, unit),
        writes: sideTokens(tokenizer, own?.writes, own?.perSide ?? 0, unit),
        label: labels.get(source.name)?.get(unit) ?? null,
        badge: source.kind === "feature" ? await context.badge(source.name, unit) : null,
      };
    }),
  );
}

/** Share of the corpus' counted tokens on which the unit fires. */
export function density({ firing, tokens }: SourceIndex, unit: number): number {
  return tokens === 0 ? 0 : (firing[unit] ?? 0) / tokens;
}

/** Over all counted tokens. */
export function mean({ sum, tokens }: SourceIndex, unit: number): number {
  return tokens === 0 ? 0 : (sum[unit] ?? 0) / tokens;
}

/** Tokens on which the unit is strongest; score: mean activation there. */
export function firedTokens(
  tokenizer: Tokenizer,
  { topTokens, topTokenMeans }: SourceIndex,
  unit: number,
): RankedToken[] {
  return rankedTokens(tokenizer, topTokens, topTokenMeans, unit * TOP_TOKENS, TOP_TOKENS);
}

function sideTokens(tokenizer: Tokenizer, side: RankedSide | undefined, perSide: number, unit: number): RankedToken[] {
  if (side === undefined) return [];
  return rankedTokens(tokenizer, side.tokens, side.scores, unit * perSide, Math.min(CHIPS, perSide));
}

function rankedTokens(
  tokenizer: Tokenizer,
  tokens: Int32Array,
  scores: Float32Array,
  first: number,
  count: number,
): RankedToken[] {
  const ranked: RankedToken[] = [];
  for (let i = first; i < first + count; i++) {
    const id = tokens[i] ?? -1;
    if (id >= 0) ranked.push({ id, text: tokenizer.textOf(id), score: shortFloat(scores[i] ?? 0) });
  }
  return ranked;
}
