/** From an observable as people write it to weights over the vocabulary. */
import type { Observable } from "@patchbay/contract";
import type { Tokenizer } from "@patchbay/transformer";
import { PatchbayError } from "@patchbay/vocabulary";
import { type NamedToken, resolveToken } from "../run/resolve-token.ts";

export interface ResolvedObservable {
  readonly name: string;
  /** By falling |weight|. */
  readonly tokens: readonly (NamedToken & { readonly weight: number })[];
}

/** @throws PatchbayError `unknown-token`; `invalid-request` where all weights cancel */
export function resolveObservable(tokenizer: Tokenizer, observable: Observable, at: string): ResolvedObservable {
  const { plus = [], minus = [], weights } = observable;
  const given = weights?.map(({ token, weight }, i) => ({ token, weight, at: `${at}/weights/${i}/token` })) ?? [
    ...plus.map((token, i) => ({ token, weight: 1 / plus.length, at: `${at}/plus/${i}` })),
    ...minus.map((token, i) => ({ token, weight: -1 / minus.length, at: `${at}/minus/${i}` })),
  ];
  const sums = new Map<number, NamedToken & { weight: number }>();
  for (const { token, weight, at: place } of given) {
    const named = resolveToken(tokenizer, token, place);
    sums.set(named.id, { ...named, weight: (sums.get(named.id)?.weight ?? 0) + weight });
  }
  const tokens = [...sums.values()].filter(({ weight }) => weight !== 0);
  if (tokens.length === 0) {
    throw new PatchbayError("invalid-request", `The observable "${observable.name}" is always zero.`, {
      expected: "weights that do not cancel",
      at,
    });
  }
  return { name: observable.name, tokens: tokens.sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight)) };
}
