/** The heads that bring the answer, ablated together at the last position, against as many other heads. */
import type { CircuitNode, FactTrace } from "@patchbay/contract";
import type { Engine } from "@patchbay/transformer";
import { meanValues } from "../circuits/ablation-values.ts";
import type { Arm } from "../circuits/arms.ts";
import { meanInterval, meanOf, quantiles } from "../circuits/intervals.ts";
import { measureArms } from "../circuits/measure-arms.ts";
import { resolveUniverse } from "../circuits/universe.ts";
import type { DictionaryLookup } from "../run/intervention-context.ts";
import { seededRandom, shuffle } from "../training/random.ts";
import type { ResolvedFact } from "./fact-prompts.ts";

interface Head {
  readonly layer: number;
  readonly head: number;
}

export interface MoverAblation {
  readonly facts: readonly ResolvedFact[];
  readonly heads: readonly Head[];
  /** Of P(answer), prompt by prompt. */
  readonly before: readonly number[];
  readonly draws: number;
  readonly seed: number;
  readonly done: (rows: number) => void;
}

export async function ablateMovers(
  engine: Engine,
  lookup: DictionaryLookup,
  { facts, heads, before, draws, seed, done }: MoverAblation,
  signal: AbortSignal,
): Promise<FactTrace["ablation"]> {
  const { shape } = engine.model;
  const nodesOf = (chosen: readonly Head[]): CircuitNode[] =>
    chosen.map(({ layer, head }) => ({ kind: "head", layer, head, positions: [-1] }));
  const others = Array.from({ length: shape.layers * shape.heads }, (_, i) => ({
    layer: Math.floor(i / shape.heads),
    head: i % shape.heads,
  })).filter(({ layer, head }) => !heads.some((mover) => mover.layer === layer && mover.head === head));
  const random = seededRandom(seed);
  const drawn = others.length < heads.length || heads.length === 0 ? [] : Array.from({ length: draws }, () => draw());
  function draw(): Head[] {
    const order = shuffle(
      others.map((_, i) => i),
      random,
    );
    return order.slice(0, heads.length).flatMap((i) => others[i] ?? []);
  }
  const arms: Arm[] = [heads, ...drawn].map((chosen) => ({ mode: "remove", nodes: nodesOf(chosen) }));
  const universe = await resolveUniverse({ universe: { kinds: ["head"] } }, [], shape, lookup);
  const inputs = facts.map(({ input }) => input);
  const { values } = await meanValues(engine, universe, inputs, signal);
  const after: number[][] = [];
  for (const { input, answer } of facts) {
    const metric = { kind: "probability", token: answer.id, position: input.length - 1 } as const;
    const extent = { length: input.length, first: 0 };
    const example = { given: { input: {} }, input, metric, extent, values };
    after.push(await measureArms({ engine, universe, signal, done }, example, arms));
  }
  const of = (arm: number) => after.map((row) => row[arm] ?? 0);
  const changes = (arm: number) => of(arm).map((value, i) => value - (before[i] ?? 0));
  const own = meanOf(changes(0));
  const ofRandom = drawn.map((_, i) => meanOf(changes(i + 1)));
  return {
    heads: heads.map(({ layer, head }) => ({ layer, head })),
    probability: meanInterval(of(0), seed),
    change: meanInterval(changes(0), seed),
    random:
      ofRandom.length === 0
        ? null
        : {
            mean: meanOf(ofRandom),
            ...quantiles(ofRandom),
            changes: ofRandom,
            asLarge: ofRandom.filter((change) => change <= own).length,
          },
  };
}
