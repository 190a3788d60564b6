/** The requests behind the neuron page; Share sends the same ones. */
import type { DoseResponseRequest, Intervention, NeuronPage, RunRequest } from "@patchbay/contract";
import { siteName } from "@patchbay/vocabulary";
import { type Clamp, dosesOf, type NeuronScale } from "./clamp.ts";
import type { FollowedToken } from "./followed-tokens.ts";
import { HEAT_SITES } from "./neuron-view.ts";

interface Subject {
  readonly model: string;
  readonly text: string;
  readonly page: Pick<NeuronPage, "layer" | "neuron" | "gated">;
  readonly followed: readonly FollowedToken[];
}

/** Enough that the leaders of one run are found among those of the other. */
const LISTED = 100;

export function runRequest({
  model,
  text,
  page,
  followed,
  intervention,
}: Subject & { readonly intervention?: Intervention | undefined }): RunRequest {
  const logits = { top: LISTED, tokens: followed.map(({ reference }) => reference) };
  const sites = HEAT_SITES.filter((site) => page.gated || site !== "mlp.hook_pre_linear");
  const capture = sites.map((site) => ({
    site: siteName(site, page.layer),
    positions: "all" as const,
    units: [page.neuron],
  }));
  return {
    model,
    input: { text },
    ...(intervention === undefined ? {} : { interventions: [intervention] }),
    compute: intervention === undefined ? { logits, capture } : { logits },
  };
}

export function doseRequest({
  model,
  text,
  page,
  followed,
  clamp,
  scale,
  leader,
}: Subject & {
  readonly clamp: Clamp;
  readonly scale: NeuronScale /** What the unclamped model would say. */;
  readonly leader: number | undefined;
}): DoseResponseRequest {
  const tokens = followed.map(({ reference }) => reference);
  return {
    model,
    input: { text },
    layer: page.layer,
    neuron: page.neuron,
    place: clamp.place,
    positions: typeof clamp.positions === "string" ? clamp.positions : [...clamp.positions],
    values: dosesOf(clamp, scale),
    tokens: leader === undefined || tokens.includes(leader) ? tokens : [...tokens, leader],
  };
}
