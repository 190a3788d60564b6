/** What the tokens page asks, as its address has it. */
import type {
  ComponentSet,
  DecompositionCircuitRequest,
  DecompositionRequest,
  DecompositionTarget,
  DeletionCurveRequest,
} from "@patchbay/contract";
import { numberIn, oneOf, type QueryChange } from "../../common/query.ts";
import { headName, joinParts, mlpName, readComponents, readPositions, readToken, splitParts } from "../parts-text.ts";
import { readUnitTarget } from "./unit-target.ts";

export const TOKEN_SHOWS = ["shares", "sets", "circuit", "deletion"] as const;
export type TokenShow = (typeof TOKEN_SHOWS)[number];

/** A set as it is built by clicking. */
export interface SetDraft {
  readonly name: string;
  readonly heads: readonly (readonly [layer: number, head: number])[];
  readonly mlps: readonly number[];
  readonly tokens: readonly number[];
}

export interface TargetDraft {
  /** As typed: the exact text, or "#" and an id. */
  readonly token: string;
  /** Empty: the logit alone. */
  readonly minus: string;
}

export interface TokensView extends TargetDraft {
  readonly prompt: string;
  /** An inner number in place of a logit (`unit-target.ts` has the notation); undefined: the logit. */
  readonly unit: string | undefined;
  /** As typed; empty: the last position. */
  readonly position: string;
  readonly sets: readonly SetDraft[];
  /** Targets beside the first, for the matrix of sets × targets. */
  readonly others: readonly TargetDraft[];
  readonly mlps: "keep" | "choose";
  readonly contrast: "none" | "runner-up";
  readonly baseline: "mean" | "zero";
  readonly draws: number;
  readonly show: TokenShow;
  readonly asked: boolean;
}

const FIRST = {
  prompt: "One day, Tom and Lily went to the park. Tom gave a ball to",
  token: " L",
  minus: " Tom",
} as const;

type Get = (name: string) => string | undefined;

export function readTokensView(get: Get, getAll: (name: string) => readonly string[]): TokensView {
  const first = get("prompt") === undefined;
  const draws = numberIn(get("draws"));
  return {
    prompt: get("prompt") ?? FIRST.prompt,
    token: first ? FIRST.token : (get("token") ?? ""),
    minus: first ? FIRST.minus : (get("minus") ?? ""),
    unit: get("unit"),
    position: get("position") ?? "",
    sets: getAll("set").flatMap((text) => readSet(text) ?? []),
    others: getAll("other").map((text) => {
      const [token = "", minus = ""] = splitParts(text);
      return { token, minus };
    }),
    mlps: oneOf(get("mlps"), ["keep", "choose"] as const, "keep"),
    contrast: oneOf(get("contrast"), ["none", "runner-up"] as const, "none"),
    baseline: oneOf(get("baseline"), ["mean", "zero"] as const, "mean"),
    draws: draws !== undefined && Number.isInteger(draws) && draws >= 1 && draws <= 50 ? draws : 5,
    show: oneOf(get("show"), TOKEN_SHOWS, "shares"),
    asked: get("asked") === "yes",
  };
}

/** The whole view; a first visit's example stays out of the address until it is asked. */
export function writeTokensView(view: TokensView): QueryChange {
  return {
    prompt: view.prompt,
    token: view.token,
    minus: view.minus,
    unit: view.unit,
    position: view.position,
    set: view.sets.map(writeSet),
    other: view.others.map(({ token, minus }) => joinParts([token, minus])),
    mlps: view.mlps === "keep" ? undefined : view.mlps,
    contrast: view.contrast === "none" ? undefined : view.contrast,
    baseline: view.baseline === "mean" ? undefined : view.baseline,
    draws: view.draws === 5 ? undefined : String(view.draws),
    show: view.show === "shares" ? undefined : view.show,
    asked: view.asked ? "yes" : undefined,
  };
}

/** `name|L4H4 L5H1 L0.mlp|0-3,7` */
export function writeSet({ name, heads, mlps, tokens }: SetDraft): string {
  const components = [...heads.map(([layer, head]) => headName(layer, head)), ...mlps.map(mlpName)].join(" ");
  return joinParts([name, components, tokens.join(",")]);
}

export function readSet(text: string): SetDraft | undefined {
  const [name = "", components = "", places = "", ...rest] = splitParts(text);
  const { heads, mlps, unread } = readComponents(components);
  const tokens = readPositions(places);
  if (name === "" || unread.length > 0 || tokens === undefined || rest.length > 0) return undefined;
  return { name, heads, mlps, tokens };
}

export function isEmptySet({ heads, mlps, tokens }: SetDraft): boolean {
  return heads.length + mlps.length + tokens.length === 0;
}

type Target = DecompositionCircuitRequest["target"];

/** undefined until the answer is named. */
export function targetOf({ token, minus }: TargetDraft, at = ""): Target | undefined {
  const answer = readToken(token);
  const other = readToken(minus);
  const place = placeOf(at);
  if (answer === undefined || place === undefined) return undefined;
  return other === undefined
    ? { kind: "logit", token: answer, ...place }
    : { kind: "logit-difference", token: answer, minus: other, ...place };
}

/** What the shares are of: the view's inner number, or its logit. */
export function shareTargetOf(view: TokensView): DecompositionTarget | undefined {
  const place = placeOf(view.position);
  if (view.unit === undefined) return targetOf(view, view.position);
  return place === undefined ? undefined : readUnitTarget(view.unit, place);
}

/** Empty: the server's own default. undefined where it is no whole number. */
function placeOf(text: string): { readonly position?: number } | undefined {
  if (text.trim() === "") return {};
  return /^-?\d{1,6}$/.test(text.trim()) ? { position: Number(text) } : undefined;
}

export function setOf({ name, heads, mlps, tokens }: SetDraft): ComponentSet {
  return {
    name,
    ...(heads.length === 0 ? {} : { heads: heads.map(([layer, head]): [number, number] => [layer, head]) }),
    ...(mlps.length === 0 ? {} : { mlps: [...mlps] }),
    ...(tokens.length === 0 ? {} : { tokens: [...tokens] }),
  };
}

/** Shares and sets are one answer, so that looking at the one does not ask again for the other. */
export function sharesRequest(model: string, view: TokensView, other?: TargetDraft): DecompositionRequest | undefined {
  const wanted = other === undefined ? shareTargetOf(view) : targetOf(other, view.position);
  if (wanted === undefined || view.prompt === "") return undefined;
  const sets = view.sets.filter((set) => !isEmptySet(set)).map(setOf);
  return {
    model,
    input: { text: view.prompt },
    target: wanted,
    ...(sets.length === 0 ? {} : { sets }),
    ...(other === undefined ? { flow: true } : {}),
  };
}

export function circuitRequest(model: string, view: TokensView): DecompositionCircuitRequest | undefined {
  const target = targetOf(view, view.position);
  if (target === undefined || view.prompt === "") return undefined;
  return { model, input: { text: view.prompt }, target, ...(view.mlps === "keep" ? {} : { mlps: view.mlps }) };
}

/** On the server's own story prompts: what an order of tokens is worth cannot be told from one prompt. */
export function deletionRequest(model: string, view: TokensView): DeletionCurveRequest {
  return { model, contrast: view.contrast, baseline: view.baseline, draws: view.draws };
}
