/**
 * Fact tracing (Lv et al. 2024, B2): the stages of an answer at the last position, layer by layer, over a set of prompts.
 * The causal trace grid of B3 is a sweep: method patching, corrupted by noise on the subject.
 */
import type { FactTrace, FactTraceRequest } from "@patchbay/contract";
import { ensureDefined, headLabel } from "@patchbay/vocabulary";
import { type Interval, meanInterval } from "../circuits/intervals.ts";
import type { WorkContext } from "../model-service.ts";
import type { ModelParts } from "../run/model-parts.ts";
import { makeRecipe } from "../run/recipe.ts";
import { ablateMovers } from "./ablate-movers.ts";
import { type ResolvedFact, resolveFacts } from "./fact-prompts.ts";
import { type ObservedFact, observeFact, type SwitchName } from "./observe-fact.ts";
import { moverRows, rankMovers, timelineOf, topNeurons } from "./summarise-facts.ts";

const DEFAULTS = { top: 10, movers: 3, random: 16, seed: 0 };

/** @throws PatchbayError for prompts without their subject and tokens that do not exist; `cancelled` */
export async function traceFact(
  parts: ModelParts,
  request: FactTraceRequest,
  { signal, progress }: WorkContext,
): Promise<FactTrace> {
  const started = performance.now();
  const { engine, tokenizer } = parts;
  const { layers } = engine.model.shape;
  const { top, movers, random, seed } = { ...DEFAULTS, ...given(request) };
  const facts = resolveFacts(parts, request);
  const observed: ObservedFact[] = [];
  for (const [i, fact] of facts.entries()) {
    observed.push(await observeFact(engine, fact, signal));
    progress?.((0.5 * (i + 1)) / facts.length, `${i + 1} of ${facts.length} prompts`);
  }
  const ranked = rankMovers(observed);
  const chosen = ranked.filter(({ answer }) => answer > 0).slice(0, movers);
  const before = observed.map(({ probability }) => probability);
  let rows = observed.reduce((sum, fact) => sum + fact.rows, 0);
  const total = facts.length * (1 + random);
  let ablated = 0;
  const done = (count: number) => {
    ablated += count;
    progress?.(0.5 + (0.5 * ablated) / total, "Mover heads against random heads");
  };
  const ablation = await ablateMovers(
    engine,
    parts.dictionaries,
    { facts, heads: chosen, before, draws: random, seed, done },
    signal,
  );
  rows += ablated;
  const timeline = timelineOf(observed, layers, seed);
  const lastLayer = lastLayerOf(observed, layers - 1, seed);
  return {
    prompts: facts.map(({ input, subject, answer, topic }, i) => {
      const { probability, rank, top: best } = ensureDefined(observed[i]);
      return {
        tokens: [...ensureDefined(input.described[0])],
        subject: [...subject],
        answer,
        topic: [...topic],
        probability,
        rank,
        topPrediction: { id: best.id, text: tokenizer.textOf(best.id), score: best.probability },
      };
    }),
    layers,
    timeline,
    movers: moverRows(observed, ranked.slice(0, top), seed),
    neurons: topNeurons(observed, top),
    lastLayer,
    ablation,
    claims: claimsOf({ timeline, lastLayer, ablation }, facts),
    warnings: warningsOf(facts, observed),
    cost: { rows, seconds: (performance.now() - started) / 1000 },
    recipe: makeRecipe({
      model: parts.name,
      modelHash: engine.model.hash,
      runtime: parts.runtimeVersion,
      tokens: facts.flatMap(({ input }) => input.tokens),
      bosPrepended: facts.every(({ input }) => input.bosPrepended),
      normalisation: "final norm, its scale held fixed",
      request,
    }),
  };
}

/** Without the members that were left out. */
function given({ top, movers, random, seed }: FactTraceRequest): Partial<typeof DEFAULTS> {
  return Object.fromEntries(
    Object.entries({ top, movers, random, seed }).filter(([, value]) => value !== undefined),
  ) as Partial<typeof DEFAULTS>;
}

