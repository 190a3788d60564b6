/** Tensors on the wire. Float32 values are written with nine digits, which is enough to get every bit back. */
import type { TensorJson } from "@patchbay/contract";
import type { Tensor, TensorData } from "@patchbay/vocabulary";

/** Above this many values the shortening costs more than the bytes it saves. */
const LONG = 200_000;

export function tensorToJson({ axes, shape, data }: Tensor<TensorData>): TensorJson {
  const values: (number | null)[] = new Array(data.length);
  const shorten = data instanceof Float32Array && data.length < LONG;
  for (let i = 0; i < data.length; i++) {
    const value = Number(data[i]);
    values[i] = Number.isFinite(value) ? (shorten ? shortFloat(value) : value) : null;
  }
  return { axes: [...axes], shape: [...shape], data: values };
}

/** The shortest of the usual forms that rounds to the same float32. */
export function shortFloat(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(9));
}
