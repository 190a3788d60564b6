/** Observations of many prompts, joined layer by layer. */
import type { FactTrace } from "@patchbay/contract";
import { type Interval, meanInterval, meanOf } from "../circuits/intervals.ts";
import type { ObservedFact, ObservedLayer, ToBoth } from "./observe-fact.ts";

type Timeline = FactTrace["timeline"];
const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);

export function timelineOf(facts: readonly ObservedFact[], layers: number, seed: number): Timeline {
  const perLayer = (of: (layer: ObservedLayer) => number): Interval[] =>
    Array.from({ length: layers }, (_, l) =>
      meanInterval(
        facts.map((fact) => {
          const layer = fact.layers[l];
          return layer === undefined ? 0 : of(layer);
        }),
        seed,
      ),
    );
  const both = (of: (layer: ObservedLayer) => ToBoth) => ({
    topic: perLayer((layer) => of(layer).topic),
    answer: perLayer((layer) => of(layer).answer),
  });
  const moved = both(({ heads }) => ({
    topic: sum(heads.map(({ topic }) => topic)),
    answer: sum(heads.map(({ answer }) => answer)),
  }));
  const attentionOut = both((layer) => layer.attentionOut);
  const mlpOut = both((layer) => layer.mlpOut);
  const residual = both((layer) => layer.residual);
  const signed = (sign: number) => perLayer(({ neurons }) => sum([...neurons].filter((share) => share * sign > 0)));
  return {
    attention: perLayer(({ heads }) => meanOf(heads.map(({ attention }) => attention))),
    strongestAttention: perLayer(({ heads }) => Math.max(...heads.map(({ attention }) => attention))),
    moved,
    attentionOut,
    mlpOut,
    residual,
    promoted: signed(1),
    suppressed: signed(-1),
    peaks: {
      movedTopic: peakOf(moved.topic),
      movedAnswer: peakOf(moved.answer),
      attentionOutTopic: peakOf(attentionOut.topic),
      attentionOutAnswer: peakOf(attentionOut.answer),
      mlpOutTopic: peakOf(mlpOut.topic),
      mlpOutAnswer: peakOf(mlpOut.answer),
      residualTopic: peakOf(residual.topic),
      residualAnswer: peakOf(residual.answer),
    },
  };
}

function peakOf(values: readonly Interval[]): number {
  return values.reduce((best, { mean }, layer) => (mean > (values[best]?.mean ?? 0) ? layer : best), 0);
}

/** Every head, by falling |mean contribution to the answer| of what it carries from the subject. */
export function rankMovers(facts: readonly ObservedFact[]): { layer: number; head: number; answer: number }[] {
  const [first] = facts;
  const all = (first?.layers ?? []).flatMap(({ heads }, layer) =>
    heads.map((_, head) => ({
      layer,
      head,
      answer: meanOf(facts.map((fact) => fact.layers[layer]?.heads[head]?.answer ?? 0)),
    })),
  );
  return all.sort((a, b) => Math.abs(b.answer) - Math.abs(a.answer) || a.layer - b.layer || a.head - b.head);
}

export function moverRows(
  facts: readonly ObservedFact[],
  heads: readonly { layer: number; head: number }[],
  seed: number,
): FactTrace["movers"] {
  return heads.map(({ layer, head }) => {
    const of = (key: "attention" | "length" | "topic" | "answer") =>
      meanInterval(
        facts.map((fact) => fact.layers[layer]?.heads[head]?.[key] ?? 0),
        seed,
      );
    return { layer, head, attention: of("attention"), length: of("length"), topic: of("topic"), answer: of("answer") };
  });
}

export function topNeurons(facts: readonly ObservedFact[], count: number): FactTrace["neurons"] {
  const [first] = facts;
  const all = (first?.layers ?? []).flatMap(({ neurons }, layer) => {
    const means = new Float64Array(neurons.length);
    for (const fact of facts) {
      fact.layers[layer]?.neurons.forEach((share, neuron) => {
        means[neuron] = (means[neuron] ?? 0) + share / facts.length;
      });
    }
    return [...means].map((answer, neuron) => ({ layer, neuron, answer }));
  });
  return all.sort((a, b) => Math.abs(b.answer) - Math.abs(a.answer)).slice(0, count);
}
