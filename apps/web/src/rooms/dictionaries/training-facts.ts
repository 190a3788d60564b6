/** A training request in words, defaults included and marked. */
import type { TrainingRequest, TrainingSparsity } from "@patchbay/contract";
import { formatCount } from "../../shell/ui/format-number.ts";

export function recipeFacts(request: TrainingRequest, name: string): [fact: string, text: string][] {
  const target = request.targets.find((candidate) => candidate.name === name);
  const others = request.targets.length - 1;
  const or = (value: number | undefined, usual: number, format = formatCount) =>
    value === undefined ? `${format(usual)} (default)` : format(value);
  const plain = (value: number) => String(value);
  return [
    ...(target === undefined
      ? []
      : ([
          ["kind", target.kind],
          ["reads", target.inputSite],
          ...(target.outputSite === undefined ? [] : [["writes", target.outputSite]]),
          ["features", formatCount(target.features)],
          ["sparsity", sparsityText(target.sparsity)],
          ["seed", or(target.seed, 0, plain)],
        ] as [string, string][])),
    [
      "text",
      request.corpus.kind === "samples"
        ? "drawn from the model itself, temperature 1, top-p 0.95"
        : request.corpus.path,
    ],
    ["tokens", formatCount(request.tokens)],
    ["tokens a step", or(request.batch, 2048)],
    ["learning rate", `Adam, ${or(request.learningRate, 3e-3, plain)}`],
    ["warm-up", `first ${or(request.warmup, 0.02, percentText)} of the steps`],
    ["decay", `last ${or(request.decay, 0.5, percentText)} of the steps`],
    [
      "dead after",
      request.reviveAfter === 0 ? "never revived" : `${or(request.reviveAfter, 100_000)} tokens without firing`,
    ],
    ...(others > 0
      ? ([["in the same harvest", `${others} other ${others === 1 ? "dictionary" : "dictionaries"}`]] as [
          string,
          string,
        ][])
      : []),
  ];
}

export function sparsityText(sparsity: TrainingSparsity): string {
  switch (sparsity.kind) {
    case "topk":
      return `TopK, k = ${sparsity.k}`;
    case "batch-topk":
      return `BatchTopK, k = ${sparsity.k} on average`;
    case "jumprelu":
      return `JumpReLU, λ = ${sparsity.coefficient} of L0, bandwidth ${sparsity.bandwidth ?? "0.05 (default)"}`;
    case "relu":
      return `ReLU + L1, λ = ${sparsity.coefficient}`;
  }
}

function percentText(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}
