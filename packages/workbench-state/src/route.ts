/** The table of rooms and their addresses. The path of a page is the path of the thing that it shows. */

export type Route =
  | { readonly room: "trace" }
  | { readonly room: "atlas"; readonly model: string }
  | { readonly room: "neuron"; readonly model: string; readonly layer: number; readonly neuron: number }
  | { readonly room: "sweeps" }
  | { readonly room: "circuits" }
  | { readonly room: "decompose"; readonly part: DecomposePart }
  /** A saved circuit: a set of nodes, whatever found it. */
  | { readonly room: "circuit"; readonly id: string }
  | { readonly room: "search" }
  | { readonly room: "dictionaries" }
  | { readonly room: "dictionary-comparison" }
  | { readonly room: "dictionary-training" }
  | { readonly room: "dictionary"; readonly dictionary: string; readonly part: DictionaryPart }
  /** The model stands in the query, so that a feature's address is the dictionary's own. */
  | { readonly room: "feature"; readonly dictionary: string; readonly feature: number }
  | { readonly room: "findings" }
  | { readonly room: "finding"; readonly id: string }
  | { readonly room: "models" }
  | { readonly room: "jobs" }
  | { readonly room: "api" }
  | { readonly room: "unknown"; readonly pathname: string };

/** The page of a dictionary itself, and those that take its failures apart. */
export type DictionaryPart = "overview" | "dark-matter" | "rewriting";

/** The questions of the Decompose room, and the circuits that were saved. */
export type DecomposePart = "tokens" | "observables" | "facts" | "circuits";

export type RoomName = Route["room"];

export function parseRoute(pathname: string): Route {
  const path = pathname.length > 1 ? pathname.replace(/\/+$/, "") : pathname;
  const simple = SIMPLE[path === "" ? "/" : path];
  if (simple !== undefined) return simple;
  const neuron = /^\/m\/([^/]+)\/L(\d+)\/N(\d+)$/.exec(path);
  if (neuron !== null) {
    const [, model = "", layer, index] = neuron;
    return { room: "neuron", model: decode(model), layer: Number(layer), neuron: Number(index) };
  }
  const atlas = /^\/m\/([^/]+)\/neurons$/.exec(path);
  if (atlas !== null) return { room: "atlas", model: decode(atlas[1] ?? "") };
  const feature = /^\/dictionaries\/([^/]+)\/features\/(\d+)$/.exec(path);
  if (feature !== null) return { room: "feature", dictionary: decode(feature[1] ?? ""), feature: Number(feature[2]) };
  const dictionary = /^\/dictionaries\/([^/]+)(?:\/(dark-matter|rewriting))?$/.exec(path);
  if (dictionary !== null) {
    const [, name = "", part = "overview"] = dictionary;
    return { room: "dictionary", dictionary: decode(name), part: part as DictionaryPart };
  }
  const circuit = /^\/decompose\/circuits\/([^/]+)$/.exec(path);
  if (circuit !== null) return { room: "circuit", id: decode(circuit[1] ?? "") };
  const finding = /^\/s\/([^/]+)$/.exec(path);
  if (finding !== null) return { room: "finding", id: decode(finding[1] ?? "") };
  return { room: "unknown", pathname };
}

export function pathOfRoute(route: Route): string {
  switch (route.room) {
    case "trace":
      return "/";
    case "atlas":
      return `/m/${encodeURIComponent(route.model)}/neurons`;
    case "neuron":
      return `/m/${encodeURIComponent(route.model)}/L${route.layer}/N${route.neuron}`;
    case "feature":
      return `/dictionaries/${encodeURIComponent(route.dictionary)}/features/${route.feature}`;
    case "dictionary":
      return `/dictionaries/${encodeURIComponent(route.dictionary)}${route.part === "overview" ? "" : `/${route.part}`}`;
    case "dictionary-comparison":
      return "/dictionaries/compare";
    case "dictionary-training":
      return "/dictionaries/train";
    case "decompose":
      return route.part === "tokens" ? "/decompose" : `/decompose/${route.part}`;
    case "circuit":
      return `/decompose/circuits/${encodeURIComponent(route.id)}`;
    case "finding":
      return `/s/${encodeURIComponent(route.id)}`;
    case "api":
      return "/api-docs";
    case "unknown":
      return route.pathname;
    default:
      return `/${route.room}`;
  }
}

const SIMPLE: Readonly<Record<string, Route>> = {
  "/": { room: "trace" },
  "/sweeps": { room: "sweeps" },
  "/circuits": { room: "circuits" },
  "/decompose": { room: "decompose", part: "tokens" },
  "/decompose/observables": { room: "decompose", part: "observables" },
  "/decompose/facts": { room: "decompose", part: "facts" },
  "/decompose/circuits": { room: "decompose", part: "circuits" },
  "/search": { room: "search" },
  "/dictionaries": { room: "dictionaries" },
  "/dictionaries/compare": { room: "dictionary-comparison" },
  "/dictionaries/train": { room: "dictionary-training" },
  "/findings": { room: "findings" },
  "/models": { room: "models" },
  "/jobs": { room: "jobs" },
  "/api-docs": { room: "api" },
};

/** A broken percent escape names nothing; it is kept as typed, so that the room can say what it did not find. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) return part;
    throw error;
  }
}
