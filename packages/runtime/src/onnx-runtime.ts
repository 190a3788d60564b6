/** The one door to ONNX Runtime: no other file imports it. Sessions in, tensors out. */
import type { EncodedModel } from "@patchbay/onnx-graph";
import { PatchbayError, type Tensor, type TensorData } from "@patchbay/vocabulary";
import * as ort from "onnxruntime-node";

export interface SessionOptions {
  /** Threads inside one operator. */
  readonly threads: number;
  /** Keep freed temporaries for the next run (default). Off for graphs with large temporaries that run rarely. */
  readonly keepsTemporaries?: boolean;
  /** Execution providers in order of preference: "cpu", "cuda", "coreml", "dml", "webgpu". */
  readonly providers?: readonly string[];
}

export interface RuntimeSession {
  readonly inputNames: readonly string[];
  /** Runs the graph; computes everything, returns only `fetches`, written into the given tensors where there are some. */
  run(
    feeds: Readonly<Record<string, RuntimeTensor>>,
    fetches: readonly string[],
    into?: Readonly<Record<string, RuntimeTensor>>,
  ): Promise<Record<string, Tensor<TensorData>>>;
  release(): Promise<void>;
}

export type RuntimeTensor = ort.Tensor;

export function runtimeVersion(): string {
  return `onnxruntime-node ${ort.env.versions.node ?? ort.env.versions.common ?? "unknown"}`;
}

export async function createSession(
  model: EncodedModel,
  { threads, providers, keepsTemporaries = true }: SessionOptions,
): Promise<RuntimeSession> {
  let session: ort.InferenceSession;
  try {
    session = await ort.InferenceSession.create(model.bytes, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      enableCpuMemArena: keepsTemporaries,
      graphOptimizationLevel: "all",
      ...(providers === undefined ? {} : { executionProviders: [...providers] }),
      logSeverityLevel: 3,
      extra: {
        session: {
          // Idle threads that spin slow down every other session of the process two- to fourfold.
          intra_op: { allow_spinning: "0" },
          ...(model.externalFolder === undefined
            ? {}
            : { model_external_initializers_file_folder_path: model.externalFolder }),
        },
      },
    });
  } catch (cause) {
    throw new PatchbayError("unsupported-model", "ONNX Runtime refused the graph.", {
      received: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }
  return {
    inputNames: session.inputNames,
    async run(feeds, fetches, into) {
      const wanted = places(fetches, into ?? {});
      const results = await session.run(feeds, wanted);
      return Object.fromEntries(fetches.map((name) => [name, fromRuntime(results[name])]));
    },
    release: () => session.release(),
  };
}

/** null lets the runtime allocate. */
function places(
  fetches: readonly string[],
  into: Readonly<Record<string, RuntimeTensor>>,
): Record<string, RuntimeTensor | null> {
  return Object.fromEntries(fetches.map((name) => [name, into[name] ?? null]));
}

/** No copy: the runtime reads the array where it lies. */
export function toRuntime({ shape, data }: Tensor<TensorData>): RuntimeTensor {
  if (data instanceof Float32Array) return new ort.Tensor("float32", data, shape);
  if (data instanceof Int32Array) return new ort.Tensor("int32", data, shape);
  if (data instanceof BigInt64Array) return new ort.Tensor("int64", data, shape);
  if (data instanceof Uint8Array) return new ort.Tensor("bool", data, shape);
  return new ort.Tensor("float64", data, shape);
}

/** An int64 tensor from numbers, without a BigInt for each. Indices are below 2^31. */
export function int64Tensor(values: ArrayLike<number>, shape: readonly number[]): RuntimeTensor {
  const wide = new BigInt64Array(values.length);
  const halves = new Int32Array(wide.buffer);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    halves[2 * i] = value;
    halves[2 * i + 1] = value < 0 ? -1 : 0;
  }
  return new ort.Tensor("int64", wide, shape);
}

export function float32Tensor(data: Float32Array, shape: readonly number[]): RuntimeTensor {
  return new ort.Tensor("float32", data, shape);
}

function fromRuntime(value: ort.OnnxValue | undefined): Tensor<TensorData> {
  if (!(value instanceof ort.Tensor)) throw new PatchbayError("internal-error", "ONNX Runtime returned no tensor.");
  return {
    axes: value.dims.map((_, axis) => `axis${axis}`),
    shape: value.dims,
    data: value.data as TensorData,
  };
}
