/** The dictionary at the selected layer: what fires at the selected place, before and after the patches. */
import type { DictionarySummary, FeatureResult, ModelSummary, RunResult } from "@patchbay/contract";
import { type ChosenFeature, featureRequest, interventionsOf, type TraceView } from "@patchbay/workbench-state";
import { useMemo } from "react";
import type { Resource } from "../../shell/resource.ts";
import type { ProblemFacts } from "../../shell/ui/ErrorState.tsx";
import { useDictionaries } from "../dictionaries/use-dictionaries.ts";
import { chosenDictionaries, type DictionaryChoice, dictionaryAt, dictionaryChoices } from "./dictionary-choice.ts";
import { activationsOf, type FeaturesAt, featuresAt } from "./read-features.ts";
import { sameTokens } from "./same-tokens.ts";
import { useRun } from "./use-run.ts";
import type { TraceData } from "./use-trace-data.ts";

export interface CellFeatures {
  /** All that are installed; empty until known. */
  readonly dictionaries: readonly DictionarySummary[];
  readonly choices: readonly DictionaryChoice[];
  readonly choice: DictionaryChoice | undefined;
  /** Of the choice, at the selected layer. */
  readonly dictionary: DictionarySummary | undefined;
  readonly before: FeaturesAt | undefined;
  readonly after: FeaturesAt | undefined;
  readonly problem: ProblemFacts | undefined;
  /** The feature that is drawn over the prompt: the one in the address, else the strongest here. */
  readonly drawn: ChosenFeature | undefined;
  readonly resources: readonly Resource<RunResult>[];
}

const TOP = 10;
const WALK_DELAY = 90;
const DOSE_DELAY = 120;

export function useCellFeatures({
  view,
  model,
  place,
  run,
}: {
  readonly view: TraceView;
  readonly model: ModelSummary;
  readonly place: { readonly layer: number | undefined; readonly position: number };
  /** The run on the screen, once it answers the prompt in the view. */
  readonly run: RunResult | undefined;
}): CellFeatures {
  const listed = useDictionaries(model).state;
  const dictionaries = listed.value?.dictionaries ?? NONE;
  const choices = useMemo(() => dictionaryChoices(dictionaries), [dictionaries]);
  const choice = chosenDictionaries(choices, view.dictionaries);
  const dictionary = dictionaryAt(choice, place.layer);

  const subject = { model: model.name, prompt: view.prompt, prependBos: view.prependBos };
  const interventions = interventionsOf(view.patches, "run");
  const asked =
    run === undefined || dictionary === undefined
      ? undefined
      : { dictionary: dictionary.name, position: place.position, top: TOP };
  const beforeRun = useRun(asked && featureRequest(subject, [], asked), WALK_DELAY);
  const afterRun = useRun(
    asked && interventions.length > 0 ? featureRequest(subject, interventions, asked) : undefined,
    DOSE_DELAY,
  );
  const read = (answer: RunResult | undefined) => {
    const result = resultOf(sameTokens(answer, run), dictionary?.name);
    return result && featuresAt(result, place.position);
  };
  const before = read(beforeRun.state.value);
  const strongest = before?.firing[0];
  return {
    dictionaries,
    choices,
    choice,
    dictionary,
    before,
    after: interventions.length > 0 ? read(afterRun.state.value) : undefined,
    problem:
      listed.status === "failed"
        ? listed.problem
        : beforeRun.state.status === "failed"
          ? beforeRun.state.problem
          : undefined,
    drawn:
      view.feature ??
      (dictionary === undefined || strongest === undefined
        ? undefined
        : { dictionary: dictionary.name, feature: strongest.feature }),
    resources: [beforeRun, afterRun],
  };
}

const NONE: readonly DictionarySummary[] = [];

export function resultOf(run: RunResult | undefined, dictionary: string | undefined): FeatureResult | undefined {
  return run?.results.features?.find((result) => result.dictionary === dictionary);
}

/** What a finding keeps of the features: those of the place, and the one that the reader chose to draw. */
export function shownFeatures(data: TraceData): {
  readonly dictionary: string | undefined;
  readonly feature: ChosenFeature | undefined;
} {
  return { dictionary: data.features.dictionary?.name, feature: data.features.drawn };
}

/** Some features of one dictionary at every position, before and after the patches, with the error at each. */
export function useFeatureMap(
  view: TraceView,
  data: TraceData,
  model: ModelSummary,
  dictionary: string | undefined,
  features: readonly number[],
) {
  const subject = { model: model.name, prompt: view.prompt, prependBos: view.prependBos };
  const interventions = interventionsOf(view.patches, "run");
  const asked =
    dictionary === undefined || features.length === 0 || data.status !== "ready"
      ? undefined
      : { dictionary, position: "all" as const, top: 1, features };
  const beforeRun = useRun(asked && featureRequest(subject, [], asked), WALK_DELAY);
  const afterRun = useRun(
    asked && interventions.length > 0 ? featureRequest(subject, interventions, asked) : undefined,
    DOSE_DELAY,
  );
  const before = resultOf(sameTokens(beforeRun.state.value, data.run), dictionary);
  const after =
    interventions.length === 0 ? undefined : resultOf(sameTokens(afterRun.state.value, data.run), dictionary);
  return {
    problem: beforeRun.state.status === "failed" ? beforeRun.state.problem : undefined,
    ready: before !== undefined,
    /** At each position; the difference where that is what the room compares. */
    activations(feature: number): number[] | undefined {
      const [old, now] = [activationsOf(before, feature), activationsOf(after, feature)];
      if (view.compare === "before" || now === undefined) return old;
      return view.compare === "after" ? now : now.map((value, i) => value - (old?.[i] ?? 0));
    },
    /** Length of the error ÷ length of the value at the output site, at each position. */
    errorShare(): number[] | undefined {
      const shown = view.compare === "before" ? before : (after ?? before);
      return shown?.errorNorm.data.map((norm, i) => (norm ?? 0) / (shown.outputNorm.data[i] || 1));
    },
  };
}
