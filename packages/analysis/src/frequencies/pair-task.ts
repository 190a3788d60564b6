/** What is asked of a model of arithmetic mod p: a prompt for every pair (a, b), and its answer. */
import type { FrequencyRequest } from "@patchbay/contract";
import type { ModelShape } from "@patchbay/transformer";
import { PatchbayError } from "@patchbay/vocabulary";

export interface PairTask {
  readonly modulus: number;
  readonly operation: "add" | "subtract";
  readonly template: readonly ("a" | "b" | number)[];
  /** Where the answer is read: the last position. */
  readonly position: number;
  /** Undefined where blocks are attention only. */
  readonly layer: number | undefined;
}

/** Bytes of neurons and logits over all pairs. */
const MOST_BYTES = 2 ** 29;

/** @throws PatchbayError `invalid-request`, `layer-out-of-range`, `token-out-of-range`, `request-too-large` */
export function pairTask(shape: ModelShape, request: FrequencyRequest): PairTask {
  const modulus = request.modulus ?? shape.vocabulary - 1;
  if (modulus < 3 || modulus > Math.min(shape.vocabulary, shape.outputVocabulary)) {
    throw new PatchbayError("token-out-of-range", `The model has no tokens for the numbers 0 … ${modulus - 1}.`, {
      expected: `a modulus from 3 to ${Math.min(shape.vocabulary, shape.outputVocabulary)}`,
      received: String(modulus),
      at: "modulus",
    });
  }
  const template = request.template ?? (modulus < shape.vocabulary ? ["a", "b", modulus] : ["a", "b"]);
  checkTemplate(shape, template);
  const layer = shape.neurons === 0 ? undefined : (request.layer ?? shape.layers - 1);
  if ((request.layer ?? 0) >= shape.layers) {
    throw new PatchbayError("layer-out-of-range", `There is no layer ${request.layer}.`, {
      expected: `0 to ${shape.layers - 1}`,
      received: String(request.layer),
      at: "layer",
    });
  }
  checkFrequencies(request, modulus);
  const bytes = 4 * modulus ** 2 * (shape.neurons + shape.outputVocabulary + template.length * shape.residualWidth);
  if (bytes > MOST_BYTES) {
    throw new PatchbayError("request-too-large", "All pairs together are too many for this model.", {
      expected: `at most ${MOST_BYTES / 2 ** 20} MiB of neurons, logits and streams over all pairs`,
      received: `${Math.round(bytes / 2 ** 20)} MiB`,
      advice: "Choose a smaller modulus.",
      at: "modulus",
    });
  }
  return { modulus, operation: request.operation ?? "add", template, position: template.length - 1, layer };
}

function checkTemplate({ context, vocabulary }: ModelShape, template: PairTask["template"]): void {
  const at = "template";
  for (const operand of ["a", "b"] as const) {
    if (template.includes(operand)) continue;
    throw new PatchbayError("invalid-request", `The template has no place for ${operand}.`, {
      expected: '"a" and "b", each at least once',
      received: JSON.stringify(template),
      at,
    });
  }
  if (template.length > context) {
    throw new PatchbayError("context-exceeded", "The template is longer than the model's context.", {
      expected: `at most ${context} tokens`,
      received: String(template.length),
      at,
    });
  }
  const wrong = template.find((token) => typeof token === "number" && token >= vocabulary);
  if (wrong === undefined) return;
  throw new PatchbayError("token-out-of-range", `There is no token ${wrong}.`, {
    expected: `0 to ${vocabulary - 1}`,
    received: String(wrong),
    at,
  });
}

function checkFrequencies({ frequencies = [] }: FrequencyRequest, modulus: number): void {
  const highest = Math.floor(modulus / 2);
  const wrong = frequencies.find((frequency) => frequency > highest);
  if (wrong === undefined) return;
  throw new PatchbayError("invalid-request", `There is no frequency ${wrong} over ${modulus} numbers.`, {
    expected: `1 to ${highest}`,
    received: String(wrong),
    at: "frequencies",
  });
}

export function tokensOf({ template }: PairTask, a: number, b: number): number[] {
  return template.map((token) => (token === "a" ? a : token === "b" ? b : token));
}

export function answerOf({ modulus, operation }: PairTask, a: number, b: number): number {
  return (operation === "add" ? a + b : a - b + modulus) % modulus;
}
