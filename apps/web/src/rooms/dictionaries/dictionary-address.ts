/** Addresses of dictionaries and of what is asked about them. The model stands in the query, and only where it must. */
import { type DictionaryPart, pathOfRoute } from "@patchbay/workbench-state";

export type QueryParts = Readonly<Record<string, string | number | undefined>>;

/** A path with its query; undefined parts are left out. */
export function address(path: string, parts: QueryParts = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parts)) if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return text === "" ? path : `${path}?${text}`;
}

/** Addresses under one model. `model` is undefined for the default model, whose name no address needs. */
export interface DictionaryAddresses {
  list(): string;
  page(dictionary: string, part?: DictionaryPart, parts?: QueryParts): string;
  feature(dictionary: string, feature: number, parts?: QueryParts): string;
  /** The Search room restricted to the units of one dictionary. */
  units(dictionary: string): string;
  compare(left?: string, right?: string): string;
  train(parts?: QueryParts): string;
}

export function dictionaryAddresses(model: string | undefined): DictionaryAddresses {
  return {
    list: () => address("/dictionaries", { model }),
    page: (dictionary, part = "overview", parts = {}) =>
      address(pathOfRoute({ room: "dictionary", dictionary, part }), { model, ...parts }),
    feature: (dictionary, feature, parts = {}) =>
      address(pathOfRoute({ room: "feature", dictionary, feature }), { model, ...parts }),
    units: (dictionary) => address("/search", { model, source: dictionary }),
    compare: (left, right) => address("/dictionaries/compare", { model, left, right }),
    train: (parts = {}) => address("/dictionaries/train", { model, ...parts }),
  };
}
