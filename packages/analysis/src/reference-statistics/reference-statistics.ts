/** Every neuron's activation over a reference text: maximum, minimum, mean, share above zero. BOS is left out. */
import { decodeSafetensors, type Engine, encodeSafetensors, type Tokenizer } from "@patchbay/transformer";
import { ensureDefined, tensor } from "@patchbay/vocabulary";
import type { WorkContext } from "../model-service.ts";

export interface ReferenceStatistics {
  /** Tokens read, BOS left out. */
  readonly tokens: number;
  /** [neuron of the model, layer-major] */
  readonly maximum: Float32Array;
  readonly minimum: Float32Array;
  readonly mean: Float32Array;
  readonly positiveShare: Float32Array;
}

const FIELDS = ["maximum", "minimum", "mean", "positiveShare"] as const;

export async function computeReferenceStatistics(
  engine: Engine,
  tokenizer: Tokenizer,
  texts: readonly string[],
  prependBos: boolean,
  { signal, progress }: WorkContext,
): Promise<ReferenceStatistics> {
  const { layers, neurons, context } = engine.model.shape;
  const count = layers * neurons;
  const maximum = new Float32Array(count).fill(Number.NEGATIVE_INFINITY);
  const minimum = new Float32Array(count).fill(Number.POSITIVE_INFINITY);
  const sums = new Float64Array(count);
  const positive = new Float64Array(count);
  let tokens = 0;
  // Blocks of attention only have nothing to measure.
  const measured = neurons === 0 ? [] : texts;
  const reads = Array.from({ length: layers }, (_, layer) => ({ site: { kind: "mlp.hook_post", layer } as const }));

  for (const [t, text] of measured.entries()) {
    progress?.(t / texts.length, `text ${t + 1} of ${texts.length}`);
    const ids = tokenizer
      .encode(text, { prependBos })
      .map(({ id }) => id)
      .slice(0, context);
    const first = prependBos ? 1 : 0;
    if (ids.length <= first) continue;
    const pass = await engine.forward({ tokens: [ids], reads, signal });
    pass.reads.forEach(({ data }, layer) => {
      for (let position = first; position < ids.length; position++) {
        for (let neuron = 0; neuron < neurons; neuron++) {
          const value = data[position * neurons + neuron] ?? 0;
          const index = layer * neurons + neuron;
          if (value > (maximum[index] ?? 0)) maximum[index] = value;
          if (value < (minimum[index] ?? 0)) minimum[index] = value;
          sums[index] = (sums[index] ?? 0) + value;
          if (value > 0) positive[index] = (positive[index] ?? 0) + 1;
        }
      }
    });
    tokens += ids.length - first;
  }
  progress?.(1, `${tokens} tokens read`);
  return {
    tokens,
    maximum,
    minimum,
    mean: Float32Array.from(sums, (sum) => sum / tokens),
    positiveShare: Float32Array.from(positive, (share) => share / tokens),
  };
}

export function encodeReferenceStatistics(statistics: ReferenceStatistics): Uint8Array {
  const tensors = FIELDS.map(
    (field) => [field, tensor(["neuron"], [statistics[field].length], statistics[field])] as const,
  );
  return encodeSafetensors(new Map(tensors), {
    tokens: String(statistics.tokens),
    format: "patchbay-reference-statistics-1",
  });
}

export function decodeReferenceStatistics(bytes: Uint8Array): ReferenceStatistics {
  const { tensors, metadata } = decodeSafetensors(bytes, "The reference statistics");
  const field = (name: string) => ensureDefined(tensors.get(name), name).data as Float32Array;
  return {
    tokens: Number(metadata["tokens"]),
    maximum: field("maximum"),
    minimum: field("minimum"),
    mean: field("mean"),
    positiveShare: field("positiveShare"),
  };
}
