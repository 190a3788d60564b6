/** The view as a query string that people can read and edit. What is as on a first visit is left out, but for the prompt. */
import { writePatch } from "./patch-notation.ts";
import { FIRST_VIEW, GREEDY, type SamplingChoice, type TraceView } from "./trace-view.ts";

export function encodeTraceView(view: TraceView): string {
  const query: [string, string][] = [];
  const add = (name: string, value: string | undefined) => value !== undefined && query.push([name, value]);
  add("model", view.model);
  add("prompt", view.prompt);
  if (view.prependBos !== undefined) add("bos", view.prependBos ? "yes" : "no");
  for (const name of ["panel", "measure", "compare", "norm"] as const) {
    if (view[name] !== FIRST_VIEW[name]) add(name === "panel" ? "view" : name, view[name]);
  }
  const { depth, position } = view.selected;
  if (depth !== "last" || position !== -1) {
    add("at", `${typeof depth === "number" ? `L${depth}` : depth}:${position === -1 ? "last" : position}`);
  }
  add("pin", writeToken(view.pinned));
  add("minus", writeToken(view.minus));
  if (view.head !== undefined) add("head", `L${view.head.layer}H${view.head.head}`);
  if (view.attentionForm !== FIRST_VIEW.attentionForm) add("form", view.attentionForm);
  add("sampling", writeSampling(view.sampling));
  add("dictionaries", view.dictionaries);
  if (view.feature !== undefined) add("feature", `${view.feature.dictionary}[${view.feature.feature}]`);
  for (const patch of view.patches) add("patch", writePatch(patch));
  return `?${query.map(([name, value]) => `${name}=${escapeValue(value)}`).join("&")}`;
}

/** The address of a view: what other rooms link to. */
export function tracePath(view: Partial<TraceView>): string {
  return `/${encodeTraceView({ ...FIRST_VIEW, ...view })}`;
}

/** A token is its text; "#365" is an id, and a text that begins with "#" has one "#" more. */
function writeToken(token: string | number | undefined): string | undefined {
  if (token === undefined) return undefined;
  if (typeof token === "number") return `#${token}`;
  return token.startsWith("#") ? `#${token}` : token;
}

/** `tokens:24,temperature:0.8,top-p:0.9,top-k:40,seed:3`, each only where it differs from greedy. */
function writeSampling(sampling: SamplingChoice): string | undefined {
  const names = {
    maxTokens: "tokens",
    temperature: "temperature",
    topP: "top-p",
    topK: "top-k",
    seed: "seed",
  } as const;
  const parts = (Object.keys(names) as (keyof typeof names)[])
    .filter((name) => sampling[name] !== GREEDY[name])
    .map((name) => `${names[name]}:${sampling[name]}`);
  return parts.length === 0 ? undefined : parts.join(",");
}

/** Half of a pair, as a broken copy may leave it; no address can hold one. */
const LONE_SURROGATE = /\p{Surrogate}/gu;

/** Percent-encoding that leaves alone what a query may hold as it is, so that patches stay readable. */
export function escapeValue(value: string): string {
  return encodeURIComponent(value.replaceAll(LONE_SURROGATE, "\ufffd"))
    .replaceAll("%20", "+")
    .replaceAll(/%(3A|2C|5B|5D|40|2F)/g, (code) => decodeURIComponent(code));
}
