/**
 * Direct logit attribution: the logit (or a logit difference) as a sum over what each component adds to the residual
 * stream, through the final norm with its recorded scale held fixed. Identity: shares sum to the logit up to rounding.
 *
 * For a component c: share = c · u, u = (w ∘ (W_U[token] − W_U[minus])) / scale, centred for LayerNorm.
 */
import type { AttributionComponent, AttributionResult } from "@patchbay/contract";
import { GraphBuilder, type ValueName } from "@patchbay/onnx-graph";
import {
  type Engine,
  float32Value,
  type LinearWeight,
  mlpWeightsOf,
  type Program,
  readNormWeight,
  readRows,
  type SiteEdit,
  type SiteRead,
  type TransformerModel,
} from "@patchbay/transformer";
import { ensureDefined, headLabel, neuronLabel, type Tensor, tensor } from "@patchbay/vocabulary";
import type { NamedToken } from "../run/resolve-token.ts";

export interface AttributionQuestion {
  readonly token: NamedToken;
  readonly minus: NamedToken | undefined;
  readonly position: number;
  readonly row: number;
  /** How many single neurons to list. */
  readonly neurons: number;
}

/** What the pass must record: embeddings, every head's z and every neuron's activation at the position. */
export function attributionReads({ shape }: TransformerModel, position: number): SiteRead[] {
  const positions = [position];
  const reads: SiteRead[] = [{ site: { kind: "hook_embed" }, positions }];
  if (shape.positions.kind === "learned") reads.push({ site: { kind: "hook_pos_embed" }, positions });
  for (let layer = 0; layer < shape.layers; layer++) {
    reads.push({ site: { kind: "attn.hook_z", layer }, positions });
    if (shape.neurons > 0) reads.push({ site: { kind: "mlp.hook_post", layer }, positions });
  }
  return reads;
}

/** `recorded` are the values of `attributionReads`, cut to the row; `residual` [1, 1, residual] is the final stream there. */
export async function directLogitAttribution(
  engine: Engine,
  recorded: readonly Tensor[],
  residual: Tensor,
  question: AttributionQuestion,
  edits: readonly SiteEdit[],
  signal: AbortSignal,
): Promise<AttributionResult> {
  const { model } = engine;
  const { shape } = model;
  const head = await engine.unembed({
    residual,
    positions: [question.position],
    edits,
    reads: [
      { site: { kind: "ln_final.hook_normalized" } },
      ...(shape.norm.kind === "none" ? [] : [{ site: { kind: "ln_final.hook_scale" } } as const]),
    ],
    full: true,
    signal,
  });
  const scale = shape.norm.kind === "none" ? 1 : ensureDefined(head.reads[1]?.data[0], "final scale");
  const logit = (token: NamedToken | undefined) => (token === undefined ? 0 : (head.logits?.data[token.id] ?? 0));
  const total = logit(question.token) - logit(question.minus);
  const { row, direction, normBias, headBias } = await targetDirection(model, question, scale);

  const queue = [...recorded];
  const take = () => ensureDefined(queue.shift(), "recorded value");
  const components: AttributionComponent[] = [
    { label: "embed", kind: "embedding", share: dot(take().data, direction) },
  ];
  if (shape.positions.kind === "learned") {
    components.push({ label: "pos_embed", kind: "embedding", share: dot(take().data, direction) });
  }
  const neurons: AttributionComponent[] = [];
  for (let layer = 0; layer < shape.layers; layer++) {
    const directed = { direction: tensor(["residual"], [shape.residualWidth], direction) };
    const z = tensor(["head", "head_dimension"], [shape.heads, shape.headWidth], take().data);
    const fetches = ["heads", "attention_bias"] as const;
    const shares = await engine.evaluate(attentionProgram(model, layer), { ...directed, z }, fetches, signal);
    shares.heads.data.forEach((share, unit) => {
      components.push({ label: headLabel(layer, unit), kind: "head", layer, unit, share });
    });
    const attentionBias = shares.attention_bias.data[0] ?? 0;
    if (attentionBias !== 0)
      components.push({ label: `${layer}_attn_bias`, kind: "bias", layer, share: attentionBias });
    if (shape.neurons === 0) continue;
    const post = tensor(["neuron"], [shape.neurons], take().data);
    const ofMlp = await engine.evaluate(
      mlpProgram(model, layer),
      { ...directed, post },
      ["neurons", "mlp_bias"],
      signal,
    );
    const mlpShare = ofMlp.neurons.data.reduce((sum, share) => sum + share, ofMlp.mlp_bias.data[0] ?? 0);
    components.push({ label: `${layer}_mlp_out`, kind: "mlp", layer, share: mlpShare });
    if (question.neurons > 0) {
      ofMlp.neurons.data.forEach((share, unit) => {
        neurons.push({ label: neuronLabel({ layer, neuron: unit }), kind: "neuron", layer, unit, share });
      });
    }
  }
  if (edits.length > 0) {
    // What interventions put directly into the residual stream, or behind the final norm, belongs to no component.
    const read = dot(ensureDefined(head.reads[0]?.data, "final normalized"), row);
    const accounted = components.reduce((sum, { share }) => sum + share, 0);
    components.push({ label: "interventions", kind: "intervention", share: read - normBias - accounted });
  }
  if (normBias !== 0) components.push({ label: "ln_final_bias", kind: "bias", share: normBias });
  if (headBias !== 0) components.push({ label: "unembed_bias", kind: "bias", share: headBias });

  neurons.sort((a, b) => Math.abs(b.share) - Math.abs(a.share));
  return {
    target: { token: question.token, ...(question.minus === undefined ? {} : { minus: question.minus }) },
    position: question.position,
    row: question.row,
    total,
    components,
    unexplained: total - components.reduce((sum, { share }) => sum + share, 0),
    scale,
    ...(question.neurons > 0 ? { neurons: neurons.slice(0, question.neurons) } : {}),
  };
}

