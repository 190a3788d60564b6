/** Reads a view back from a query string. What cannot be read takes its default, and a notice says so. */
import type { Patch } from "./patch.ts";
import { readPatch } from "./patch-notation.ts";
import {
  type ChosenFeature,
  COMPARISONS,
  FIRST_VIEW,
  GREEDY,
  LENS_MEASURES,
  type SamplingChoice,
  type SelectedCell,
  TRACE_PANELS,
  type TraceView,
} from "./trace-view.ts";

export interface DecodedView {
  readonly view: TraceView;
  /** One sentence for each thing in the address that was not understood. */
  readonly notices: readonly string[];
}

export function decodeTraceView(search: string): DecodedView {
  const query = new URLSearchParams(search);
  const notices: string[] = [];

  /** The value of a field, read by `read`; its default when it is absent or unreadable. */
  function field<Value>(name: string, read: (text: string) => Value | undefined, fallback: Value): Value {
    const text = query.get(name);
    if (text === null) return fallback;
    const value = read(text);
    if (value === undefined) notices.push(`"${name}=${clip(text)}" in the address was not understood and is left out.`);
    return value ?? fallback;
  }
  const oneOf =
    <Name extends string>(names: readonly Name[]) =>
    (text: string) =>
      names.find((name) => name === text);

  const view: TraceView = {
    model: field("model", readName, undefined),
    prompt: field("prompt", (text) => text, FIRST_VIEW.prompt),
    prependBos: field("bos", (text) => ({ yes: true, no: false })[text], undefined),
    patches: readPatches(query.getAll("patch"), notices),
    panel: field("view", oneOf(TRACE_PANELS), FIRST_VIEW.panel),
    measure: field("measure", oneOf(LENS_MEASURES), FIRST_VIEW.measure),
    compare: field("compare", oneOf(COMPARISONS), FIRST_VIEW.compare),
    norm: field("norm", oneOf(["final", "none"] as const), FIRST_VIEW.norm),
    selected: field("at", readCell, FIRST_VIEW.selected),
    pinned: field("pin", readToken, undefined),
    minus: field("minus", readToken, undefined),
    head: field("head", readHead, FIRST_VIEW.head),
    attentionForm: field("form", oneOf(["matrix", "arcs"] as const), FIRST_VIEW.attentionForm),
    sampling: field("sampling", readSampling, GREEDY),
    dictionaries: field("dictionaries", readName, undefined),
    feature: field("feature", readFeature, undefined),
  };
  return { view, notices };
}

const MAXIMUM_PATCHES = 64;

function readPatches(texts: readonly string[], notices: string[]): Patch[] {
  const patches: Patch[] = [];
  for (const text of texts) {
    const patch = readPatch(text);
    if (patch === undefined)
      notices.push(`The patch "${clip(text)}" in the address was not understood and is left out.`);
    else if (patches.some(({ cable }) => cable === patch.cable))
      notices.push(`Two patches in the address are called "${patch.cable}"; only the first is kept.`);
    else if (patches.length < MAXIMUM_PATCHES) patches.push(patch);
  }
  return patches;
}

/** Of a model, a dictionary or a set of dictionaries. */
function readName(text: string): string | undefined {
  return /^[a-z0-9][a-z0-9._-]*$/i.test(text) ? text : undefined;
}

function readCell(text: string): SelectedCell | undefined {
  const match = /^(embed|last|L\d{1,4}):(last|\d{1,6})$/.exec(text);
  if (match === null) return undefined;
  const [, depth = "", position = ""] = match;
  return {
    depth: depth === "embed" || depth === "last" ? depth : Number(depth.slice(1)),
    position: position === "last" ? -1 : Number(position),
  };
}

function readToken(text: string): string | number | undefined {
  if (text === "") return undefined;
  if (text.startsWith("##")) return text.slice(1);
  if (!text.startsWith("#")) return text;
  return /^#\d{1,8}$/.test(text) ? Number(text.slice(1)) : undefined;
}

function readHead(text: string): { layer: number; head: number } | undefined {
  const match = /^L(\d{1,4})H(\d{1,4})$/.exec(text);
  return match === null ? undefined : { layer: Number(match[1]), head: Number(match[2]) };
}

function readFeature(text: string): ChosenFeature | undefined {
  const match = /^([a-z0-9][a-z0-9._-]*)\[(\d{1,7})\]$/i.exec(text);
  return match === null ? undefined : { dictionary: match[1] ?? "", feature: Number(match[2]) };
}

function readSampling(text: string): SamplingChoice | undefined {
  const given = new Map(text.split(",").map((part) => part.split(":", 2) as [string, string | undefined]));
  const number = (name: string, low: number, high: number, whole: boolean) => {
    const part = given.get(name);
    if (part === undefined) return undefined;
    const value = /^\d+(\.\d+)?$/.test(part) ? Number(part) : Number.NaN;
    return value >= low && value <= high && (!whole || Number.isInteger(value)) ? value : Number.NaN;
  };
  const sampling: SamplingChoice = {
    maxTokens: number("tokens", 1, 4096, true) ?? GREEDY.maxTokens,
    temperature: number("temperature", 0, 10, false) ?? GREEDY.temperature,
    topP: number("top-p", 0.01, 1, false),
    topK: number("top-k", 1, 1e6, true),
    seed: number("seed", 0, Number.MAX_SAFE_INTEGER, true) ?? GREEDY.seed,
  };
  const known = ["tokens", "temperature", "top-p", "top-k", "seed"];
  const readable = [...given.keys()].every((name) => known.includes(name));
  return readable && !Object.values(sampling).some((value) => Number.isNaN(value)) ? sampling : undefined;
}

function clip(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
