/** The requests behind the Trace room. Several small ones, so that a change of selection does not compute the lens again. */
import type { FeatureQuery, GenerationRequest, Intervention, RunRequest } from "@patchbay/contract";
import { siteName } from "@patchbay/vocabulary";
import type { SamplingChoice, TraceView } from "./trace-view.ts";

type Subject = Pick<TraceView, "model" | "prompt" | "prependBos"> & { readonly model: string };

export function runInput({ prompt, prependBos }: Pick<TraceView, "prompt" | "prependBos">): RunRequest["input"] {
  return { text: prompt, ...(prependBos === undefined ? {} : { prependBos }) };
}

/** Every cell of the grid: its leading tokens, entropy, and distance to the final distribution. */
export function lensRequest(
  subject: Subject,
  interventions: readonly Intervention[],
  options: { readonly norm: "final" | "none"; readonly top: number },
): RunRequest {
  return {
    ...base(subject, interventions),
    compute: { lens: { norm: options.norm, positions: "all", top: options.top } },
  };
}

/** One token (or two) in every cell: probability, logit and rank, whether or not it leads. */
export function trackRequest(
  subject: Subject,
  interventions: readonly Intervention[],
  options: { readonly norm: "final" | "none"; readonly tokens: readonly (string | number)[] },
): RunRequest {
  const lens = { norm: options.norm, positions: "all" as const, top: 1, tokens: [...options.tokens] };
  return { ...base(subject, interventions), compute: { lens } };
}

/** Who wrote the target at a position, and, where the row is a layer, which neurons fire there. */
export function detailRequest(
  subject: Subject,
  interventions: readonly Intervention[],
  place: {
    readonly layer: number | undefined;
    readonly position: number;
    readonly target: string | number;
    readonly minus: string | number | undefined;
  },
): RunRequest {
  const { layer, position, target, minus } = place;
  return {
    ...base(subject, interventions),
    compute: {
      attribution: { target: { token: target, ...(minus === undefined ? {} : { minus }) }, position, neurons: 24 },
      ...(layer === undefined ? {} : { ledger: { layer, position, top: 12, tokens: 5 } }),
    },
  };
}

/** The strongest features at a position, and the error beside them; with `features`, also these at every position. */
export function featureRequest(
  subject: Subject,
  interventions: readonly Intervention[],
  place: {
    readonly dictionary: string;
    readonly position: number | "all";
    readonly top: number;
    readonly features?: readonly number[] | undefined;
  },
): RunRequest {
  return { ...base(subject, interventions), compute: { features: [featureQuery(place)] } };
}

export function featureQuery({
  dictionary,
  position,
  top,
  features = [],
}: {
  readonly dictionary: string;
  readonly position: number | "all";
  readonly top: number;
  readonly features?: readonly number[] | undefined;
}): FeatureQuery {
  return {
    dictionary,
    positions: position === "all" ? "all" : [position],
    top,
    ...(features.length === 0 ? {} : { features: [...features] }),
  };
}

/** The attention patterns of some layers, whole. */
export function patternRequest(
  subject: Subject,
  interventions: readonly Intervention[],
  layers: readonly number[],
): RunRequest {
  const capture = layers.map((layer) => ({ site: siteName("attn.hook_pattern", layer) }));
  return { ...base(subject, interventions), compute: { capture } };
}

export function generationRequest(
  subject: Subject,
  interventions: readonly Intervention[],
  { maxTokens, temperature, topP, topK, seed }: SamplingChoice,
): GenerationRequest {
  return {
    ...base(subject, interventions),
    sampling: {
      maxTokens,
      temperature,
      seed,
      ...(topP === undefined ? {} : { topP }),
      ...(topK === undefined ? {} : { topK }),
    },
  };
}

function base(subject: Subject, interventions: readonly Intervention[]) {
  return {
    model: subject.model,
    input: runInput(subject),
    ...(interventions.length === 0 ? {} : { interventions: [...interventions] }),
  };
}
