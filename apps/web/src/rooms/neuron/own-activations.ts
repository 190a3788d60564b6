/** The neuron's values on the reader's text, and the scale that the clamp takes from them. */
import type { NeuronPage } from "@patchbay/contract";
import { parseSite } from "@patchbay/vocabulary";
import type { Run, Token } from "../common/wire.ts";
import type { NeuronScale } from "./clamp.ts";
import { HEAT_SITES, type HeatSite } from "./neuron-view.ts";

export interface OwnActivations {
  readonly tokens: readonly Token[];
  /** One value a token, or undefined where the model has no such site. */
  values(site: HeatSite): readonly number[] | undefined;
}

export function ownActivations(run: Run): OwnActivations {
  const bySite = new Map<string, readonly number[]>();
  for (const { site, values } of run.results.capture ?? []) {
    bySite.set(
      parseSite(site).kind,
      values.data.map((value) => value ?? Number.NEGATIVE_INFINITY),
    );
  }
  return { tokens: run.tokens[0] ?? [], values: (site) => bySite.get(site) };
}

export function observedScale(page: NeuronPage, own: OwnActivations | undefined): NeuronScale {
  const [post, , up] = HEAT_SITES.map((site) => strongest(own?.values(site)));
  return {
    maximum: page.reference !== null && page.reference.maximum > 0 ? page.reference.maximum : undefined,
    writeNorm: page.sides.find(({ side }) => side === "write")?.norm || 1,
    ownPost: post ?? 0,
    ownUp: up ?? 0,
  };
}

/** The most probable next token at the last position. */
export function leaderOf(run: Run | undefined): number | undefined {
  const topIds = run?.results.logits?.topIds;
  if (topIds === undefined) return undefined;
  return topIds.data.at(-(topIds.shape.at(-1) ?? 1)) ?? undefined;
}

function strongest(values: readonly number[] | undefined): number {
  return (values ?? []).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
