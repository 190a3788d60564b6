/** The requests behind the feature page; Share sends the same ones. */
import type { Intervention, RunRequest, TokenReference } from "@patchbay/contract";
import type { Run, Token } from "../common/wire.ts";

/** Enough that the leaders of one run are found among those of the other. */
const LISTED = 100;

export function featureRunRequest({
  model,
  text,
  dictionary,
  feature,
  followed,
  intervention,
}: {
  readonly model: string;
  readonly text: string;
  readonly dictionary: string;
  readonly feature: number;
  readonly followed: readonly TokenReference[];
  readonly intervention?: Intervention | undefined;
}): RunRequest {
  const logits = { top: LISTED, tokens: [...followed] };
  return {
    model,
    input: { text },
    ...(intervention === undefined ? {} : { interventions: [intervention] }),
    compute:
      intervention === undefined
        ? { logits, features: [{ dictionary, positions: "all", top: 1, features: [feature] }] }
        : { logits },
  };
}

export interface OwnFeature {
  readonly tokens: readonly Token[];
  /** One value a token. */
  readonly values: readonly number[];
  /** The strongest, with its position; BOS left out, as in the index. */
  readonly largest: number;
}

export function ownFeature(run: Run): OwnFeature {
  const tokens = run.tokens[0] ?? [];
  const values = (run.results.features?.[0]?.chosen?.activations.data ?? []).map((value) => value ?? 0);
  const largest = values.reduce(
    (most, value, i) => (tokens[i]?.special !== true && Math.abs(value) > Math.abs(most) ? value : most),
    0,
  );
  return { tokens, values, largest };
}
