/** The weight vectors of a layer's neurons in the residual stream: what each reads (gate, up) and writes (down). */
import type { NeuronSide } from "@patchbay/contract";
import { type LinearWeight, mlpWeightsOf, type TransformerModel } from "@patchbay/transformer";
import { ensureDefined, type Tensor, tensor } from "@patchbay/vocabulary";

/** A plain MLP has no gate; blocks of attention only have no neurons. */
export function sidesOf({ shape }: TransformerModel): NeuronSide[] {
  if (shape.neurons === 0) return [];
  return shape.gated ? ["gate", "up", "write"] : ["up", "write"];
}

/** [neuron, residual] */
export async function neuronVectors(model: TransformerModel, layer: number, side: NeuronSide): Promise<Tensor> {
  const mlp = mlpWeightsOf(model.architecture, layer);
  const { neurons, residualWidth } = model.shape;
  const weight: LinearWeight = side === "write" ? mlp.down : side === "up" ? mlp.up : ensureDefined(mlp.gate, "gate");
  const stored = await model.tensors.read(weight.tensor);
  // A neuron is an output of the reading matrices and an input of the writing one.
  const neuronsAreRows = (side === "write") === (weight.layout === "input-output");
  const data = neuronsAreRows ? stored.data : transposed(stored.data, residualWidth, neurons);
  return tensor(["neuron", "residual"], [neurons, residualWidth], data);
}

function transposed(data: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) result[column * rows + row] = data[row * columns + column] ?? 0;
  }
  return result;
}

export function lengthsOf({ data, shape }: Tensor): Float32Array {
  const [count = 0, width = 0] = shape;
  return Float32Array.from({ length: count }, (_, i) => {
    let sum = 0;
    for (let d = 0; d < width; d++) sum += (data[i * width + d] ?? 0) ** 2;
    return Math.sqrt(sum);
  });
}
