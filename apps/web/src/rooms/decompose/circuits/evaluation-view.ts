/** What a circuit's page asks, as its address has it. */
import type { CircuitEvaluationRequest, CircuitExample } from "@patchbay/contract";
import { numberIn, oneOf, type QueryChange } from "../../common/query.ts";
import { readWord } from "../parts-text.ts";

export interface EvaluationView {
  /** One example a line: prompt | answer | minus [| corrupted prompt]. */
  readonly lines: string;
  readonly ablation: "mean" | "resample" | "zero";
  readonly errors: "keep" | "ablate";
  readonly random: number;
  readonly asked: boolean;
}

const FIRST = [
  "One day, Tom and Lily went to the park. Tom gave a ball to | L | Tom",
  "One day, Tom and Lily went to the park. Lily gave a ball to | Tom | L",
  "One day, Ben and Lily went to the park. Ben gave a ball to | L | Ben",
  "One day, Ben and Lily went to the park. Lily gave a ball to | Ben | L",
].join("\n");

type Get = (name: string) => string | undefined;

export function readEvaluationView(get: Get): EvaluationView {
  const random = numberIn(get("random"));
  return {
    lines: get("examples") ?? FIRST,
    ablation: oneOf(get("ablation"), ["mean", "resample", "zero"] as const, "mean"),
    errors: oneOf(get("errors"), ["keep", "ablate"] as const, "keep"),
    random: random !== undefined && Number.isInteger(random) && random >= 0 && random <= 256 ? random : 16,
    asked: get("asked") === "yes",
  };
}

export function writeEvaluationView(view: EvaluationView): QueryChange {
  return {
    examples: view.lines,
    ablation: view.ablation === "mean" ? undefined : view.ablation,
    errors: view.errors === "keep" ? undefined : view.errors,
    random: view.random === 16 ? undefined : String(view.random),
    asked: view.asked ? "yes" : undefined,
  };
}

export interface ExampleLines {
  readonly examples: readonly CircuitExample[];
  readonly problem: string | undefined;
}

/** As in the facts' lines an answer gets its leading space; without a third cell the metric is the answer's logit. */
export function readExampleLines(lines: string): ExampleLines {
  const examples: CircuitExample[] = [];
  for (const [i, line] of lines.split("\n").entries()) {
    if (line.trim() === "") continue;
    const [text = "", answer = "", other = "", corrupted = "", ...rest] = line
      .split(/\||\t/)
      .map((cell) => cell.trim());
    const token = readWord(answer);
    const minus = readWord(other);
    if (text === "" || token === undefined || rest.length > 0)
      return { examples: [], problem: `Line ${i + 1}: write prompt | answer | minus.` };
    examples.push({
      input: { text },
      metric: minus === undefined ? { kind: "logit", token } : { kind: "logit-difference", token, minus },
      ...(corrupted === "" ? {} : { corrupted: { text: corrupted } }),
    });
  }
  if (examples.length === 0) return { examples, problem: "Write at least one example." };
  return examples.length > 256 ? { examples: [], problem: "At most 256 examples." } : { examples, problem: undefined };
}

/** @param circuit id of a saved one. */
export function evaluationRequest(
  model: string,
  circuit: string,
  view: EvaluationView,
): CircuitEvaluationRequest | undefined {
  const { examples, problem } = readExampleLines(view.lines);
  if (problem !== undefined) return undefined;
  return {
    model,
    circuit,
    examples: [...examples],
    ablation: view.ablation,
    random: view.random,
    ...(view.errors === "keep" ? {} : { errors: view.errors }),
  };
}
