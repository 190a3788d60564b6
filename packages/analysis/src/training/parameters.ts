/**
 * The trained tensors with Adam's two moments. Each array exists twice: a step reads one and writes the other, because a
 * graph must not write what it still reads.
 */
import { sizeOfShape, type Tensor, tensor } from "@patchbay/vocabulary";

export type ParameterName = "W_enc" | "b_enc" | "W_dec" | "b_dec" | "W_skip" | "log_threshold";

/** In the order in which every list of parameters is made. */
export const PARAMETER_ORDER: readonly ParameterName[] = [
  "W_enc",
  "b_enc",
  "W_dec",
  "b_dec",
  "W_skip",
  "log_threshold",
];

export interface Parameter {
  readonly name: ParameterName;
  readonly shape: readonly number[];
  value: Float32Array;
  firstMoment: Float32Array;
  secondMoment: Float32Array;
  readonly spare: { value: Float32Array; firstMoment: Float32Array; secondMoment: Float32Array };
}

export function newParameter(name: ParameterName, shape: readonly number[], value: Float32Array): Parameter {
  const zeros = () => new Float32Array(sizeOfShape(shape));
  return {
    name,
    shape,
    value,
    firstMoment: zeros(),
    secondMoment: zeros(),
    spare: { value: zeros(), firstMoment: zeros(), secondMoment: zeros() },
  };
}

export function parameterTensor({ shape }: Parameter, data: Float32Array): Tensor {
  return tensor(
    shape.map((_, axis) => `axis${axis}`),
    shape,
    data,
  );
}

/** What was written becomes what is read. */
export function turnOver(parameter: Parameter): void {
  const { value, firstMoment, secondMoment } = parameter;
  parameter.value = parameter.spare.value;
  parameter.firstMoment = parameter.spare.firstMoment;
  parameter.secondMoment = parameter.spare.secondMoment;
  Object.assign(parameter.spare, { value, firstMoment, secondMoment });
}
