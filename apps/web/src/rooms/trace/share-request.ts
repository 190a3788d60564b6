/** A finding of the Trace room: everything that the view shows, each run as one request that computes it all at once. */
import type { ModelSummary, RunRequest, SnapshotRequest } from "@patchbay/contract";
import {
  type ChosenFeature,
  encodeTraceView,
  featureQuery,
  generationRequest,
  interventionsOf,
  runInput,
  type TraceView,
} from "@patchbay/workbench-state";

export interface ShownPlace {
  readonly layer: number | undefined;
  readonly position: number;
  readonly target: number | string | undefined;
  /** Of the selected layer, with the feature that is drawn over the prompt. */
  readonly dictionary: string | undefined;
  readonly feature: ChosenFeature | undefined;
}

export function shareRequest(
  view: TraceView,
  model: Pick<ModelSummary, "name">,
  place: ShownPlace,
  title: string,
  note: string,
): SnapshotRequest {
  const subject = { model: model.name, prompt: view.prompt, prependBos: view.prependBos };
  const run = (interventions: RunRequest["interventions"] = []): RunRequest => ({
    model: model.name,
    input: runInput(view),
    ...(interventions.length === 0 ? {} : { interventions }),
    compute: shownCompute(view, place, interventions.length === 0 ? 10 : 50),
  });
  const inRun = interventionsOf(view.patches, "run");
  const inGeneration = interventionsOf(view.patches, "generation");
  const parts: SnapshotRequest["parts"] = [
    { role: "before", kind: "run", request: run() },
    ...(inRun.length > 0 ? [{ role: "after", kind: "run" as const, request: run(inRun) }] : []),
    { role: "continuation before", kind: "generation", request: generationRequest(subject, [], view.sampling) },
    ...(inGeneration.length > 0
      ? [
          {
            role: "continuation after",
            kind: "generation" as const,
            request: generationRequest(subject, inGeneration, view.sampling),
          },
        ]
      : []),
  ];
  return {
    ...(title === "" ? {} : { title }),
    ...(note === "" ? {} : { note }),
    view: { room: "trace", path: `/${encodeTraceView({ ...view, model: model.name })}` },
    parts,
  };
}

/** One pass that computes what the room asks for in several; after patches the list is long, for the difference. */
export function shownCompute(
  view: TraceView,
  { layer, position, target, dictionary, feature }: ShownPlace,
  top: number,
): NonNullable<RunRequest["compute"]> {
  return {
    lens: { norm: view.norm, positions: "all", top, ...(target === undefined ? {} : { tokens: [target] }) },
    ...(target === undefined
      ? {}
      : {
          attribution: {
            target: { token: target, ...(view.minus === undefined ? {} : { minus: view.minus }) },
            position,
          },
        }),
    ...(layer === undefined ? {} : { ledger: { layer, position, top: 12 } }),
    ...featureQueries(dictionary, feature, position),
  };
}

/** The strongest features at the place, and the drawn one at every position, be it of this dictionary or of another. */
function featureQueries(
  dictionary: string | undefined,
  feature: ChosenFeature | undefined,
  position: number,
): Pick<NonNullable<RunRequest["compute"]>, "features"> {
  const names = new Set([dictionary, feature?.dictionary].filter((name) => name !== undefined));
  if (names.size === 0) return {};
  return {
    features: [...names].map((name) =>
      feature?.dictionary === name
        ? featureQuery({ dictionary: name, position: "all", top: FEATURES_KEPT, features: [feature.feature] })
        : featureQuery({ dictionary: name, position, top: FEATURES_KEPT }),
    ),
  };
}

const FEATURES_KEPT = 12;
