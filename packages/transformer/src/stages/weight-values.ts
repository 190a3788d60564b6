/** Brings stored tensors into a graph as float32 values, by reference to their bytes in the safetensors file. */
import type { ElementType, GraphBuilder, ValueName } from "@patchbay/onnx-graph";
import { PatchbayError } from "@patchbay/vocabulary";
import type { LinearWeight } from "../architecture.ts";
import type { StoredType, TensorSource } from "../weights/tensor-source.ts";

const ELEMENT_TYPES: Partial<Record<StoredType, ElementType>> = {
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
  F64: "float64",
};

/** The tensor as stored: the runtime reads the bytes itself. */
export function storedValue(
  g: GraphBuilder,
  tensors: TensorSource,
  name: string,
): { value: ValueName; type: ElementType } {
  const stored = tensors.describe(name);
  const type = ELEMENT_TYPES[stored.type];
  if (type === undefined) {
    throw new PatchbayError("unsupported-model", `The weight "${name}" has a type that cannot be computed with.`, {
      expected: Object.keys(ELEMENT_TYPES).join(", "),
      received: stored.type,
    });
  }
  const data = { kind: "external", file: stored.file, offset: stored.offset, length: stored.length } as const;
  return { value: g.initializer({ name, type, shape: stored.shape, data }), type };
}

/** As float32; the cast of a constant is folded when the session is made. */
export function float32Value(g: GraphBuilder, tensors: TensorSource, name: string): ValueName {
  const { value, type } = storedValue(g, tensors, name);
  return type === "float32" ? value : g.cast(value, "float32");
}

/** The matrix as [input, output]. */
export function matrixValue(g: GraphBuilder, tensors: TensorSource, weight: LinearWeight): ValueName {
  const matrix = inputOutput(g, tensors, weight);
  return weight.outputs === undefined ? matrix : g.slice(matrix, 1, ...weight.outputs);
}

function inputOutput(g: GraphBuilder, tensors: TensorSource, { tensor, layout }: LinearWeight): ValueName {
  const stored = float32Value(g, tensors, tensor);
  const [heads = 0, width = 0, last = 0] = tensors.describe(tensor).shape;
  switch (layout) {
    case "input-output":
      return stored;
    case "output-input":
      return g.transpose(stored, [1, 0]);
    case "head-input-output":
      return g.reshape(g.transpose(stored, [1, 0, 2]), [width, heads * last]);
    case "head-output":
      return g.reshape(stored, [heads * width, last]);
  }
}

/** The bias as [output], or undefined. */
export function biasValue(g: GraphBuilder, tensors: TensorSource, weight: LinearWeight): ValueName | undefined {
  if (weight.bias === undefined) return undefined;
  const stored = float32Value(g, tensors, weight.bias);
  const bias = weight.layout === "head-input-output" ? g.reshape(stored, [-1]) : stored;
  return weight.outputs === undefined ? bias : g.slice(bias, 0, ...weight.outputs);
}

/** y = x W + b over the last axis. */
export function linear(g: GraphBuilder, tensors: TensorSource, input: ValueName, weight: LinearWeight): ValueName {
  const product = g.matrixProduct(input, matrixValue(g, tensors, weight));
  const bias = biasValue(g, tensors, weight);
  return bias === undefined ? product : g.add(product, bias);
}
