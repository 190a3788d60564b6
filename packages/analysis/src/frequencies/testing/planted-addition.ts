/**
 * A model of addition mod p written by hand, one frequency wide. A number x is (cos ωx, sin ωx), ω = 2πk/p, beside a decoy
 * frequency that nothing reads. The last position attends to all alike, so that it holds (cos ωa + cos ωb, sin ωa + sin ωb) =
 * 2 cos(ω(a−b)/2) · (cos s, sin s), s = ω(a+b)/2. ReLU neurons at equal angles θ weigh e^{2iθ}: that picks the second harmonic,
 * cos 2s = cos ω(a+b), up to a positive factor and to harmonics that are smaller by 65. The unembedding compares it with c.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after } from "node:test";
import { encodeSafetensors } from "@patchbay/transformer";
import { type Tensor, tensor } from "@patchbay/vocabulary";

export const PLANTED = { modulus: 13, key: 2, decoy: 5, decoyAmplitude: 0.5, neurons: 16 } as const;

const WIDTH = 8;

/** The folder of the model; it goes when the tests are over. */
export async function plantedAddition(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "patchbay-addition-"));
  after(() => rm(folder, { recursive: true, force: true }));
  const { modulus, neurons } = PLANTED;
  const config = {
    n_layers: 1,
    d_model: WIDTH,
    n_heads: 1,
    d_head: 2,
    d_mlp: neurons,
    d_vocab: modulus + 1,
    n_ctx: 3,
    act_fn: "relu",
    normalization_type: null,
  };
  await writeFile(path.join(folder, "config.json"), JSON.stringify(config));
  const angle = (frequency: number, x: number) => (2 * Math.PI * frequency * x) / modulus;
  const theta = (neuron: number) => (2 * Math.PI * neuron) / neurons;
  const wave = (phase: number, component: number) => (component === 0 ? Math.cos(phase) : Math.sin(phase));
  const weights = [
    weight("embed.W_E", [modulus + 1, WIDTH], (x, i) => {
      if (x === modulus || i > 3) return 0;
      return i < 2 ? wave(angle(PLANTED.key, x), i) : PLANTED.decoyAmplitude * wave(angle(PLANTED.decoy, x), i - 2);
    }),
    weight("pos_embed.W_pos", [3, WIDTH], () => 0),
    weight("blocks.0.attn.W_Q", [1, WIDTH, 2], () => 0),
    weight("blocks.0.attn.W_K", [1, WIDTH, 2], () => 0),
    // Three positions are read alike: three times the first two dimensions makes the sum of a and b.
    weight("blocks.0.attn.W_V", [1, WIDTH, 2], (_, i, j) => (i === j ? 3 : 0)),
    weight("blocks.0.attn.W_O", [1, 2, WIDTH], (_, i, j) => (j === i + 4 ? 1 : 0)),
    weight("blocks.0.mlp.W_in", [WIDTH, neurons], (i, n) => (i === 4 || i === 5 ? wave(theta(n), i - 4) : 0)),
    weight("blocks.0.mlp.W_out", [neurons, WIDTH], (n, i) => (i >= 6 ? wave(2 * theta(n), i - 6) : 0)),
    weight("unembed.W_U", [WIDTH, modulus + 1], (i, c) =>
      i < 6 || c === modulus ? 0 : 20 * wave(angle(PLANTED.key, c), i - 6),
    ),
  ];
  await writeFile(path.join(folder, "model.safetensors"), encodeSafetensors(weights));
  return folder;
}

function weight(name: string, shape: readonly number[], entry: (...index: number[]) => number): [string, Tensor] {
  const size = shape.reduce((product, length) => product * length, 1);
  const data = Float32Array.from({ length: size }, (_, flat) => {
    const index: number[] = [];
    let rest = flat;
    for (const length of [...shape].reverse()) {
      index.unshift(rest % length);
      rest = Math.floor(rest / length);
    }
    return entry(...index);
  });
  const axes = shape.map((_, axis) => `axis${axis}`);
  return [name, tensor(axes, shape, data)];
}
