/** Dose-response: clamp value → probability of chosen tokens and KL to the unclamped run, in one batch. */
import type { DoseResponseRequest, DoseResponseResult } from "@patchbay/contract";
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import type { WorkContext } from "../model-service.ts";
import { inputOf, type ModelParts, recipeOf } from "../run/model-parts.ts";
import { resolvePosition, resolvePositions } from "../run/positions.ts";
import { resolveAnswer } from "../run/resolve-token.ts";
import { shortFloat } from "../run/tensor-json.ts";
import { clampEdit, writtenLengthOf } from "./clamp.ts";
import { clampedRuns } from "./clamped-runs.ts";

export async function doseResponse(
  parts: ModelParts,
  request: DoseResponseRequest,
  { signal }: WorkContext,
  knownMaximum: number | undefined,
): Promise<DoseResponseResult> {
  const { engine, tokenizer } = parts;
  const { shape } = engine.model;
  const { layer, neuron, place = "post" } = request;
  checkNeuron(layer, neuron, shape.layers, shape.neurons);
  const input = inputOf(parts, request.input);
  if (input.tokens.length !== 1) {
    throw new PatchbayError("invalid-request", "A dose-response takes one prompt.", {
      expected: "one row of tokens",
      at: "input/tokens",
    });
  }
  const position = resolvePosition(request.position ?? -1, input.length, "position");
  const positions = resolvePositions(request.positions ?? "all", input.length, "positions");
  const tokens = request.tokens.map((reference, i) => resolveAnswer(parts, reference, `tokens/${i}`));

  const writtenLength = await writtenLengthOf(engine.model, layer, neuron);
  const unit =
    request.unit === "maximum" ? (await parts.maximumOf(layer, neuron)) * (place === "written" ? writtenLength : 1) : 1;
  const values = request.values.map((value) => value * unit);
  const clamp = { layer, neuron, place, positions };
  const edits = values.map((value, row) => clampEdit(engine.model, clamp, value, row, writtenLength));
  const readout = await clampedRuns(engine, ensureDefined(input.tokens[0]), layer, edits, values.length, {
    position,
    tracked: tokens.map(({ id }) => id),
    top: 1,
    signal,
  });

  const kind = place === "up" ? (shape.gated ? "mlp.hook_pre_linear" : "mlp.hook_pre") : "mlp.hook_post";
  const observedRun = await engine.forward({
    tokens: input.tokens,
    reads: [{ site: { kind, layer }, positions: [position], units: [neuron] }],
    until: layer + 1,
    signal,
  });
  const observed = (observedRun.reads[0]?.data[0] ?? 0) * (place === "written" ? writtenLength : 1);

  const logit = (token: number, row: number) => readout.trackedLogits.data[row * tokens.length + token] ?? 0;
  const logSumExp = (row: number) => readout.logSumExp.data[row] ?? 0;
  const probability = (token: number, row: number) => Math.exp(logit(token, row) - logSumExp(row));
  const perRow = <Value>(of: (row: number) => Value) => values.map((_, row) => of(row));
  const unclamped = values.length;
  return {
    values,
    tokens,
    probabilities: tokens.map((_, t) => perRow((row) => shortFloat(probability(t, row)))),
    logits: tokens.map((_, t) => perRow((row) => shortFloat(logit(t, row)))),
    kl: perRow((row) => shortFloat(Math.max(0, readout.klToFinal.data[row] ?? 0))),
    topTokens: perRow((row) => {
      const id = readout.topTokens.data[row] ?? 0;
      return {
        id,
        text: tokenizer.textOf(id),
        probability: shortFloat(Math.exp((readout.topLogits.data[row] ?? 0) - logSumExp(row))),
      };
    }),
    baseline: {
      observed: shortFloat(observed),
      probabilities: tokens.map((_, t) => shortFloat(probability(t, unclamped))),
      logits: tokens.map((_, t) => shortFloat(logit(t, unclamped))),
    },
    maximum: knownMaximum ?? null,
    recipe: await recipeOf(parts, input, "final norm", request),
  };
}

export function checkNeuron(layer: number, neuron: number, layers: number, neurons: number): void {
  const wrong =
    layer >= layers
      ? (["layer", layer, layers] as const)
      : neuron >= neurons
        ? (["neuron", neuron, neurons] as const)
        : undefined;
  if (wrong === undefined) return;
  const [what, received, length] = wrong;
  throw new PatchbayError(
    what === "layer" ? "layer-out-of-range" : "unit-out-of-range",
    `There is no ${what} ${received}.`,
    {
      expected: `0 to ${length - 1}`,
      received: String(received),
      at: what,
    },
  );
}
