/**
 * An independent forward pass of one sequence: float64, nested loops, no graph. It reads config.json and the tensors by
 * their Hugging Face names itself, and knows nothing of how the engine describes a model.
 */
import { readModelConfig, type TensorSource } from "@patchbay/transformer";
import {
  attend,
  flatten,
  geluTanh,
  layerNorm,
  type Matrix,
  type Normed,
  perHead,
  plus,
  productInputOutput,
  productOutputInput,
  type Rows,
  rmsNorm,
  rotate,
  silu,
  type Vector,
} from "./reference-arithmetic.ts";

export interface ReferencePass {
  /** Site name → values, row-major without the batch axis. */
  readonly sites: ReadonlyMap<string, Vector>;
  /** [position, token] */
  readonly logits: Vector;
}

type Read = (name: string) => Promise<Matrix>;

export async function referenceForward(
  folder: string,
  tensors: TensorSource,
  tokens: readonly number[],
): Promise<ReferencePass> {
  const config = await readModelConfig(folder);
  const number = (key: string, fallback?: number) => Number(config[key] ?? fallback);
  const read: Read = async (name) => (await tensors.read(name)).data;
  return config["model_type"] === "gpt2" ? gpt2(read, number, tokens) : llama(read, number, config, tensors, tokens);
}

/** What the two families share: one block's bookkeeping. */
class Recorder {
  readonly sites = new Map<string, Vector>();
  put(name: string, rows: Rows): Rows {
    this.sites.set(name, flatten(rows));
    return rows;
  }
  norm(name: string, rows: Rows, of: (row: Vector) => Normed): Rows {
    const normed = rows.map(of);
    this.sites.set(
      `${name}.hook_scale`,
      Float64Array.from(normed, ({ scale }) => scale),
    );
    return this.put(
      `${name}.hook_normalized`,
      normed.map(({ normalized }) => normalized),
    );
  }
  add(name: string, a: Rows, b: Rows): Rows {
    return this.put(
      name,
      a.map((row, i) => plus(row, b[i] ?? row)),
    );
  }
  /** q and k as attention reads them → z, scores and pattern recorded on the way. */
  attention(at: string, q: Rows, k: Rows, v: Rows, heads: number, keyValueHeads: number): Rows {
    const { scores, pattern, z } = attend(q, k, v, heads, keyValueHeads);
    this.sites.set(`${at}.attn.hook_attn_scores`, scores);
    this.sites.set(`${at}.attn.hook_pattern`, pattern);
    return this.put(`${at}.attn.hook_z`, z);
  }
  /** Each head's part of z through its own rows or columns of the output matrix. */
  results(at: string, z: Rows, heads: number, project: (part: Vector) => Vector): void {
    const width = (z[0]?.length ?? 0) / heads;
    const rows = z.flatMap((row) =>
      Array.from({ length: heads }, (_, head) => {
        const only = new Float64Array(row.length);
        only.set(row.subarray(head * width, (head + 1) * width), head * width);
        return project(only);
      }),
    );
    this.put(`${at}.attn.hook_result`, rows);
  }
}

async function llama(
  read: Read,
  number: (key: string, fallback?: number) => number,
  config: Readonly<Record<string, unknown>>,
  tensors: TensorSource,
  tokens: readonly number[],
): Promise<ReferencePass> {
  const width = number("hidden_size");
  const heads = number("num_attention_heads");
  const keyValueHeads = number("num_key_value_heads", heads);
  const headWidth = number("head_dim", width / heads);
  const neurons = number("intermediate_size");
  const epsilon = number("rms_norm_eps");
  const parameters = (config["rope_parameters"] ?? {}) as Readonly<Record<string, unknown>>;
  const theta = Number(parameters["rope_theta"] ?? number("rope_theta", 10_000));

  const record = new Recorder();
  const embedding = await read("model.embed_tokens.weight");
  let residual = record.put(
    "hook_embed",
    tokens.map((id) => rowOf(embedding, id, width)),
  );

  for (let layer = 0; layer < number("num_hidden_layers"); layer++) {
    const at = `blocks.${layer}`;
    const weight = (name: string) => read(`model.layers.${layer}.${name}.weight`);
    const linear = async (name: string, outputs: number) => {
      const matrix = await weight(name);
      return (x: Vector) => productOutputInput(x, matrix, outputs);
    };
    const before = record.put(`${at}.hook_resid_pre`, residual);
    const norm1 = await weight("input_layernorm");
    const attentionReads = record.norm(`${at}.ln1`, before, (row) => rmsNorm(row, norm1, epsilon));
    const q = record.put(`${at}.attn.hook_q`, attentionReads.map(await linear("self_attn.q_proj", heads * headWidth)));
    const k = record.put(
      `${at}.attn.hook_k`,
      attentionReads.map(await linear("self_attn.k_proj", keyValueHeads * headWidth)),
    );
    const v = record.put(
      `${at}.attn.hook_v`,
      attentionReads.map(await linear("self_attn.v_proj", keyValueHeads * headWidth)),
    );
    const turn = (part: Vector, position: number) => rotate(part, position, theta);
    const rotatedQ = record.put(`${at}.attn.hook_rot_q`, perHead(q, heads, turn));
    const rotatedK = record.put(`${at}.attn.hook_rot_k`, perHead(k, keyValueHeads, turn));
    const z = record.attention(at, rotatedQ, rotatedK, v, heads, keyValueHeads);
    const project = await linear("self_attn.o_proj", width);
    record.results(at, z, heads, project);
    const attentionOut = record.put(`${at}.hook_attn_out`, z.map(project));

    const middle = record.add(`${at}.hook_resid_mid`, before, attentionOut);
    const norm2 = await weight("post_attention_layernorm");
    const mlpReads = record.norm(`${at}.ln2`, middle, (row) => rmsNorm(row, norm2, epsilon));
    const gate = record.put(`${at}.mlp.hook_pre`, mlpReads.map(await linear("mlp.gate_proj", neurons)));
    const up = record.put(`${at}.mlp.hook_pre_linear`, mlpReads.map(await linear("mlp.up_proj", neurons)));
    const post = record.put(
      `${at}.mlp.hook_post`,
      gate.map((row, position) => row.map((value, i) => silu(value) * (up[position]?.[i] ?? 0))),
    );
    const mlpOut = record.put(`${at}.hook_mlp_out`, post.map(await linear("mlp.down_proj", width)));
    residual = record.add(`${at}.hook_resid_post`, middle, mlpOut);
  }
  const finalWeight = await read("model.norm.weight");
  const final = record.norm("ln_final", residual, (row) => rmsNorm(row, finalWeight, epsilon));
  const tied = config["tie_word_embeddings"] === true || !tensors.has("lm_head.weight");
  const head = tied ? embedding : await read("lm_head.weight");
  return {
    sites: record.sites,
    logits: flatten(final.map((row) => productOutputInput(row, head, number("vocab_size")))),
  };
}

