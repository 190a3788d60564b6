/**
 * FFN update ledger (Geva et al. 2022, paper A3): mlp_out as a sum of sub-updates, activation × value vector, the largest
 * listed with the tokens each promotes and suppresses. Identity: all sub-updates and the bias sum to mlp_out.
 */
import type { LedgerResult, RankedToken } from "@patchbay/contract";
import { GraphBuilder } from "@patchbay/onnx-graph";
import {
  biasValue,
  type Engine,
  matrixValue,
  mlpWeightsOf,
  type Program,
  type SiteRead,
  type Tokenizer,
  type TransformerModel,
} from "@patchbay/transformer";
import { ensureDefined, type Tensor, tensor } from "@patchbay/vocabulary";
import { int64 } from "../programs/readout.ts";
import { foldFinalNorm, projectOnVocabulary } from "../programs/vocabulary-projection.ts";
import { shortFloat } from "../run/tensor-json.ts";

export function ledgerReads(layer: number, position: number): [SiteRead, SiteRead] {
  return [
    { site: { kind: "mlp.hook_post", layer }, positions: [position] },
    { site: { kind: "hook_mlp_out", layer }, positions: [position] },
  ];
}

export interface LedgerQuestion {
  readonly layer: number;
  readonly position: number;
  readonly row: number;
  readonly top: number;
  readonly tokens: number;
}

/** `post` [neuron] and `mlpOut` [residual] are the run's values at the position. */
export async function ledger(
  engine: Engine,
  tokenizer: Tokenizer,
  post: Float32Array,
  mlpOut: Float32Array,
  { layer, position, row, top, tokens }: LedgerQuestion,
  signal: AbortSignal,
): Promise<LedgerResult> {
  const { shape } = engine.model;
  const count = Math.min(top, shape.neurons);
  const feeds = { post: tensor(["neuron"], [shape.neurons], post), top: int64([count]) };
  const parts = await engine.evaluate(
    ledgerProgram(engine.model, layer),
    feeds,
    ["neurons", "activations", "norms", "updates", "total"],
    signal,
  );
  const { scores } = await projectOnVocabulary(
    engine,
    await foldFinalNorm(engine.model, parts.updates),
    tokens,
    "scores",
    signal,
  );

  const ranked = (ids: Int32Array, values: Tensor, update: number): RankedToken[] => {
    const width = values.shape[1] ?? 0;
    return Array.from({ length: width }, (_, rank) => {
      const id = ensureDefined(ids[update * width + rank]);
      return { id, text: tokenizer.textOf(id), score: shortFloat(values.data[update * width + rank] ?? 0) };
    });
  };
  const listed = new Float64Array(shape.residualWidth);
  parts.updates.data.forEach((value, i) => {
    listed[i % shape.residualWidth] = (listed[i % shape.residualWidth] ?? 0) + value;
  });
  let residual = 0;
  mlpOut.forEach((value, i) => {
    residual = Math.max(residual, Math.abs(value - (parts.total.data[i] ?? 0)));
  });
  return {
    layer,
    position,
    row,
    updates: Array.from({ length: count }, (_, i) => ({
      neuron: parts.neurons.data[i] ?? 0,
      activation: shortFloat(parts.activations.data[i] ?? 0),
      norm: shortFloat(parts.norms.data[i] ?? 0),
      promotes: ranked(scores.topTokens, scores.topScores, i),
      suppresses: ranked(scores.bottomTokens, scores.bottomScores, i),
    })),
    outputNorm: length(mlpOut),
    restNorm: length(mlpOut.map((value, i) => value - (listed[i] ?? 0))),
    residual,
  };
}

/** post [neuron] → the `top` sub-updates by |activation| · length of the value vector, and the sum of all. */
function ledgerProgram(model: TransformerModel, layer: number): Program {
  return {
    key: `ledger.${layer}`,
    build() {
      const g = new GraphBuilder(`ledger.${layer}`);
      const { down } = mlpWeightsOf(model.architecture, layer);
      const post = g.input("post", "float32", [model.shape.neurons]);
      const top = g.input("top", "int64", [1]);
      const values = matrixValue(g, model.tensors, down);
      const lengths = g.squareRoot(g.sum(g.multiply(values, values), [1]));
      const best = g.topK(g.multiply(g.absolute(post), lengths), top);
      const activations = g.gather(post, best.indices, 0);
      g.output(g.cast(best.indices, "float32"), "float32", ["update"], "neurons");
      g.output(activations, "float32", ["update"], "activations");
      g.output(best.values, "float32", ["update"], "norms");
      const updates = g.multiply(g.gather(values, best.indices, 0), g.unsqueeze(activations, [1]));
      g.output(updates, "float32", ["update", "residual"], "updates");
      const sum = g.squeeze(g.matrixProduct(g.unsqueeze(post, [0]), values), [0]);
      const bias = biasValue(g, model.tensors, down);
      g.output(bias === undefined ? sum : g.add(sum, bias), "float32", ["residual"], "total");
      return g.build();
    },
  };
}

function length(vector: Float32Array): number {
  return Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
}