/** u [residual], and the constant parts of the logit. */
async function targetDirection(
  { architecture, tensors }: TransformerModel,
  { token, minus }: AttributionQuestion,
  scale: number,
): Promise<{ row: Float32Array; direction: Float32Array; normBias: number; headBias: number }> {
  const { shape, finalNorm, unembedding } = architecture;
  const plus = await unembeddingRow(tensors, unembedding, token.id);
  const other = minus === undefined ? undefined : await unembeddingRow(tensors, unembedding, minus.id);
  const row = plus.map((value, i) => value - (other?.[i] ?? 0));

  const weight = await readNormWeight(tensors, finalNorm, shape.residualWidth);
  const direction = row.map((value, i) => (value * (weight[i] ?? 0)) / scale);
  if (shape.norm.kind === "layer") {
    const mean = direction.reduce((sum, value) => sum + value, 0) / direction.length;
    direction.forEach((value, i) => {
      direction[i] = value - mean;
    });
  }
  const normBias = finalNorm.bias === undefined ? 0 : dot((await tensors.read(finalNorm.bias)).data, row);
  const bias = unembedding.bias === undefined ? undefined : (await tensors.read(unembedding.bias)).data;
  const headBias = (bias?.[token.id] ?? 0) - (minus === undefined ? 0 : (bias?.[minus.id] ?? 0));
  return { row, direction, normBias, headBias };
}

async function unembeddingRow(
  tensors: TransformerModel["tensors"],
  weight: LinearWeight,
  id: number,
): Promise<Float32Array> {
  if (weight.layout === "output-input") return (await readRows(tensors, weight.tensor, [id])).data;
  const { shape, data } = await tensors.read(weight.tensor);
  const [inputs = 0, outputs = 0] = shape;
  return Float32Array.from({ length: inputs }, (_, i) => data[i * outputs + id] ?? 0);
}

/** direction, z → each head's share, and the attention bias'. */
function attentionProgram(model: TransformerModel, layer: number): Program {
  const { architecture, shape } = model;
  return {
    key: `contributions.attention.${layer}`,
    build() {
      const g = new GraphBuilder(`contributions.attention.${layer}`);
      const { output } = architecture.block(layer).attention;
      const direction = g.input("direction", "float32", [shape.residualWidth]);
      const z = g.input("z", "float32", [shape.heads, shape.headWidth]);
      const perHead = g.reshape(pullBack(g, model, direction, output), [shape.heads, shape.headWidth]);
      g.output(g.sum(g.multiply(z, perHead), [1]), "float32", ["head"], "heads");
      g.output(biasShare(g, model, direction, output), "float32", [1], "attention_bias");
      return g.build();
    },
  };
}

/** direction, post → each neuron's share, and the MLP bias'. */
function mlpProgram(model: TransformerModel, layer: number): Program {
  const { architecture, shape } = model;
  return {
    key: `contributions.mlp.${layer}`,
    build() {
      const g = new GraphBuilder(`contributions.mlp.${layer}`);
      const { down } = mlpWeightsOf(architecture, layer);
      const direction = g.input("direction", "float32", [shape.residualWidth]);
      const post = g.input("post", "float32", [shape.neurons]);
      g.output(g.multiply(post, pullBack(g, model, direction, down)), "float32", ["neuron"], "neurons");
      g.output(biasShare(g, model, direction, down), "float32", [1], "mlp_bias");
      return g.build();
    },
  };
}

/** W · u without turning W round: u stands on the side of the outputs. Heads may be an axis of their own. */
function pullBack(
  g: GraphBuilder,
  { tensors }: TransformerModel,
  direction: ValueName,
  weight: LinearWeight,
): ValueName {
  const matrix = float32Value(g, tensors, weight.tensor);
  return weight.layout === "output-input" ? g.matrixProduct(direction, matrix) : g.matrixProduct(matrix, direction);
}

function biasShare(
  g: GraphBuilder,
  { tensors }: TransformerModel,
  direction: ValueName,
  { bias }: LinearWeight,
): ValueName {
  if (bias === undefined) return g.float32("zero", [1], [0]);
  return g.sum(g.multiply(float32Value(g, tensors, bias), direction), [0], true);
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < b.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