async function gpt2(
  read: Read,
  number: (key: string, fallback?: number) => number,
  tokens: readonly number[],
): Promise<ReferencePass> {
  const width = number("n_embd");
  const heads = number("n_head");
  const neurons = number("n_inner", 4 * width);
  const epsilon = number("layer_norm_epsilon");
  const norm = async (name: string) => {
    const [weight, bias] = [await read(`${name}.weight`), await read(`${name}.bias`)];
    return (row: Vector) => layerNorm(row, weight, bias, epsilon);
  };
  const linear = async (name: string, outputs: number) => {
    const [matrix, bias] = [await read(`${name}.weight`), await read(`${name}.bias`)];
    return (x: Vector, withBias = true) => productInputOutput(x, matrix, outputs, withBias ? bias : undefined);
  };

  const record = new Recorder();
  const embedding = await read("transformer.wte.weight");
  const places = await read("transformer.wpe.weight");
  const tokenRows = record.put(
    "hook_embed",
    tokens.map((id) => rowOf(embedding, id, width)),
  );
  const placeRows = record.put(
    "hook_pos_embed",
    tokens.map((_, position) => rowOf(places, position, width)),
  );
  let residual: Rows = tokenRows.map((row, i) => plus(row, placeRows[i] ?? row));

  for (let layer = 0; layer < number("n_layer"); layer++) {
    const at = `blocks.${layer}`;
    const name = (part: string) => `transformer.h.${layer}.${part}`;
    const before = record.put(`${at}.hook_resid_pre`, residual);
    const attentionReads = record.norm(`${at}.ln1`, before, await norm(name("ln_1")));
    const pack = await linear(name("attn.c_attn"), 3 * width);
    const packed = attentionReads.map((row) => pack(row));
    const third = (part: number) => packed.map((row) => row.slice(part * width, (part + 1) * width));
    const q = record.put(`${at}.attn.hook_q`, third(0));
    const k = record.put(`${at}.attn.hook_k`, third(1));
    const v = record.put(`${at}.attn.hook_v`, third(2));
    const z = record.attention(at, q, k, v, heads, heads);
    const project = await linear(name("attn.c_proj"), width);
    record.results(at, z, heads, (part) => project(part, false));
    const attentionOut = record.put(
      `${at}.hook_attn_out`,
      z.map((row) => project(row)),
    );

    const middle = record.add(`${at}.hook_resid_mid`, before, attentionOut);
    const mlpReads = record.norm(`${at}.ln2`, middle, await norm(name("ln_2")));
    const up = await linear(name("mlp.c_fc"), neurons);
    const down = await linear(name("mlp.c_proj"), width);
    const pre = record.put(
      `${at}.mlp.hook_pre`,
      mlpReads.map((row) => up(row)),
    );
    const post = record.put(
      `${at}.mlp.hook_post`,
      pre.map((row) => row.map(geluTanh)),
    );
    const mlpOut = record.put(
      `${at}.hook_mlp_out`,
      post.map((row) => down(row)),
    );
    residual = record.add(`${at}.hook_resid_post`, middle, mlpOut);
  }
  const final = record.norm("ln_final", residual, await norm("transformer.ln_f"));
  const logits = final.map((row) => productOutputInput(row, embedding, number("vocab_size")));
  return { sites: record.sites, logits: flatten(logits) };
}

function rowOf(matrix: Matrix, row: number, width: number): Vector {
  return Float64Array.from({ length: width }, (_, i) => matrix[row * width + i] ?? 0);
}
