/** What is installed, asked once for all rooms. */
import type { DictionaryList, DictionaryPage, ModelSummary } from "@patchbay/contract";
import { api } from "../../shell/api.ts";
import { forgetResources, type Resource, useResource } from "../../shell/resource.ts";

export function useDictionaries(model: ModelSummary | undefined): Resource<DictionaryList> {
  return useResource<DictionaryList>(model && `dictionaries:${model.hash}`, (signal) =>
    api.listDictionaries({ params: { model: model?.name ?? "" }, signal }),
  );
}

export function useDictionary(model: ModelSummary | undefined, dictionary: string): Resource<DictionaryPage> {
  return useResource<DictionaryPage>(model && `dictionary:${model.hash}:${dictionary}`, (signal) =>
    api.getDictionary({ params: { model: model?.name ?? "", dictionary }, signal }),
  );
}

/** After something was measured, trained or removed. */
export function forgetDictionaries(): void {
  forgetResources("dictionaries:");
  forgetResources("dictionary:");
}
