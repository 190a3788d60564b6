/** Short labels of units and components as the field writes them: `L5N732`, `L4H2`, `3_mlp_out`. */

export interface NeuronAddress {
  readonly layer: number;
  readonly neuron: number;
}

export function neuronLabel({ layer, neuron }: NeuronAddress): string {
  return `L${layer}N${neuron}`;
}

export function headLabel(layer: number, head: number): string {
  return `L${layer}H${head}`;
}

/** Reads `L5N732`, `L5·N732`, `L5/N732` or `5.732`. */
export function parseNeuronLabel(text: string): NeuronAddress | undefined {
  const match = /^\s*(?:L(\d+)[\s·./]?N(\d+)|(\d+)\.(\d+))\s*$/i.exec(text);
  if (match === null) return undefined;
  return { layer: Number(match[1] ?? match[3]), neuron: Number(match[2] ?? match[4]) };
}