function lastLayerOf(observed: readonly ObservedFact[], layer: number, seed: number): FactTrace["lastLayer"] {
  const interval = (of: (fact: ObservedFact) => number) => meanInterval(observed.map(of), seed);
  const names = [...(observed[0]?.switches.keys() ?? [])];
  const attention = (fact: ObservedFact) => fact.layers[layer]?.attentionOut.answer ?? 0;
  const mlp = (fact: ObservedFact) => fact.layers[layer]?.mlpOut.answer ?? 0;
  return {
    attention: interval(attention),
    mlp: interval(mlp),
    total: interval((fact) => attention(fact) + mlp(fact)),
    probability: interval(({ probability }) => probability),
    switches: names.map((name) => {
      const [part, lift] = name.split(" ") as [
        FactTrace["lastLayer"]["switches"][number]["part"],
        "zero" | "direction",
      ];
      const lifted = (fact: ObservedFact) => fact.switches.get(name satisfies SwitchName) ?? 0;
      return {
        part,
        lift,
        probability: interval(lifted),
        change: interval((fact) => lifted(fact) - fact.probability),
      };
    }),
  };
}

const shown = ({ mean, low, high }: Interval, digits = 3) =>
  `${mean.toFixed(digits)} [${low.toFixed(digits)}, ${high.toFixed(digits)}]`;

/** What can be said of a sign: null where the interval holds zero. */
function clearly(sign: 1 | -1, { low, high }: Interval): boolean | null {
  if (low <= 0 && high >= 0) return null;
  return sign > 0 ? low > 0 : high < 0;
}

function claimsOf(
  { timeline: { peaks }, lastLayer, ablation }: Pick<FactTrace, "timeline" | "lastLayer" | "ablation">,
  facts: readonly ResolvedFact[],
): FactTrace["claims"] {
  const same = facts.every(({ topic, answer }) => topic.some(({ id }) => id === answer.id));
  const { random } = ablation;
  // The last of the list: both parts, or attention where there is nothing else.
  const [off, freed] = (["zero", "direction"] as const).map((how) =>
    lastLayer.switches.findLast(({ lift }) => lift === how),
  );
  return [
    {
      claim: "In the residual stream the topic's direction peaks in an earlier layer than the answer's.",
      holds: same ? null : peaks.residualTopic < peaks.residualAnswer,
      evidence: same
        ? "The subject's own tokens are the answer: the two directions are one."
        : `topic in layer ${peaks.residualTopic}, answer in layer ${peaks.residualAnswer}`,
    },
    {
      claim:
        "Heads that bring the answer from the subject are needed: without them P(answer) falls, without random ones not.",
      holds: random === null ? null : ablation.change.high < 0 && random.asLarge <= random.changes.length / 20,
      evidence:
        random === null
          ? "There were no such heads, or no others to compare with."
          : `${ablation.heads.map(({ layer, head }) => headLabel(layer, head)).join(", ")}: ${shown(ablation.change)}; ${
              random.changes.length
            } draws of other heads: ${random.mean.toFixed(3)}, ${random.asLarge} of them as much`,
    },
    {
      claim: "The last layer contributes against the right answer.",
      holds: clearly(-1, lastLayer.total),
      evidence: `attention ${shown(lastLayer.attention, 2)}, MLP ${shown(lastLayer.mlp, 2)}, both ${shown(lastLayer.total, 2)} logits`,
    },
    {
      claim: "Switching the last layer off at the last position raises P(answer).",
      holds: off === undefined ? null : clearly(1, off.change),
      evidence:
        off === undefined || freed === undefined
          ? ""
          : `P(answer) ${shown(lastLayer.probability)}; scaled to 0: ${shown(off.probability)}; without its component along the answer: ${shown(freed.probability)}`,
    },
  ];
}

function warningsOf(facts: readonly ResolvedFact[], observed: readonly ObservedFact[]): string[] {
  const warnings: string[] = [];
  const wrong = observed.filter(({ rank }) => rank > 0).length;
  if (wrong > 0) warnings.push(`The model's first guess is not the answer in ${wrong} of ${facts.length} prompts.`);
  if (facts.length === 1) warnings.push("One prompt has no interval: what it shows may be chance.");
  return warnings;
}
