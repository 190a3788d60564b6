/** From an evaluation as people ask for it to examples, metrics and ablation values. */
import type { Circuit, CircuitEvaluationRequest, CircuitExample, CircuitNode } from "@patchbay/contract";
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import { resolveMetric } from "../metrics/resolve-metric.ts";
import { inputOf, type ModelParts } from "../run/model-parts.ts";
import type { ResolvedInput } from "../run/resolve-input.ts";
import { seededRandom } from "../training/random.ts";
import { type AblationValues, meanValues, otherValues, zeros } from "./ablation-values.ts";
import { nodePositions } from "./arms.ts";
import type { PreparedExample } from "./measure-arms.ts";
import type { Universe } from "./universe.ts";

export type AblationKind = NonNullable<CircuitEvaluationRequest["ablation"]>;

export interface Preparation {
  readonly examples: readonly PreparedExample[];
  readonly ablation: AblationKind;
  /** In words, for the result. */
  readonly description: string;
}

/** @throws PatchbayError `invalid-request` for an id, which only a server can look up. */
export function inlineCircuit(circuit: Circuit | string, at: string): Circuit {
  if (typeof circuit !== "string") return circuit;
  throw new PatchbayError("invalid-request", "Saved circuits are kept by the server, not by the model.", {
    expected: "the circuit itself",
    received: `the id "${circuit}"`,
    at,
  });
}

export async function prepareEvaluation(
  parts: ModelParts,
  request: CircuitEvaluationRequest,
  nodes: readonly CircuitNode[],
  universe: Universe,
  signal: AbortSignal,
): Promise<Preparation> {
  const { ablation = "mean", examples, seed = 0 } = request;
  const inputs = examples.map((example, i) => within(`examples/${i}`, () => resolveExample(parts, request, example)));
  inputs.forEach(({ input }) => {
    nodes.forEach((node, i) => {
      within(`circuit/nodes/${i}`, () => nodePositions(node, input.length));
    });
  });
  const references = (request.reference?.texts ?? []).map((text) => inputOf(parts, { text }));
  const prepared = (values: readonly AblationValues[]) =>
    inputs.map(({ input, metric }, i) => {
      // BOS has the same values in every text where nothing behind it is seen.
      const keepsBos = ablation !== "zero" && parts.engine.model.shape.direction === "causal";
      const first = keepsBos && input.bosPrepended && input.length > 1 ? 1 : 0;
      const extent = { length: input.length, first };
      return { given: ensureDefined(examples[i]), input, metric, extent, values: ensureDefined(values[i]) };
    });
  switch (ablation) {
    case "zero": {
      const values = zeros(universe);
      return { ablation, examples: prepared(inputs.map(() => values)), description: "0 at every position" };
    }
    case "mean": {
      const own = inputs.flatMap(({ input, corrupted }) => (corrupted === undefined ? [input] : [input, corrupted]));
      const over = references.length > 0 ? references : own;
      const { values, positions } = await meanValues(parts.engine, universe, over, signal);
      const texts = references.length > 0 ? "reference texts" : "prompts of the examples";
      const description = `mean over ${positions} positions after BOS of ${over.length} ${texts}; BOS left as it is`;
      return { ablation, examples: prepared(inputs.map(() => values)), description };
    }
    case "resample": {
      const random = seededRandom(seed);
      const values: AblationValues[] = [];
      for (const [i, { input, corrupted }] of inputs.entries()) {
        const pool = references.length > 0 ? references : inputs.filter((_, j) => j !== i).map((other) => other.input);
        const other = corrupted ?? cutText(input, pool, random.integer, `examples/${i}`);
        values.push(await otherValues(parts.engine, universe, other, signal));
      }
      const description =
        "values at the same position of the corrupted prompt, or of another text where there is none; BOS left as it is";
      return { ablation, examples: prepared(values), description };
    }
  }
}

function resolveExample(parts: ModelParts, request: CircuitEvaluationRequest, example: CircuitExample) {
  const input = onePrompt(inputOf(parts, example.input), "input");
  const metric = example.metric ?? request.metric;
  if (metric === undefined) {
    throw new PatchbayError("invalid-request", "The example has no metric.", {
      expected: "metric in the example or in the request",
      at: "metric",
    });
  }
  const resolved = resolveMetric(parts, metric, input);
  if (example.corrupted === undefined) return { input, metric: resolved, corrupted: undefined };
  const corrupted = within("corrupted", () => inputOf(parts, ensureDefined(example.corrupted)));
  if (onePrompt(corrupted, "corrupted").length !== input.length) {
    throw new PatchbayError("values-do-not-fit", "The corrupted prompt does not line up with the prompt.", {
      expected: `${input.length} tokens`,
      received: `${corrupted.length} tokens`,
      at: "corrupted",
    });
  }
  return { input, metric: resolved, corrupted };
}

function onePrompt(input: ResolvedInput, at: string): ResolvedInput {
  if (input.tokens.length === 1) return input;
  throw new PatchbayError("invalid-request", "An example is one prompt.", {
    expected: "1 row",
    received: `${input.tokens.length} rows`,
    at,
  });
}

/** One of the pool's texts that are long enough, cut to the prompt's length. */
function cutText(
  { length, bosPrepended }: ResolvedInput,
  pool: readonly ResolvedInput[],
  draw: (below: number) => number,
  at: string,
): ResolvedInput {
  const fitting = pool.filter((other) => other.length >= length && other.bosPrepended === bosPrepended);
  if (fitting.length === 0) {
    throw new PatchbayError("values-do-not-fit", "No other text is as long as the prompt.", {
      expected: `a text of ${length} tokens or more`,
      received: `${pool.length} texts, the longest of ${Math.max(0, ...pool.map((other) => other.length))} tokens`,
      advice: "Give the example a corrupted prompt, or longer reference texts.",
      at,
    });
  }
  const { tokens, described } = ensureDefined(fitting[draw(fitting.length)]);
  const cut = <Value>(rows: readonly (readonly Value[])[]) => rows.slice(0, 1).map((row) => row.slice(0, length));
  return { tokens: cut(tokens), described: cut(described), bosPrepended, length };
}

function within<Value>(at: string, work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    throw error instanceof PatchbayError ? error.at(at) : error;
  }
}
