/** Tensors of a model folder, wherever they lie: one safetensors file or several under an index. */
import type { Tensor } from "@patchbay/vocabulary";

export type StoredType = "F32" | "F16" | "BF16" | "F64" | "I64" | "I32" | "I16" | "I8" | "U8" | "BOOL";

/** Where a tensor's bytes are: enough for ONNX external data, without reading a byte. */
export interface StoredTensor {
  readonly name: string;
  readonly type: StoredType;
  readonly shape: readonly number[];
  /** Absolute path of the real file (symbolic links resolved: ONNX Runtime refuses links that leave the folder). */
  readonly file: string;
  /** Absolute byte offset in the file. */
  readonly offset: number;
  readonly length: number;
}

export interface TensorSource {
  readonly names: readonly string[];
  has(name: string): boolean;
  /** @throws PatchbayError `damaged-file` naming the nearest tensors where there is none of this name. */
  describe(name: string): StoredTensor;
  /** Reads and widens to float32 (F32, F16, BF16, F64). Axis names are axis0, axis1, … */
  read(name: string): Promise<Tensor>;
}
