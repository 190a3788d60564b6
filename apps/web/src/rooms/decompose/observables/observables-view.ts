/** What the observables page asks, as its address has it. */
import type { Observable, ObservableRequest } from "@patchbay/contract";
import type { QueryChange } from "../../common/query.ts";
import { joinParts, readToken, splitParts } from "../parts-text.ts";

export interface ObservableDraft {
  readonly name: string;
  /** Tokens as they are written in an address: exact text, or "#" and an id. */
  readonly plus: readonly string[];
  readonly minus: readonly string[];
}

export interface ObservablesView {
  readonly observables: readonly ObservableDraft[];
  readonly prompt: string;
  /** Divide by the norms' scales at the reference prompt. */
  readonly scale: boolean;
  /** Texts on which predictions are checked, one a line; empty: the server's story prompts. */
  readonly heldOut: string;
  readonly asked: boolean;
}

const FIRST: readonly ObservableDraft[] = [
  { name: "he − she", plus: [" he"], minus: [" she"] },
  { name: "him − her", plus: [" him"], minus: [" her"] },
];
const FIRST_PROMPT = "The queen was sad because";

type Get = (name: string) => string | undefined;

export function readObservablesView(get: Get, getAll: (name: string) => readonly string[]): ObservablesView {
  const written = getAll("observable").flatMap((text) => readObservable(text) ?? []);
  return {
    observables: written.length === 0 ? FIRST : written,
    prompt: get("prompt") ?? FIRST_PROMPT,
    scale: get("scale") === "yes",
    heldOut: get("texts") ?? "",
    asked: get("asked") === "yes",
  };
}

export function writeObservablesView(view: ObservablesView): QueryChange {
  return {
    observable: view.observables.map(writeObservable),
    prompt: view.prompt,
    scale: view.scale ? "yes" : undefined,
    texts: view.heldOut,
    asked: view.asked ? "yes" : undefined,
  };
}

/** `name|+ he|+ him|- she` */
export function writeObservable({ name, plus, minus }: ObservableDraft): string {
  return joinParts([name, ...plus.map((token) => `+${token}`), ...minus.map((token) => `-${token}`)]);
}

export function readObservable(text: string): ObservableDraft | undefined {
  const [name = "", ...tokens] = splitParts(text);
  const of = (sign: string) => tokens.filter((token) => token.startsWith(sign)).map((token) => token.slice(1));
  const [plus, minus] = [of("+"), of("-")];
  return name === "" || plus.length + minus.length < tokens.length ? undefined : { name, plus, minus };
}

export function observableOf({ name, plus, minus }: ObservableDraft): Observable | undefined {
  const read = (tokens: readonly string[]) => tokens.flatMap((token) => readToken(token) ?? []);
  const [wanted, unwanted] = [read(plus), read(minus)];
  if (wanted.length + unwanted.length === 0) return undefined;
  return {
    name,
    ...(wanted.length === 0 ? {} : { plus: wanted }),
    ...(unwanted.length === 0 ? {} : { minus: unwanted }),
  };
}

export function observablesRequest(model: string, view: ObservablesView): ObservableRequest | undefined {
  const observables = view.observables.flatMap((draft) => observableOf(draft) ?? []);
  if (observables.length === 0 || view.prompt === "") return undefined;
  const texts = view.heldOut.split("\n").filter((line) => line.trim() !== "");
  return {
    model,
    observables,
    input: { text: view.prompt },
    ...(view.scale ? { scale: true } : {}),
    ...(texts.length === 0 ? {} : { heldOut: texts }),
  };
}

/** The same question, with one direction in full and the interventions that use it. */
export function vectorRequest(
  request: ObservableRequest,
  observable: number,
  path: number,
  coefficient: number,
): ObservableRequest {
  const chosen = request.observables[observable];
  return {
    ...request,
    // Only what the direction needs: the comparison and the other observables were answered already.
    observables: chosen === undefined ? request.observables : [chosen],
    compare: 0,
    vectors: [{ observable: chosen === undefined ? observable : 0, path }],
    coefficient,
  };
}
